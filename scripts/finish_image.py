"""
The last step of the image's build: make the base fit for a program that only runs.

What installs or builds packages is taken out (this file too), the user gets a group, and Python's own modules are
compiled, which the official Python images leave undone: with a read-only root file system every start would compile
them again.
"""

import compileall
import shutil
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

_BUILD_TOOLS = ("_distutils_hack", "ensurepip", "pip", "pkg_resources", "setuptools", "wheel")
_THEIR_FILES = ("distutils-precedence.pth",)
_THEIR_PROGRAMS = ("pip", "pip3", "wheel")
# Else a container runtime puts the user, who is a number to it, into the group of root.
_USER = {"/etc/passwd": "figwasp:x:65532:65532::/:/sbin/nologin", "/etc/group": "figwasp:x:65532:"}


def main() -> None:
    """Work on the Python that runs this."""
    for folder in {Path(entry) for entry in sys.path if entry}:
        for name in _BUILD_TOOLS:
            for path in [folder / name, *folder.glob(f"{name}-*.*-info")]:
                shutil.rmtree(path, ignore_errors=True)
        for name in _THEIR_FILES:
            (folder / name).unlink(missing_ok=True)
    programs = Path(sys.executable).parent
    for path in [*(programs / name for name in _THEIR_PROGRAMS), *programs.glob("pip3.*")]:
        path.unlink(missing_ok=True)
    for file, entry in _USER.items():
        with Path(file).open("a", encoding="ascii") as accounts:
            accounts.write(f"{entry}\n")
    # What cannot be compiled, because it is a test of just that, is left as it is; so is what is compiled already.
    compileall.compile_dir(sysconfig.get_path("stdlib"), quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    Path(__file__).unlink()


if __name__ == "__main__":
    main()
