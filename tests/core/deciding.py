"""Decisions on workloads of which the findings are given: tags name `b`, pods run `a`."""

from figwasp.core.decide import decide
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.finding import Finding
from figwasp.core.record import Record
from figwasp.core.verdict import Verdict
from figwasp.core.workload import RolloutState, Strategy
from tests.factories import container, digest, finding, move, pod, record, workload

CURRENT, STALE, UNKNOWN, EXEMPT = Verdict.CURRENT, Verdict.STALE, Verdict.UNKNOWN, Verdict.EXEMPT
RUNNING = (pod(),)
PINNED = container("web", f"web@{digest()}")
UNRESOLVED = finding(UNKNOWN, container="side", named="", why="refused (401)", hint="log in")
BLOCKED = record({"web": move("b")})
HELD = {
    Why.IGNORED: workload(ignored='figwasp/ignore: "yes"'),
    Why.OWNED: workload(owned_by="Grafana monitoring"),
    Why.ON_DELETE: workload(strategy=Strategy.ON_DELETE),
    Why.PARTITION: workload(strategy=Strategy.KEEPS_ALL),
    Why.PAUSED: workload(is_paused=True),
    Why.SCALED_TO_ZERO: workload(replicas=0),
    Why.IN_PROGRESS: workload(rollout=RolloutState.IN_PROGRESS),
    Why.STALLED: workload(rollout=RolloutState.STALLED),
    Why.PINNED: workload(containers=(PINNED, container("init", f"web:latest@{digest('c')}"))),
}


def settled(
    *findings: Finding,
    record: Record | None = None,
    rollout: RolloutState = RolloutState.SETTLED,
) -> Restart | Leave:
    """Decide on a workload with one container for each finding."""
    containers = tuple(container(each.container) for each in findings)
    return decide(workload(containers=containers, running=RUNNING, record=record, rollout=rollout), findings)


def left(decision: Restart | Leave) -> Leave:
    assert isinstance(decision, Leave), decision
    return decision


def restarted(decision: Restart | Leave) -> Restart:
    assert isinstance(decision, Restart), decision
    return decision


def why(*findings: Finding, record: Record | None = None) -> Why:
    return left(settled(*findings, record=record)).why
