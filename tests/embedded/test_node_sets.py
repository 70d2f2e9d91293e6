"""
StatefulSets and DaemonSets on several simulated machines, which the bed does not have.

Aspects: one pod for each machine · how many are replaced at a time · machines that are not chosen any more.
"""

from typing import Any

from figwasp.core.manifest import Platform
from figwasp.embedded.node.node import Machine, Node
from testbed import container, daemon_set
from tests.embedded.place import Json, Place

MACHINES = [Machine("a"), Machine("b"), Machine("c", Platform("linux", "arm64"))]


def run(place: Place, image: str = "", **spec: Any) -> None:
    """Make the DaemonSet `web`."""
    made = daemon_set("web", container(image or place.image()))
    metadata = {"namespace": "shop", "name": "web"}
    place.api.put("daemonsets", {**made, "metadata": metadata, "spec": {**made["spec"], **spec}})


def change(place: Place, **spec: Any) -> None:
    """Change the pods' spec in the template."""
    place.api.edit("daemonsets", "shop", "web", lambda one: one["spec"]["template"]["spec"].update(spec))


def wait_for_status(place: Place, node: Node, **counts: int) -> None:
    def status() -> Json:
        found: Json = place.api.get("daemonsets", "shop", "web").get("status", {})
        return found

    node.wait_until(lambda: counts.items() <= status().items(), f"{counts}, not {status()}")


def test_each_machine_runs_one_pod_of_a_daemon_set(place: Place) -> None:
    place.push()
    node = place.node(machines=MACHINES)
    run(place)
    node.wait_settled()

    assert ["a", "b", "c"] == sorted(pod["spec"]["nodeName"] for pod in place.objects("pods"))


def test_a_daemon_set_goes_on_only_when_the_pod_it_replaced_runs(place: Place) -> None:
    place.push()
    node = place.node(machines=MACHINES)
    run(place)
    node.wait_settled()

    change(place, containers=[container(place.image("gone"))])

    wait_for_status(place, node, updatedNumberScheduled=1, numberUnavailable=1, numberAvailable=2)


def test_as_many_pods_of_a_daemon_set_are_replaced_at_a_time_as_may_be_unavailable(place: Place) -> None:
    place.push()
    node = place.node(machines=MACHINES)
    run(place, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "50%"}})
    node.wait_settled()

    change(place, containers=[container(place.image("gone"))])

    wait_for_status(place, node, updatedNumberScheduled=2, numberUnavailable=2, numberAvailable=1)


def test_a_daemon_set_leaves_machines_that_it_does_not_choose_any_more(place: Place) -> None:
    place.push()
    node = place.node(machines=MACHINES)
    run(place)
    node.wait_settled()

    change(place, nodeSelector={"kubernetes.io/arch": "arm64"})
    wait_for_status(place, node, desiredNumberScheduled=1, numberMisscheduled=0, updatedNumberScheduled=1)
    node.wait_settled()

    assert ["c"] == [pod["spec"]["nodeName"] for pod in place.objects("pods")]
