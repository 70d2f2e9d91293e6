"""A registry that is slow holds up those who wait for it, and nobody else."""

import threading
from datetime import datetime

from figwasp.app.sweep import WIDTH
from figwasp.core.credential import Login
from figwasp.core.deadline import Deadline
from figwasp.core.decision import Restart
from figwasp.core.manifest import LARGEST
from figwasp.core.ports import Resolver, Restarter
from figwasp.core.record import Record
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.report import Restarted, WouldRestart
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Workload
from figwasp.embedded.registry.server import Registry
from figwasp.errors import LargeAnswer
from tests.app.stage import Stage, ends


class LargeAndSlow:
    """Registries of which one has manifests that are large, and take until one of another registry was read."""

    def __init__(self, registries: Resolver, slow: str) -> None:
        self._registries = registries
        self._slow = slow
        self._other_was_read = threading.Event()
        self.came_in_time = True

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        return self._registries.resolve(reference, login, deadline, largest)

    def config(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        return self._registries.config(reference, login, deadline, largest)

    def manifest(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        if reference.registry != self._slow:
            self._other_was_read.set()
        elif largest < LARGEST:
            raise LargeAnswer("it is larger")
        elif not self._other_was_read.wait(timeout=5):
            self.came_in_time = False
        return self._registries.manifest(reference, login, deadline, largest)


def deploy_elsewhere(stage: Stage, other: Registry) -> None:
    """Run as many workloads as are judged at a time, whose tags have moved, from another registry."""
    own, stage.registry = stage.registry, other
    for number in range(WIDTH):
        stage.deploy("old", f"a-{number}")
        stage.push("new", f"a-{number}")
    stage.registry = own
    stage.settings[other.host] = RegistrySettings(plain_http=True)


def test_large_manifests_of_a_slow_registry_hold_up_no_workload_of_another(stage: Stage) -> None:
    with Registry() as other:
        deploy_elsewhere(stage, other)
        stage.deploy("old")
        stage.push("new")
        made: list[LargeAndSlow] = []

        def asks(registries: Resolver) -> Resolver:
            made.append(LargeAndSlow(registries, other.host))
            return made[-1]

        stage.asks = asks
        found = ends(stage.sweep())

    assert made[0].came_in_time
    assert {"web": "restarted"}.items() <= found.items()


class Counting:
    """Restarts, each of which waits a little for one too many at a time."""

    def __init__(self, restarter: Restarter) -> None:
        self._restarter = restarter
        self.is_trial = restarter.is_trial
        self._places = threading.Semaphore(WIDTH)
        self.one_too_many = threading.Event()

    def restart(self, decision: Restart, now: datetime, deadline: Deadline) -> Restarted | WouldRestart:
        if not self._places.acquire(blocking=False):
            self.one_too_many.set()
        try:
            self.one_too_many.wait(timeout=0.2)
            return self._restarter.restart(decision, now, deadline)
        finally:
            self._places.release()

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        self._restarter.write_record(workload, record, deadline)


def test_workloads_of_several_registries_are_not_all_restarted_at_a_time(stage: Stage) -> None:
    made: list[Counting] = []

    def counting(restarter: Restarter) -> Counting:
        made.append(Counting(restarter))
        return made[-1]

    with Registry() as other:
        deploy_elsewhere(stage, other)
        for number in range(WIDTH):
            stage.deploy("old", f"b-{number}")
            stage.push("new", f"b-{number}")
        stage.restarts = counting
        found = ends(stage.sweep())

    assert {"restarted"} == {*found.values()}
    assert not made[0].one_too_many.is_set()
