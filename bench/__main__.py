"""
Figwasp's figures, beside its peers' where they can be had.

    python -m bench [SCENARIO...] [--runs N] [--alone] [--tree DIR] [--profile]

Needs what the test bed needs (root on Debian or Ubuntu, and Go); kube-autorollout needs Rust. All that is started is
ended again, unless it was up before.
"""

import argparse
import http.client
import json
import pstats
import signal
import sys
import tempfile
from pathlib import Path

import msgspec

from bench import report
from bench.drawing import draw
from bench.figures import Result
from bench.installed import TREE, install
from bench.place import figwasp, place
from bench.scenarios import SCENARIOS, Bench, herd
from testbed import Bed, Site, TestbedError, down, is_up, up
from testbed.binaries import etcd_binary
from testbed.command import run
from testbed.store import Store

_ROOT = Path("/var/tmp/figwasp-bench")  # noqa: S108
_PORT = 25000
_PAGE = TREE / "docs" / "performance.md"


def main() -> int:
    """Exit code: 0 all goals are met, 1 some are not, 2 wrong usage or no bed."""
    arguments = _parser().parse_args()
    names = arguments.scenarios or [*SCENARIOS]
    if unknown := set(names) - set(SCENARIOS):
        print(f"bench: no scenario {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    # As an interrupt, so that what was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    site = Site.chosen(arguments.dir, arguments.port)
    found = is_up(site)
    try:
        up(site, node=False, store="etcd" if arguments.old_etcd else str(etcd_binary()))
        with tempfile.TemporaryDirectory(prefix="figwasp-bench-") as folder:
            python = install(Path(folder), arguments.tree)
            bench = Bench(Bed(site), python, arguments.runs, arguments.tree, arguments.alone)
            if arguments.profile:
                _profile(bench, Path(folder) / "profile")
                return 0
            where = report.machine(_versions(bench))
            results = _run(bench, names, is_old=arguments.old_etcd)
        _keep(results, where, arguments.results, is_page=arguments.tree == TREE and not arguments.alone)
    except TestbedError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    finally:
        if not found:
            down(site)
    return 0 if all(goal.is_met for result in results for goal in result.goals) else 1


def _keep(results: list[Result], where: report.Machine, folder: Path, *, is_page: bool) -> None:
    """Write what was found: as JSON, as a picture, and on the page of the documentation."""
    file = report.keep(results, where, folder)
    print(f"{where.text}\nwrote {file}{f' and {picture.name}' if (picture := draw(file)) else ''}")
    if is_page:
        _PAGE.write_text(report.put_into(_PAGE.read_text(), results, where))
        print(f"wrote {_PAGE.relative_to(TREE)}")


def _versions(bench: Bench) -> dict[str, str]:
    """Of what is measured, and of what it is measured against."""
    store = http.client.HTTPConnection(Store.of(bench.bed.site).address)
    store.request("GET", "/version")
    etcd = json.loads(store.getresponse().read())["etcdserver"]
    store.close()
    python = run(str(bench.python), "--version").split()[1]
    figwasp = run(str(bench.python.with_name("figwasp")), "--version").split()[-1]
    server = bench.bed.api.request("GET", "/version")["gitVersion"]
    return {"figwasp": figwasp, "CPython": python, "Kubernetes": server, "etcd": etcd}


def _run(bench: Bench, names: list[str], *, is_old: bool) -> list[Result]:
    results = []
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        for found in SCENARIOS[name](bench):
            result = msgspec.structs.replace(found, name=f"{found.name}-on-old-etcd") if is_old else found
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
    parser.add_argument("--old-etcd", action="store_true", help="Debian's etcd, without LISTs from the cache")
    parser.add_argument("--profile", action="store_true", help="profile one pass over 1,000 Deployments instead")
    parser.add_argument("--results", type=Path, default=TREE / "bench" / "results", help="where results are kept")
    parser.add_argument("--dir", type=Path, default=_ROOT, help=f"where the bed lies (default {_ROOT})")
    parser.add_argument("--port", type=int, default=_PORT, help=f"first of its ports (default {_PORT})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
