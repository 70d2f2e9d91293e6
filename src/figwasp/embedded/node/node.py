"""
A cluster's other half, simulated: controllers, scheduler and kubelets that do what they do in a real one.

    with ApiServer() as api, Registry() as registry, Node(api, runtime=Runtime.CRI_O) as node:
        api.put("deployments", …)
        node.wait_settled()

One thread looks at everything after each write to the API server and takes the steps that are due; another pulls
images. What each pod reports is what a real node would; the containers themselves do not exist.
"""

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Final, Self, TypeVar

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.cluster import Changed, Cluster
from figwasp.embedded.node.controller import Controller
from figwasp.embedded.node.daemon_sets import DaemonSetController
from figwasp.embedded.node.deployments import DeploymentController
from figwasp.embedded.node.garbage import collect
from figwasp.embedded.node.kubelet import Kubelet
from figwasp.embedded.node.machine import Machine
from figwasp.embedded.node.objects import Json, condition, controller_of, is_ending, key_of
from figwasp.embedded.node.pull import Puller
from figwasp.embedded.node.replica_sets import ReplicaSetController
from figwasp.embedded.node.runtimes import Runtime
from figwasp.embedded.node.scheduler import Scheduler
from figwasp.embedded.node.stateful_sets import StatefulSetController
from figwasp.errors import FigwaspError

_LOOK_SECONDS: Final = 0.05
"""How long the thread may sleep without a look at whether it should end."""

_SETTLE_SECONDS: Final = 20.0

_CONTROLLERS: Final[tuple[type[Controller], ...]] = (
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    DaemonSetController,
)
"""Owners before what they own."""

Value = TypeVar("Value")


class NotSettled(FigwaspError):
    """What was waited for did not come about in time; tells the state of everything."""


