"""
Run commands in turn and measure each run: (wall seconds, CPU seconds, peak MB) as JSON, by the command's name.

    python -I bench/in_turn.py RUNS '{"name": ["program", "argument"]}'

A process's peak memory begins with that of the process that started it, so this one imports next to nothing.
"""

import json
import os
import sys
import time


def measure(runs: int, commands: dict[str, list[str]]) -> dict[str, list[tuple[float, float, float]]]:
    """Run each command `runs` times, after one run that only warms up."""
    measured: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for run in range(runs + 1):
        for name, argv in commands.items():
            start = time.perf_counter()
            pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)])
            _, status, usage = os.wait4(pid, 0)
            wall = time.perf_counter() - start
            if status:
                sys.exit(f"{name} ended with status {status}")
            if run:
                measured[name].append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return measured


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), json.loads(sys.argv[2]))))
