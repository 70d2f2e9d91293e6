"""
The bed's processes: started as sessions of their own, known again, ended by their pid.

A part is known by its pid and the time of its start, which no other process has. What a killed bed
left is known by a mark: a variable in the environment of each part, which its children inherit
(containerd's shims among them). Processes in containers do not: they are known by their root, an
overlay of folders in the bed's directory.
"""

import contextlib
import os
import select
import shutil
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

from testbed.errors import PartFailed, StillWaiting, TestbedError
from testbed.part import SEARCH_PATH, Part
from testbed.site import Site
from testbed.wait import wait_for

_MARK = "FIGWASP_TESTBED_PART"
_TAIL_LINES = 20
_END_SECONDS = 20.0
_NO_PID = 2**30  # beyond the kernel's largest


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
    _pid_file(site, part.name).write_text(f"{pid}\n{_start_time(pid)}\n")


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
    pid, started = _written(site, name)
    return not _has_ended(pid) and _start_time(pid) == started


def stop(site: Site, name: str) -> None:
    """End the part called `name` at once and wait until it has ended; nothing happens if it does not run."""
    pid, started = _written(site, name)
    _kill({pid}, lambda pid: _start_time(pid) == started)
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
    return frozenset(pid for pid in pids if _is_of_bed(pid, site) and not _has_ended(pid))


def end_all(site: Site) -> None:
    """
    End every process of this bed at once and wait until they have ended.

    Raises:
        StillWaiting: some did not end; names their pids.
    """
    scans: list[frozenset[int]] = []

    def none_twice() -> bool:
        # Twice: a process has no environment, and so no mark, for an instant while it becomes another program.
        scans.append(of_bed(site))
        _kill(scans[-1], lambda pid: _is_of_bed(pid, site))
        return not any(scans[-2:])

    wait_for(none_twice, f"the end of all processes of {site.root}", _END_SECONDS)


def _is_of_bed(pid: int, site: Site) -> bool:
    if _mark(pid).startswith(f"{site.root}:"):
        return True
    with contextlib.suppress(OSError):
        # proc_pid_mountinfo(5): the fifth field is the mount point, as the process sees it.
        mounts = [line.split() for line in Path(f"/proc/{pid}/mountinfo").read_text().splitlines()]
        return any(mount[4] == "/" and f",upperdir={site.root}/" in mount[-1] for mount in mounts)
    return False


def _mark(pid: int) -> str:
    with contextlib.suppress(OSError):
        for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            name, _, value = variable.partition(b"=")
            if name == _MARK.encode():
                return os.fsdecode(value)
    return ""


def _has_ended(pid: int) -> bool:
    """Whether there is no such process, or one that has ended and whose parent has not asked yet."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    fields = _stat(pid)
    return not fields or fields[0] in ("Z", "X")


def _start_time(pid: int) -> str:
    """When the process started, in clock ticks since the machine did; empty if there is none."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third on: those before may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _kill(pids: Iterable[int], is_ours: Callable[[int], bool]) -> None:
    """Kill those of the processes that are ours and wait until they have ended."""
    with contextlib.ExitStack() as handles:
        killed = {}
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(pid)
                handles.callback(os.close, handle)
                # Asked after the handle was opened: the pid cannot become another process's any more.
                if is_ours(pid):
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    killed[handle] = pid
        for handle, pid in killed.items():
            ended = select.poll()
            ended.register(handle, select.POLLIN)
            ended.poll(_END_SECONDS * 1000)
            _has_ended(pid)


def _pid_file(site: Site, name: str) -> Path:
    return site.run / f"{name}.pid"


def _written(site: Site, name: str) -> tuple[int, str]:
    """Pid and start time of a part; those of no process if it was not started."""
    try:
        pid, started = _pid_file(site, name).read_text().split()
    except (OSError, ValueError):
        return _NO_PID, "none"
    return int(pid), started
