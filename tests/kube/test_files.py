"""Files that hold keys: who may read them, and that none is left behind."""

import gc
from pathlib import Path

from figwasp.core.credential import Secret
from figwasp.kube.files import PrivateFiles


def test_keys_on_disk_are_private_and_removed(tmp_path: Path) -> None:
    files = PrivateFiles(in_memory=False, folder=str(tmp_path))
    path = Path(files.path(Secret("key")))
    modes = [oct(each.stat().st_mode & 0o777) for each in (path, path.parent)]
    held = (path.read_text(), files.path(Secret("key")) == str(path))
    files.close()

    assert (["0o600", "0o700"], ("key", True)) == (modes, held)
    assert [] == list(tmp_path.iterdir())


def test_keys_on_disk_are_removed_even_if_nobody_closes_them(tmp_path: Path) -> None:
    files = PrivateFiles(in_memory=False, folder=str(tmp_path))
    files.path(Secret("key"))
    del files
    gc.collect()

    assert [] == list(tmp_path.iterdir())
