"""The pieces of work that are measured, with what they are to cost at most."""

import dataclasses
import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import Goal, Result, Row, Run, ratio
from bench.installed import TREE
from bench.link import Link
from bench.place import TARGET, Place, Program, api_calls, figwasp, place, the_original, the_peer
from bench.shelf import Book, Shelf
from testbed import Bed, TestbedError
from testbed.ghosts import Herd

_PAGE: Final = 500
_ROUND_TRIP: Final = 0.05
_WIDTH: Final = 16
_FIRST = "web-00000"


@dataclass(frozen=True)
class Bench:
    """What all scenarios need."""

    bed: Bed
    python: Path
    """Of the environment that figwasp is installed in."""
    runs: int
    tree: Path = TREE
    alone: bool = False
    """Whether peers are left out."""

    @property
    def figwasp(self) -> Program:
        """figwasp, over what is labelled."""
        return figwasp(self.python, self.tree)

    def beside(self, peer: Callable[[], Program]) -> tuple[Program, ...]:
        """What is to be run beside figwasp, unless it cannot be had here."""
        if self.alone:
            return ()
        try:
            return (peer(),)
        except TestbedError as error:
            print(f"goes on without a peer: {error}", file=sys.stderr)
            return ()

    def books(self, number: int) -> tuple[Book, ...]:
        """So many references."""
        return Shelf.of(self.bed).filled(self.bed, number)


def herd(
    where: Place, books: Sequence[Book], workloads: int, *, stale: bool = False, pods: int = 2, old: int = 0
) -> Herd:
    """Labelled Deployments over these references."""
    images = [book.running(where.host, stale=stale) for book in books]
    return Herd(name="web", workloads=workloads, images=images, pods=pods, old_revisions=old, labels=TARGET)


def one(bench: Bench) -> Iterator[Result]:
    """One Deployment, current, beside the original: without a delay, and with a registry far away."""
    books = bench.books(1)
    for seconds, title in ((0.0, "One Deployment"), (_ROUND_TRIP, "One Deployment, 50 ms to the registry and back")):
        with far_registry(bench.bed, seconds) as port, place(bench.bed, registry_port=port) as where:
            where.settle_in(herd(where, books, 1))
            programs = [figwasp(bench.python, named=_FIRST), *bench.beside(lambda: the_original(_FIRST))]
            rows = where.compare(programs, max(bench.runs, 15) if not bench.alone else bench.runs)
        goals: list[Goal] = []
        if len(rows) == 2:
            most = 1.0 if seconds else 1.5
            goals.append(Goal(what="wall, as a part of the original's, pair by pair", measured=ratio(*rows), most=most))
            ours, theirs = (row.peak.median for row in rows)
            goals.append(Goal(what="peak memory, MB", measured=ours, most=theirs, decimals=1))
        yield Result(name="one-far" if seconds else "one", title=title, rows=rows, goals=tuple(goals))


def thousand(bench: Bench) -> Iterator[Result]:
    """1,000 Deployments over 300 references, all current, with and without old ReplicaSets."""
    books = bench.books(300)
    for old in (0, 10):
        with place(bench.bed) as where:
            where.settle_in(herd(where, books, 1000, old=old))
            # How many old ReplicaSets there are is no concern of the peer's, which does not read them.
            peers = () if old else bench.beside(the_peer)
            rows = where.compare([bench.figwasp, *peers], bench.runs)
        left = f", {old} old ReplicaSets each" if old else ""
        goals = [
            Goal(what="wall, s", measured=rows[0].wall.median, most=2.0),
            Goal(what="peak memory, MB", measured=rows[0].peak.median, most=50.0, decimals=1),
            # Two kinds of which there are none cost a LIST each.
            Goal(
                what="API requests", measured=rows[0].api.most, most=pages(1000, 1000 * (1 + old), 2000) + 2, decimals=0
            ),
            Goal(what="HEAD", measured=rows[0].registry("HEAD").most, most=300, decimals=0),
            Goal(what="GET", measured=rows[0].registry("GET").most, most=0, decimals=0),
        ]
        if len(rows) == 2:
            goals.append(
                Goal(what="wall, as a part of the peer's, pair by pair", measured=ratio(*rows), most=1 / 15, decimals=3)
            )
        title = f"1,000 Deployments, 300 references, 2,000 pods, all current{left}"
        yield Result(name="thousand-with-history" if old else "thousand", title=title, rows=rows, goals=tuple(goals))


def stale(bench: Bench) -> Iterator[Result]:
    """The same, all of them stale."""
    books = bench.books(300)
    with place(bench.bed) as where:
        where.settle_in(herd(where, books, 1000, stale=True))
        rows = where.compare([bench.figwasp], bench.runs)
    lists = pages(1000, 1000, 2000) + 2
    ours = rows[0]
    restarts = [run.api_requests.get("update deployments", 0) for run in ours.runs]
    goals = [
        Goal(what="API requests a workload, beyond the lists", measured=(ours.api.most - lists) / 1000, most=2.0),
        Goal(what="restarts missing or too many", measured=max(abs(n - 1000) for n in restarts), most=0, decimals=0),
    ]
    title = "1,000 Deployments, 300 references, 2,000 pods, all stale"
    yield Result(name="stale", title=title, rows=rows, goals=tuple(goals))


