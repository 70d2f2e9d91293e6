"""The Go programs that no package has: built once, kept outside the tree, used by every later run."""

import shutil
from collections.abc import Callable
from pathlib import Path

from testbed.cache import cached
from testbed.command import run
from testbed.errors import TestbedError
from testbed.part import SEARCH_PATH

KUBERNETES = "1.34.4"
CONTAINERD = "2.4.2"

_HERE = Path(__file__).parent
_NODE_PROGRAMS = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubectl")
_CONTAINERD_PROGRAMS = ("containerd", "containerd-shim-runc-v2")
_REGISTRIES = {
    "distribution": "github.com/distribution/distribution/v3",
    "ggcr": "github.com/google/go-containerregistry",
}
_BUILD_SECONDS = 3600.0


def node_binaries(say: Callable[[str], None]) -> Path:
    """
    The folder that holds the node's five programs, built first if this version of them was not yet.

    The first build takes 4 to 8 minutes on two cores and some 3 GB of Go's own cache.

    Raises:
        TestbedError: Go is not there, or the build failed.
    """
    major, minor, _ = KUBERNETES.split(".")
    values = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    stamps = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())

    def build(folder: Path) -> None:
        _go_build(_HERE / "node_binary", folder / "node", ".", "-ldflags", f"-s -w {stamps}")
        for program in _NODE_PROGRAMS:
            (folder / program).symlink_to("node")

    say_what = f"building Kubernetes {KUBERNETES} (4 to 8 minutes, once)"
    return _cached(f"node-{KUBERNETES}", _HERE / "node_binary", build, lambda: say(say_what))


def original(say: Callable[[str], None] = print) -> Path:
    """
    The program of the original Figwasp 1.0.0, in Go, built first if it was not yet (2 minutes).

    Raises:
        TestbedError: Go is not there, or the build failed.
    """

    def build(folder: Path) -> None:
        # Without the tag it needs the C library of GnuPG.
        package = "github.com/figwasp/figwasp/cmd/figwasp"
        _go_build(_HERE / "original", folder / "figwasp", package, "-tags", "containers_image_openpgp")

    say_what = "building the original Figwasp (2 minutes, once)"
    return _cached("original", _HERE / "original", build, lambda: say(say_what)) / "figwasp"


def oracle(say: Callable[[str], None] = print) -> Path:
    """
    The program that asks upstream's own code (see oracle/main.go), built first if it was not yet.

    It takes JSON lines and gives one for each. A minute to build after the node, whose cache it uses, else several.

    Raises:
        TestbedError: Go is not there, or the build failed.
    """

    def build(folder: Path) -> None:
        _go_build(_HERE / "oracle", folder / "oracle", ".", "-ldflags", "-s -w")

    say_what = "building the oracle: upstream's parsers, key ring and roll-out status (a minute, once)"
    return _cached("oracle", _HERE / "oracle", build, lambda: say(say_what)) / "oracle"


def containerd_binaries(say: Callable[[str], None] = print) -> Path:
    """
    The folder that holds containerd 2 and its shim, built first if this version of them was not yet.

    The first build takes 2 to 5 minutes on two cores and some 1 GB of Go's own caches.

    Raises:
        TestbedError: Go (1.26.6 or newer) is not there, or the build failed.
    """
    module = "github.com/containerd/containerd/v2"
    # Snapshotters that nobody here needs.
    left_out = ("-tags", "no_btrfs no_devmapper no_zfs", "-ldflags", f"-s -w -X {module}/version.Version=v{CONTAINERD}")

    def build(folder: Path) -> None:
        for program in _CONTAINERD_PROGRAMS:
            _go_build(_HERE / "containerd", folder / program, f"{module}/cmd/{program}", *left_out)

    say_what = f"building containerd {CONTAINERD} (2 to 5 minutes, once)"
    return _cached(f"containerd-{CONTAINERD}", _HERE / "containerd", build, lambda: say(say_what))


def etcd_binary(say: Callable[[str], None] = print) -> Path:
    """
    The etcd that Kubernetes is made for, built first if it was not yet (a minute).

    Debian's is too old for the API server to answer consistent LISTs from its cache, so that each reads all objects.

    Raises:
        TestbedError: Go is not there, or the build failed.
    """

    def build(folder: Path) -> None:
        _go_build(_HERE / "etcd", folder / "etcd", "go.etcd.io/etcd/server/v3", "-ldflags", "-s -w")

    return _cached("etcd", _HERE / "etcd", build, lambda: say("building etcd (a minute, once)")) / "etcd"


def registry_binary(name: str, say: Callable[[str], None] = print) -> Path:
    """
    A registry in Go, `distribution` (3.1) or `ggcr` (go-containerregistry's), built first if it was not yet.

    Raises:
        TestbedError: Go (1.26 or newer) is not there, or the build failed.
    """

    def build(folder: Path) -> None:
        for program, module in _REGISTRIES.items():
            _go_build(_HERE / "registries", folder / program, f"{module}/cmd/registry")

    say_what = "building two more registries (3 minutes, once)"
    return _cached("registries", _HERE / "registries", build, lambda: say(say_what)) / name


def _go_build(module: Path, target: Path, package: str, *flags: str) -> None:
    if shutil.which("go", path=SEARCH_PATH) is None:
        raise TestbedError("Go (1.24 or newer) is needed to build the node's programs: there is no go on the PATH")
    argv = ("go", "build", "-mod=readonly", "-trimpath", "-buildvcs=false", *flags, "-o", str(target), package)
    run(*argv, env={"CGO_ENABLED": "0"}, cwd=module, timeout=_BUILD_SECONDS)


def _cached(name: str, module: Path, build: Callable[[Path], None], announce: Callable[[], None]) -> Path:
    """The folder of our cache for this state of the module."""
    sources = sorted([*module.glob("*.go"), module / "go.mod", module / "go.sum"])
    return cached(name, b"\0".join(source.read_bytes() for source in sources), build, announce)
