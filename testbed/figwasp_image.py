"""
The image of Figwasp, built by the tree's own `make image` on a base image that is made here.

No registry has to be reached for the base: it is the machine's own release with Python, made of packages.
"""

import platform
from collections.abc import Callable, Mapping
from pathlib import Path

from testbed.cache import cache, cached
from testbed.command import run
from testbed.repository import Repository

_TREE = Path(__file__).parents[1]
_BOOTSTRAP = (
    "mmdebstrap",
    "--quiet",
    "--variant=essential",
    # Else a package that merges /usr brings Perl.
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    "--include=python3,python3-pip,ca-certificates",
    *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "locale", "man")),
)
_BUILD_SECONDS = 600.0


def push_figwasp(
    to: Repository, tag: str, *, env: Mapping[str, str] | None = None, say: Callable[[str], None] = print
) -> str:
    """
    Build the image of the tree, push it, and return the line that `make image` says of it.

    The base is made once (half a minute); the build takes 15 s. `env` is on top of the caller's environment.

    Raises:
        TestbedError: the build failed; carries its last lines.
    """
    image = f"localhost/figwasp-testbed/for-{to.registry.port}"
    arguments = (f"BASE={_base(say)}", f"IMAGE={image}")
    line = run("make", "image", *arguments, env={**_storage(), **(env or {})}, cwd=_TREE, timeout=_BUILD_SECONDS)
    try:
        trusted = {"SSL_CERT_FILE": str(to.ca)}
        _buildah("push", "--quiet", image, f"docker://{to.reference(tag)}", env=trusted)
    finally:
        _buildah("rmi", "--force", image)
        _buildah("rmi", "--prune")  # what earlier builds left without a name
    return line.strip()


def _base(say: Callable[[str], None]) -> str:
    """The name of the base image, made and imported if it was not yet."""
    tar = _base_tar(say)
    name = f"localhost/figwasp-testbed/base:{tar.parent.name}"
    if name not in _buildah("images", "--format", "{{.Name}}:{{.Tag}}").split():
        container = _buildah("from", "scratch").strip()
        _buildah("add", "--quiet", container, str(tar), "/")
        # As the official Python images have it: the entry point of Figwasp's must not get it as an argument.
        _buildah("config", "--cmd", "python3", container)
        _buildah("commit", "--quiet", "--rm", container, name)
    return name


def _base_tar(say: Callable[[str], None]) -> Path:
    # The machine's own release, whose keys it has.
    bootstrap = (*_BOOTSTRAP, platform.freedesktop_os_release()["VERSION_CODENAME"])

    def build(folder: Path) -> None:
        run(*bootstrap, str(folder / "base.tar"), timeout=_BUILD_SECONDS)

    made_of = "\n".join(bootstrap).encode()
    return cached("base", made_of, build, lambda: say("making a base image (half a minute, once)")) / "base.tar"


def _buildah(*arguments: str, env: Mapping[str, str] | None = None) -> str:
    return run("buildah", *arguments, env={**_storage(), **(env or {})})


def _storage() -> dict[str, str]:
    """What keeps our images apart from the machine's."""
    folder = cache() / "containers"
    folder.mkdir(exist_ok=True)
    path = folder / "storage.conf"
    if not path.exists():
        path.write_text(f'[storage]\ndriver = "vfs"\nrunroot = "{folder}/run"\ngraphroot = "{folder}/graph"\n')
    return {"CONTAINERS_STORAGE_CONF": str(path)}
