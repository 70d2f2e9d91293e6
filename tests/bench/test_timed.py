"""How one run of a program is measured."""

import json
import subprocess
import sys

from bench.installed import TREE


def measure(code: str, until: str = "") -> dict[str, float]:
    """What the timer says of an interpreter that runs `code`."""
    spec = json.dumps({"argv": [sys.executable, "-S", "-c", code], "until": until})
    timer = [sys.executable, "-I", str(TREE / "bench" / "timed.py"), spec]
    done = subprocess.run(timer, capture_output=True, text=True, check=True, timeout=50)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def test_a_run_tells_its_time_its_memory_and_how_it_ended() -> None:
    lean = measure("")
    fat = measure("import time; kept = b'x' * 50_000_000; time.sleep(0.2); raise SystemExit(3)")

    assert (0, 3) == (lean["status"], fat["status"])
    assert fat["wall_seconds"] >= 0.2
    assert 30 < fat["peak_mb"] - lean["peak_mb"] < 80


def test_a_program_that_does_not_end_is_ended_when_it_has_printed_what_is_waited_for() -> None:
    measured = measure("import time; print('a pass', 'is done', flush=True); time.sleep(600)", until="pass is done")

    assert -9 == measured["status"]
    assert measured["wall_seconds"] < 30


def test_what_is_waited_for_is_found_where_it_comes_in_two_pieces() -> None:
    code = (
        "import sys, time; w = sys.stdout; w.write('pass is'); w.flush(); time.sleep(.1); w.write(' done'); w.flush()"
    )

    measured = measure(code + "; time.sleep(600)", until="pass is done")

    assert -9 == measured["status"]
