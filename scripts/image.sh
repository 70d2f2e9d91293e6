#!/bin/sh
# Build the image of Figwasp with buildah; says its name, digest and size. A push compresses it, which gives it another
# digest: the same tree and base have one digest here and one there.
#
#   IMAGE  what it is called (localhost/figwasp:VERSION)
#   BASE   what it is built on (see Containerfile)
#
# buildah's own variables work too (STORAGE_DRIVER, BUILDAH_ISOLATION).
# As root on Debian or Ubuntu, buildah is installed if it is missing.
set -eu
cd "$(dirname "$0")/.."

missing() {
    echo "image: $1" >&2
    exit 1
}

install_buildah() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null ||
        missing "buildah is missing: install it, or build with podman build . (docker build -f Containerfile .)"
    echo "image: installing buildah" >&2
    set -- env DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends buildah
    "$@" >/dev/null 2>&1 || { apt-get update -qq && "$@" >/dev/null; }
}

# pip's settings on this machine, as a pip.conf. pip lists those of the environment first, and they win.
pip_conf() {
    { python3 -m pip config list || .venv/bin/pip config list || true; } 2>/dev/null | awk -F= '
        BEGIN { print "[global]" }
        {
            name = $1; sub(/.*\./, "", name)
            value = substr($0, index($0, "=") + 2); value = substr(value, 1, length(value) - 1)
            gsub(/\\n/, "\n    ", value)
        }
        name ~ /^(index-url|extra-index-url|trusted-host|proxy|timeout|default-timeout)$/ && !seen[name]++ {
            sub(/^default-/, "", name); print name " = " value
        }
        name == "cert" && !seen[name]++ { print value > cert_file }
    ' cert_file="$1"
}

command -v buildah >/dev/null || install_buildah
if ! buildah images >/dev/null 2>&1; then
    echo "image: there is no overlay file system here: the image is kept, and to be pushed, with STORAGE_DRIVER=vfs" >&2
    export STORAGE_DRIVER=vfs
fi
export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' src/figwasp/__init__.py)
image=${IMAGE:-localhost/figwasp:$version}
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)

secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
pip_conf "$secrets/cert" >"$secrets/pip.conf"
authorities=$(cat "$secrets/cert" 2>/dev/null || echo /etc/ssl/certs/ca-certificates.crt)
if [ -r "$authorities" ]; then
    echo "cert = /run/secrets/ca.pem" >>"$secrets/pip.conf"
    set -- --secret "id=ca.pem,src=$authorities"
fi
[ -z "${BASE:-}" ] || set -- "$@" --build-arg "BASE=$BASE"
# The time of the last commit, so that the same tree gives the same image.
timestamp=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || true)}
[ -z "$timestamp" ] || set -- "$@" --timestamp "$timestamp"

buildah bud --quiet --file Containerfile --tag "$image" --secret "id=pip.conf,src=$secrets/pip.conf" \
    --build-arg "VERSION=$version" --build-arg "REVISION=$revision" "$@" . >/dev/null
buildah images --format "{{.Name}}:{{.Tag}} {{.Digest}} {{.Size}}" "$image" | tr -s " "