class Node:
    """
    One machine, or several, and the controllers, started as a context manager.

    Args:
        runtime: whose image IDs the machine reports, unless `machines` are given.
        pace_seconds: how long a pod takes to be made and to end; 0 is as fast as possible.
        back_off_seconds: the wait after the first failed pull; doubled up to five minutes.
        tls: for registries on loopback addresses, which are spoken to by plain HTTP without it.
    """

    def __init__(
        self,
        api: ApiServer,
        *,
        runtime: Runtime = Runtime.CONTAINERD,
        pace_seconds: float = 0.0,
        back_off_seconds: float = 10.0,
        machines: Sequence[Machine] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        api.leave_to_node()
        self._cluster = Cluster(api, api.seconds_now)
        self._closing = threading.Event()
        self._looping = ThreadPoolExecutor(1, thread_name_prefix="node")
        self._pulling = ThreadPoolExecutor(1, thread_name_prefix="node-pulls")
        self._puller = Puller(tls)
        self._loop: Future[None] | None = None
        self._idling = threading.Condition()
        self._idle = -1, 0.0, 0.0
        self._controllers: tuple[Controller, ...] = tuple(make(self._cluster) for make in _CONTROLLERS)
        self._scheduler = Scheduler(self._cluster)
        self._kubelets = {
            machine.name: Kubelet(
                self._cluster,
                machine,
                puller=self._puller,
                pulls=self._pulling,
                pace_seconds=pace_seconds,
                back_off_seconds=back_off_seconds,
            )
            for machine in machines or (Machine(runtime=runtime),)
        }

    def __enter__(self) -> Self:
        for kubelet in self._kubelets.values():
            with suppress(Changed):  # a node of that name is there already
                self._cluster.create(kubelet.machine.node(self._cluster.timestamp()))
        self._loop = self._looping.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the threads; raises what ended one of them before its time."""
        self._closing.set()
        self._looping.shutdown()
        self._puller.close()
        self._pulling.shutdown(cancel_futures=True)
        if self._loop is not None:
            self._loop.result()

    def wait_settled(self, timeout_seconds: float = _SETTLE_SECONDS) -> None:
        """
        Wait until every workload is rolled out (or paused, and seen to be) and no pod is ending.

        Raises:
            NotSettled: not in time.
        """
        self.wait_until(self._is_settled, "the workloads to settle", timeout_seconds)

    def wait_until(self, condition: Callable[[], Value], what: str, timeout_seconds: float = _SETTLE_SECONDS) -> Value:
        """
        Wait until `condition`, asked after every write, is true; answers its value.

        Raises:
            NotSettled: not in time.
        """
        until, version = time.monotonic() + timeout_seconds, -1
        while True:
            if self._loop is not None and self._loop.done():
                self._loop.result()
            if value := condition():
                return value
            left = until - time.monotonic()
            if left <= 0:
                raise NotSettled(f"waited {timeout_seconds:g} s for {what} in vain: {self._state()}")
            version = self._cluster.wait(version, min(left, _LOOK_SECONDS))

    def wait_idle(self, timeout_seconds: float = _SETTLE_SECONDS) -> float:
        """
        Wait until there is nothing to do before time passes or somebody writes; answers when there will be.

        That is a time of the API server's clock, or infinity. Where no time passes, by such a clock, nothing happens
        behind one's back after this.

        Raises:
            NotSettled: not in time.
        """
        until = time.monotonic() + timeout_seconds
        with self._idling:
            while not self._is_idle_now():
                if self._loop is not None and self._loop.done():
                    self._loop.result()
                if time.monotonic() > until:
                    raise NotSettled(f"waited {timeout_seconds:g} s for the node to be idle in vain: {self._state()}")
                self._idling.wait(_LOOK_SECONDS)
            return self._idle[2]

    def _is_idle_now(self) -> bool:
        return self._idle[:2] == (self._cluster.wait(-1, 0), self._cluster.now())

    def _run(self) -> None:
        version, due = -1, 0.0
        while not self._closing.is_set():
            latest, now = self._cluster.wait(version, 0), self._cluster.now()
            if latest == version and now < due:
                self._note_idle(version, now, due)
                self._cluster.wait(version, min(_LOOK_SECONDS, due - now))
                continue
            version = latest
            self._round()
            due = self._cluster.take_due() or float("inf")

    def _note_idle(self, version: int, now: float, due: float) -> None:
        if not any(kubelet.is_pulling for kubelet in self._kubelets.values()):
            with self._idling:
                self._idle = version, now, due
                self._idling.notify_all()

    def _round(self) -> None:
        """Let every part take a step for each of its objects."""
        for controller in self._controllers:
            owned = self._cluster.owned()
            for one in self._cluster.list(controller.plural):
                with suppress(Changed):
                    controller.step(one, owned)
        collect(self._cluster, self._controllers)
        self._schedule()
        self._run_pods()

    def _schedule(self) -> None:
        nodes, waiting = self._cluster.list("nodes"), self._cluster.list("pods")
        for pod in waiting:
            if not pod["spec"].get("nodeName"):
                with suppress(Changed):
                    self._scheduler.step(pod, nodes, self._cluster.list("pods"))

    def _run_pods(self) -> None:
        pods = self._cluster.list("pods")
        for kubelet in self._kubelets.values():
            kubelet.forget_but({pod["metadata"]["uid"] for pod in pods})
        for pod in pods:
            if (found := self._kubelets.get(pod["spec"].get("nodeName", ""))) is not None:
                with suppress(Changed):
                    found.step(pod)

    def _is_settled(self) -> bool:
        are_settled = all(
            controller.is_settled(each)
            for controller in self._controllers
            for each in self._cluster.list(controller.plural)
        )
        return are_settled and not any(map(is_ending, self._cluster.list("pods")))

    def _state(self) -> str:
        found = [each for controller in self._controllers for each in self._cluster.list(controller.plural)]
        found = [each for each in found if not controller_of(each)]
        said = [f"{each['kind']} {key_of(each)} ({_counts(each)})" for each in found]
        said += [f"pod {key_of(each)} {_waits_for(each)}" for each in self._cluster.list("pods")]
        return "; ".join(said) or "there are neither workloads nor pods"


def _counts(one: Json) -> str:
    status = one.get("status") or {}
    counts = [f"{key} {value}" for key, value in status.items() if isinstance(value, int) and "Gen" not in key]
    return ", ".join([*counts, condition(status, "Progressing").get("reason", "")]) if status else "not looked at yet"


def _waits_for(pod: Json) -> str:
    if is_ending(pod):
        return "(ending)"
    status = pod.get("status") or {}
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    waits = [each["state"]["waiting"] for each in states if "waiting" in each["state"]]
    said = [f"{each['reason']}: {each['message']}" if "message" in each else each["reason"] for each in waits]
    return f"({', '.join([status.get('phase', 'Pending'), *said])})"


__all__ = ["Machine", "Node", "NotSettled", "Runtime"]
