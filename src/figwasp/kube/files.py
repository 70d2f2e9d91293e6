"""
Files that hold who we are to the API server: read when they change, or made where a library wants a file.

By `open` and `os`, not pathlib: the pass in a cluster reads its token here, and pathlib would be its only use.
"""

import os
import weakref

from figwasp.core.credential import Secret


def read_text(path: str) -> str:
    """Read a file, whatever bytes it holds; raises OSError."""
    with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - see above
        return file.read()


def stamp(path: str) -> tuple[int, int, int]:
    """What changes whenever the file is replaced or written; raises OSError. Follows links, as projected tokens are."""
    status = os.stat(path)  # noqa: PTH116
    return status.st_ino, status.st_mtime_ns, status.st_size


def is_file(path: str) -> bool:
    """Whether there is a file that may be read; none has a path that is not even one."""
    try:
        return os.access(path, os.R_OK)
    except ValueError:  # a null character
        return False


class PrivateFiles:
    """
    Gives secrets a path, for Python's ssl, which takes keys from files only.

    They lie in memory, and end with the process however it ends; where the system has no such files (macOS), in a
    directory of our own that is removed on `close`, and at exit. Nobody but us may read either.
    """

    def __init__(self, *, in_memory: bool = hasattr(os, "memfd_create"), folder: str | None = None) -> None:
        self._in_memory = in_memory
        self._folder = folder
        self._made: dict[Secret, str] = {}
        self._ends: list[weakref.finalize[[int], PrivateFiles] | weakref.finalize[[str], PrivateFiles]] = []

    def path(self, secret: Secret) -> str:
        """The path of a file that holds `secret`, until `close`."""
        if secret not in self._made:
            content = secret.reveal().encode()
            self._made[secret] = self._in_memory_file(content) if self._in_memory else self._on_disk(content)
        return self._made[secret]

    def close(self) -> None:
        """Remove all files."""
        self._made.clear()
        for end in self._ends:
            end()
        self._ends.clear()

    def _in_memory_file(self, content: bytes) -> str:
        descriptor = os.memfd_create("figwasp", os.MFD_CLOEXEC)
        self._ends.append(weakref.finalize(self, os.close, descriptor))
        _write(descriptor, content)
        return f"/proc/self/fd/{descriptor}"

    def _on_disk(self, content: bytes) -> str:
        import shutil  # noqa: PLC0415 - for macOS alone
        import tempfile  # noqa: PLC0415

        folder = tempfile.mkdtemp(prefix="figwasp-", dir=self._folder)
        self._ends.append(weakref.finalize(self, shutil.rmtree, folder))
        path = f"{folder}/secret"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _write(descriptor, content)
        finally:
            os.close(descriptor)
        return path


def _write(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]
