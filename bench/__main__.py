"""
Figwasp's figures, beside its peers' where they can be had.

    python -m bench [SCENARIO...] [--runs N] [--alone] [--tree DIR] [--profile]

Needs what the test bed needs (root on Debian or Ubuntu, and Go); kube-autorollout needs Rust. All that is started is
ended again, unless it was up before.
"""

import argparse
import pstats
import sys
import tempfile
from pathlib import Path

from bench import report
from bench.figures import Result
from bench.installed import TREE, install
from bench.place import figwasp, place
from bench.scenarios import SCENARIOS, Bench, herd
from testbed import Bed, Site, TestbedError, down, is_up, up

_ROOT = Path("/var/tmp/figwasp-bench")  # noqa: S108
_PORT = 23000


def main() -> int:
    """Exit code: 0 all goals are met, 1 some are not, 2 wrong usage or no bed."""
    arguments = _parser().parse_args()
    names = arguments.scenarios or [*SCENARIOS]
    if unknown := set(names) - set(SCENARIOS):
        print(f"bench: no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    site = Site.chosen(arguments.dir, arguments.port)
    found = is_up(site)
    try:
        up(site, node=False)
        with tempfile.TemporaryDirectory(prefix="figwasp-bench-") as folder:
            python = install(Path(folder), arguments.tree)
            bench = Bench(Bed(site), python, arguments.runs, arguments.tree, arguments.alone)
            if arguments.profile:
                _profile(bench, Path(folder) / "profile")
                return 0
            results = _run(bench, names)
    except TestbedError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    finally:
        if not found:
            down(site)
    report.keep(results, arguments.results)
    return 0 if all(goal.is_met for result in results for goal in result.goals) else 1


def _run(bench: Bench, names: list[str]) -> list[Result]:
    results = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        for result in SCENARIOS[name](bench):
            print(report.text(result), flush=True)
            results.append(result)
    return results


def _profile(bench: Bench, file: Path) -> None:
    """Where the time of the main thread goes in a pass over 1,000 Deployments."""
    books = bench.books(300)
    program = figwasp(bench.python, bench.tree)
    argv = (str(bench.python), "-m", "cProfile", "-o", str(file), *program.argv)
    with place(bench.bed) as where:
        where.settle_in(herd(where, books, 1000))
        where.run(type(program)(name=program.name, argv=argv, rules=program.rules), where.account(program))
    stats = pstats.Stats(str(file)).strip_dirs()
    stats.sort_stats("tottime").print_stats(30)
    stats.sort_stats("cumulative").print_stats(60)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Figwasp's figures, beside its peers'.")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"all, or some of: {', '.join(SCENARIOS)}")
    parser.add_argument("--runs", type=int, default=5, help="how often each program runs (default 5)")
    parser.add_argument("--alone", action="store_true", help="figwasp only, no peers")
    parser.add_argument("--tree", type=Path, default=TREE, help="the source tree to build the wheel from")
    parser.add_argument("--profile", action="store_true", help="profile one pass over 1,000 Deployments instead")
    parser.add_argument("--results", type=Path, default=TREE / "bench" / "results", help="where results are kept")
    parser.add_argument("--dir", type=Path, default=_ROOT, help=f"where the bed lies (default {_ROOT})")
    parser.add_argument("--port", type=int, default=_PORT, help=f"first of its ports (default {_PORT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
