"""figwasp as its users have it: its wheel and the locked dependencies in an environment of their own, compiled."""

import subprocess
import sys
from pathlib import Path

TREE = Path(__file__).parent.parent


def install(folder: Path, tree: Path = TREE) -> Path:
    """Install the source tree's wheel and what it needs into `folder`; the environment's python."""
    python = folder / "bin" / "python"
    _run(sys.executable, "-m", "venv", str(folder))
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(*pip, "--require-hashes", "-r", str(tree / "requirements" / "run.txt"))
    wheels = folder / "wheels"
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(wheels), "."]
    _run(sys.executable, *build, cwd=tree)
    _run(*pip, "--no-deps", *map(str, wheels.glob("*.whl")))
    # What the environment's maker put there is no part of figwasp, and slows every start.
    _run(str(python), "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip")
    return python


def _run(*argv: str, cwd: Path | None = None) -> None:
    subprocess.run(argv, cwd=cwd, check=True)