def ten_thousand(bench: Bench) -> Iterator[Result]:
    """10,000 Deployments over 3,000 references with 50,000 pods, beside a tenth of that."""
    rows: list[Row] = []
    for workloads, references in ((1000, 300), (10_000, 3000)):
        books = bench.books(references)
        with place(bench.bed) as where:
            where.settle_in(herd(where, books, workloads, pods=5))
            (row,) = where.compare([bench.figwasp], min(bench.runs, 3))
        rows.append(Row(program=f"figwasp, {workloads:,}", runs=row.runs, api_bytes=row.api_bytes))
    small, large = rows
    goals = (
        Goal(what="wall, s", measured=large.wall.median, most=20.0),
        Goal(what="peak memory, MB", measured=large.peak.median, most=120.0, decimals=1),
        Goal(what="wall, times that of a tenth of the work", measured=large.wall.median / small.wall.median, most=10.0),
        Goal(what="API requests", measured=large.api.most, most=pages(10_000, 10_000, 50_000) + 2, decimals=0),
        Goal(what="HEAD", measured=large.registry("HEAD").most, most=3000, decimals=0),
    )
    title = "10,000 Deployments, 3,000 references, 50,000 pods, and a tenth of it"
    yield Result(name="ten-thousand", title=title, rows=(small, large), goals=goals)


def few(bench: Bench) -> Iterator[Result]:
    """Three labelled Deployments among 5,000."""
    books = bench.books(300)
    with place(bench.bed) as where:
        where.settle_in(herd(where, books[:3], 3))
        others = dataclasses.replace(herd(where, books, 4997), name="xtr", labels={"team": "another"})
        where.settle_in(others)
        rows = where.compare([bench.figwasp, *bench.beside(the_peer)], bench.runs)
        notes = (_whole_namespace(where),)
    lists = sum(run.api_requests.get("list pods", 0) for run in rows[0].runs) / len(rows[0].runs)
    goals = (Goal(what="LISTs of pods", measured=lists, most=3, decimals=0),)
    title = "3 labelled Deployments in a namespace of 5,000 with 10,000 pods"
    yield Result(name="few", title=title, rows=rows, goals=goals, notes=notes)


def _whole_namespace(where: Place) -> str:
    """What it would cost to read all pods instead, page by page."""
    audit, path = where.bed.audit, f"/api/v1/namespaces/{where.namespace.name}/pods?limit={_PAGE}"
    mark, following, megabytes = audit.mark(), "", 0.0
    while True:
        page = where.bed.api.request("GET", path + (f"&continue={following}" if following else ""))
        megabytes += len(json.dumps(page, separators=(",", ":"))) / 1e6
        following = page["metadata"].get("continue", "")
        if not following:
            break
    calls = api_calls(audit.path, mark, "admin")
    seconds = sum(call.seconds for call in calls)
    return f"To read all pods instead: {len(calls)} LISTs, {seconds:.2f} seconds of the API server, {megabytes:.1f} MB"


def far(bench: Bench) -> Iterator[Result]:
    """300 references in a registry far away."""
    books = bench.books(300)
    times = {}
    for seconds in (0.0, _ROUND_TRIP):
        with far_registry(bench.bed, seconds) as port, place(bench.bed, registry_port=port) as where:
            where.settle_in(herd(where, books, 300, pods=1))
            times[seconds] = where.compare([bench.figwasp], bench.runs)[0]
    # TCP and TLS 1.3 take a round trip each before the first request.
    bound = (math.ceil(300 / _WIDTH) + 2) * _ROUND_TRIP
    near, away = times.values()
    took = away.wall.median - near.wall.median
    goals = (Goal(what="wall beyond that without delay, s", measured=took, most=1.3 * bound),)
    rows = tuple(
        Row(program=f"figwasp, {what}", runs=row.runs, api_bytes=row.api_bytes)
        for what, row in (("no delay", near), ("50 ms", away))
    )
    notes = (f"The bound: ({300} references / {_WIDTH} + 2 for TCP and TLS) x 50 ms = {bound:.2f} s.",)
    yield Result(
        name="far", title="300 references, 50 ms to the registry and back", rows=rows, goals=goals, notes=notes
    )


def start(bench: Bench) -> Iterator[Result]:
    """Commands that do nothing, beside an interpreter that does nothing."""
    program = str(bench.python.with_name("figwasp"))
    commands = {
        "python, bare": [str(bench.python), "-c", ""],
        "figwasp --version": [program, "--version"],
        "figwasp --help": [program, "--help"],
    }
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(max(bench.runs, 15) + 1):
        for name, argv in commands.items():
            run = _timed(argv)
            if number:
                found[name].append(run)
    rows = tuple(Row(program=name, runs=tuple(runs)) for name, runs in found.items())
    bare, *ours = (row.wall.median for row in rows)
    goals = tuple(
        Goal(what=f"{row.program}: wall beyond the interpreter's, s", measured=wall - bare, most=0.06, decimals=3)
        for row, wall in zip(rows[1:], ours, strict=True)
    )
    yield Result(name="start", title="Starting", rows=rows, goals=goals)


def _timed(argv: Sequence[str]) -> Run:
    spec = json.dumps({"argv": list(argv)})
    timer = [sys.executable, "-I", str(TREE / "bench" / "timed.py"), spec]
    done = json.loads(subprocess.run(timer, check=True, capture_output=True, text=True).stdout)
    return Run(wall_seconds=done["wall_seconds"], cpu_seconds=done["cpu_seconds"], peak_mb=done["peak_mb"])


@contextmanager
def far_registry(bed: Bed, round_trip_seconds: float) -> Iterator[int]:
    """The port of the registry, or of a slow link before it."""
    if not round_trip_seconds:
        yield bed.registry.port
        return
    with Link(bed.registry.port, round_trip_seconds) as link:
        yield link.port


def pages(*objects: int) -> int:
    """LISTs that it takes to read so many objects of each resource."""
    return sum(math.ceil(number / _PAGE) for number in objects)


SCENARIOS: Final[dict[str, Callable[[Bench], Iterator[Result]]]] = {
    "start": start,
    "one": one,
    "thousand": thousand,
    "stale": stale,
    "few": few,
    "far": far,
    "ten-thousand": ten_thousand,
}
