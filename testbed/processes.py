"""
The bed's processes: started as sessions of their own, known again by a mark, ended by their pid.

The mark is a variable in the environment of each part, which its children inherit (containerd's
shims among them). Processes in containers do not: they are known by the bed's cgroup.
"""

import contextlib
import os
import select
import shutil
import signal
from pathlib import Path

from testbed.errors import PartFailed, StillWaiting, TestbedError
from testbed.part import SEARCH_PATH, Part
from testbed.site import Site
from testbed.wait import wait_for

_MARK = "FIGWASP_TESTBED_PART"
_TAIL_LINES = 20
_END_SECONDS = 20.0


def start(part: Part, site: Site) -> None:
    """
    Write the part's files and start it; it goes on when the caller ends. Does not wait.

    Raises:
        TestbedError: its program is not installed.
    """
    for path, text in part.files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    program = shutil.which(part.argv[0], path=SEARCH_PATH)
    if program is None:
        raise TestbedError(f"{part.name}: {part.argv[0]} is not installed")
    env = {"PATH": SEARCH_PATH, "HOME": str(site.root), **part.env, _MARK: f"{site.root}:{part.name}"}
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        program,
        part.argv,
        env,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log_file(site, part.name)), append, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    _pid_file(site, part.name).write_text(f"{pid}\n")


def wait_until_ready(part: Part, site: Site, timeout: float = 60.0) -> None:
    """
    Return when the started part is ready.

    Raises:
        PartFailed: it ended, or was not ready within `timeout` seconds.
    """

    def ready_or_ended() -> bool:
        if not is_running(site, part.name):
            raise PartFailed(part.name, "ended", log_tail(site, part.name))
        return part.ready()

    try:
        wait_for(ready_or_ended, part.name, timeout)
    except StillWaiting:
        why = f"was not ready within {timeout:g} s"
        raise PartFailed(part.name, why, log_tail(site, part.name)) from None


def is_running(site: Site, name: str) -> bool:
    """Whether the part called `name` runs; a pid that was given to another program meanwhile does not count."""
    pid = _pid(site, name)
    return pid is not None and _mark(pid) == f"{site.root}:{name}" and not _is_zombie(pid)


def stop(site: Site, name: str) -> None:
    """End the part called `name` at once and wait until it has ended; nothing happens if it does not run."""
    pid = _pid(site, name)
    if pid is not None and _mark(pid) == f"{site.root}:{name}":
        _kill({pid})
    _pid_file(site, name).unlink(missing_ok=True)


def names(site: Site) -> tuple[str, ...]:
    """The parts that were started and not stopped, running or not, by name."""
    return tuple(sorted(path.stem for path in site.run.glob("*.pid")))


def log_file(site: Site, name: str) -> Path:
    """Where the part called `name` writes its log."""
    return site.logs / f"{name}.log"


def log_tail(site: Site, name: str) -> str:
    """The last lines of a part's log, indented."""
    path = log_file(site, name)
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(f"  {line}" for line in lines[-_TAIL_LINES:])


def of_bed(site: Site) -> frozenset[int]:
    """The pids of all processes of this bed: parts, their children and containers, whoever started them."""
    pids = {int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()} - {os.getpid()}
    return frozenset(pid for pid in pids if _is_of_bed(pid, site) and not _is_zombie(pid))


def end_all(site: Site) -> None:
    """
    End every process of this bed at once and wait until they have ended.

    Raises:
        StillWaiting: some did not end; names their pids.
    """

    def survivors() -> frozenset[int]:
        # Again and again: one of them may have forked while we looked.
        _kill(of_bed(site))
        return of_bed(site)

    wait_for(lambda: not survivors(), "the end of the bed's processes", _END_SECONDS)


def _is_of_bed(pid: int, site: Site) -> bool:
    if _mark(pid).startswith(f"{site.root}:"):
        return True
    with contextlib.suppress(OSError):
        return f":/{site.name}/" in Path(f"/proc/{pid}/cgroup").read_text()
    return False


def _mark(pid: int) -> str:
    with contextlib.suppress(OSError):
        for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            name, _, value = variable.partition(b"=")
            if name == _MARK.encode():
                return os.fsdecode(value)
    return ""


def _is_zombie(pid: int) -> bool:
    """Whether the process has ended (or was never there) and only its parent has not asked yet."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def _kill(pids: frozenset[int] | set[int]) -> None:
    """Kill the processes and wait until they have ended."""
    handles = {}
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            handles[os.pidfd_open(pid)] = pid
    try:
        for handle in handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle, pid in handles.items():
            select.select([handle], [], [], _END_SECONDS)
            _is_zombie(pid)
    finally:
        for handle in handles:
            os.close(handle)


def _pid_file(site: Site, name: str) -> Path:
    return site.run / f"{name}.pid"


def _pid(site: Site, name: str) -> int | None:
    try:
        return int(_pid_file(site, name).read_text())
    except (OSError, ValueError):
        return None
