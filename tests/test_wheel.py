"""What is shipped: the wheel, installed beside its dependencies and nothing else."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(folder), str(TREE)], check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert {"figwasp"} == {name.partition("/")[0] for name in names if ".dist-info/" not in name}
    assert "figwasp/py.typed" in names


def test_the_demo_runs_from_an_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "import sys, figwasp.cli.main as m; print(m.__file__); sys.exit(m.main(['demo', '--pace', '0']))"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )

    assert done.stdout.startswith(str(tmp_path))
    assert "1 workload: 1 current" in done.stdout
