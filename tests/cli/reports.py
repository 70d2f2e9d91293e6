"""Reports for tests of what is said of them."""

from datetime import UTC, datetime, timedelta

from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.digest import Digest
from figwasp.core.finding import Finding
from figwasp.core.record import Record
from figwasp.core.report import Left, Outcome, Report, Restarted
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import TARGET_LABEL, Selection, WorkloadKey
from figwasp.errors import FigwaspError
from tests.factories import workload

OLD, NEW = (Digest("sha256", letter * 64) for letter in "ab")
SELECTED = str(Selection(namespaces=("shop",), label=TARGET_LABEL))
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def key(name: str = "web") -> WorkloadKey:
    return WorkloadKey("shop", "deployment", name)


def finding(verdict: Verdict = Verdict.STALE) -> Finding:
    return Finding(
        container="web",
        image="web:1",
        running=(f"registry.test/web@{OLD}",),
        named=NEW,
        verdict=verdict,
        rule=Rule.OTHER_CONTENT,
        why="the tag names other content now",
        would_pull=True,
    )


def restarted() -> Restarted:
    return Restarted(Restart(workload(), (finding(),), (finding(),), Record()))


def left(why: Why, *, detail: str = "", hint: str = "", name: str = "web") -> Left:
    return Left(Leave(workload(name=name), why, detail, hint, (finding(Verdict.CURRENT),), Record()))


def report(*outcomes: Outcome, failure: FigwaspError | None = None) -> Report:
    return Report(
        started=START, finished=START + timedelta(seconds=0.25), outcomes=outcomes, selected=SELECTED, failure=failure
    )
