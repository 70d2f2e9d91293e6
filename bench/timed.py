"""
Run a command and measure it, as JSON: wall and CPU seconds, peak MB, how it ended.

    python -I bench/timed.py '{"argv": ["program", "argument"], "until": ""}'

With `until` it is one that does not end: it is killed when it has printed that, and the time counts up to there.

A process's peak memory begins with that of the process that started it, so this one imports next to nothing.
"""

import json
import os
import signal
import sys
import time


def measure(argv: list[str], until: str = "") -> dict[str, float]:
    """Run it once."""
    output, pipe = os.pipe() if until else (-1, os.open(os.devnull, os.O_WRONLY))
    began = time.time()
    start = time.perf_counter()
    actions = [(os.POSIX_SPAWN_DUP2, pipe, 1)]
    pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
    os.close(pipe)
    if until:
        _read_until(output, until.encode())
        wall = time.perf_counter() - start
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    else:
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    return {
        "began": began,
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }


def _read_until(output: int, wanted: bytes) -> None:
    last = b""
    while piece := os.read(output, 1 << 16):
        last = last[-len(wanted) :] + piece
        if wanted in last:
            return


if __name__ == "__main__":
    print(json.dumps(measure(**json.loads(sys.argv[1]))))
