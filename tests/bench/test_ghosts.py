"""
The world that the bench makes, copied from one Deployment.

Aspects: what figwasp reads in it; what a copy has of its own; when there can be no copy; how names are made.
"""

import json
from typing import Any

import pytest

from figwasp.core.decision import Leave, Why
from figwasp.core.report import Left, Restarted
from testbed import TestbedError, ghost_objects, ghosts
from testbed.ghost_objects import MOST_WORKLOADS, Image, Names
from testbed.ghosts import Herd, Moulds, Stored
from tests.app.stage import Stage
from tests.objects import NAMESPACE

Json = dict[str, Any]
_OWN_UID = "00000000-0000-4000-8000-00000000000{}"


def herd(stage: Stage, *, workloads: int = 6, stale: bool = False, old: int = 0) -> Herd:
    """Deployments over three references of the stage's registry."""
    images = []
    for name in ("app0", "app1", "app2"):
        digest = stage.push("old", name)
        now = stage.push("new", name) if stale else digest
        assert stale == (now != digest)
        images.append(Image(stage.image(name), f"{stage.registry.host}/{name}@{digest}"))
    labels = {"figwasp/target": "true"}
    return Herd(name="web", workloads=workloads, images=images, old_revisions=old, labels=labels)


def moulds(one: Herd) -> Moulds:
    """What the first Deployment and its own would be stored as, if the store kept JSON."""
    names, image, owner = one.names(0), one.image(0), _OWN_UID.format(1)
    made = ghost_objects.deployment(names, image, one.revision, one.pods, one.labels)
    deployment = _stored("deployments", made, owner, ghosts.deployment_marks(names, image, uid=owner))
    replica_sets = []
    uid = ""
    for revision in range(ghost_objects.FIRST_REVISION, one.revision + 1):
        replicas = one.pods if revision == one.revision else 0
        uid = _OWN_UID.format(2 + revision - ghost_objects.FIRST_REVISION)
        made = ghost_objects.replica_set(names, image, revision, replicas, owner)
        marks = ghosts.replica_set_marks(names, image, revision, owner=owner, uid=uid)
        replica_sets.append(_stored("replicasets", made, uid, marks))
    made = ghost_objects.pod(names, image, one.revision, 0, uid)
    marks = ghosts.pod_marks(names, image, one.revision, 0, owner=uid, uid=_OWN_UID.format(9))
    return Moulds(deployment, tuple(replica_sets), _stored("pods", made, _OWN_UID.format(9), marks))


def _stored(plural: str, made: Json, uid: str, marks: ghosts.Marks) -> Stored:
    made["metadata"] |= {"uid": uid, "namespace": NAMESPACE, "generation": 1}
    return Stored(plural, json.dumps(made).encode(), marks)


def fill(stage: Stage, one: Herd) -> None:
    """Put the herd into the stage's API server: what was made first, and all copies."""
    first = moulds(one)
    for mould in (*first.replica_sets, first.pod):
        stage.api.put(mould.plural, json.loads(mould.value))
    copies = (ghosts.deployments, ghosts.replica_sets, ghosts.pods)
    for (plural, name), value in (each for make in copies for each in make(one, first)):
        copy = json.loads(value)
        assert name == copy["metadata"]["name"]
        stage.api.put(plural, copy)


def test_a_herd_is_read_as_workloads_of_which_each_is_current(stage: Stage) -> None:
    fill(stage, herd(stage, old=2))

    report = stage.sweep()

    whys = [
        each.decision.why for each in report.outcomes if isinstance(each, Left) and isinstance(each.decision, Leave)
    ]
    assert ([Why.CURRENT] * 6, 0) == (whys, report.exit_code)


def test_a_stale_herd_is_restarted_each_once(stage: Stage) -> None:
    one = herd(stage, stale=True)
    fill(stage, one)

    report = stage.sweep()

    restarted = {each.key.name for each in report.outcomes if isinstance(each, Restarted)}
    assert ({one.names(number).deployment for number in range(6)}, 0) == (restarted, report.exit_code)


def test_every_object_of_a_herd_has_a_name_and_a_uid_of_its_own(stage: Stage) -> None:
    one = herd(stage, old=1)
    first = moulds(one)
    made = [json.loads(each.value) for each in (*first.replica_sets, first.pod)]
    copies = (ghosts.deployments, ghosts.replica_sets, ghosts.pods)
    made += [json.loads(value) for make in copies for _, value in make(one, first)]

    assert 6 + 12 + 12 == len({each["metadata"]["uid"] for each in made})
    assert 6 + 12 + 12 == len({each["metadata"]["name"] for each in made})
    assert 12 == len({each["status"]["podIP"] for each in made if each["kind"] == "Pod"})


def test_a_mark_of_another_length_is_refused() -> None:
    stored = Stored("pods", b'{"name": "web-00000"}', ("web-00000",))

    with pytest.raises(TestbedError, match="cannot become"):
        stored.copy(("web-000001",))


def test_a_mark_that_is_not_in_the_object_is_refused() -> None:
    stored = Stored("pods", b'{"name": "api-00000"}', ("web-00000",))

    with pytest.raises(TestbedError, match="cannot become"):
        stored.copy(("web-00001",))


def test_a_name_that_is_part_of_a_longer_one_is_not_replaced_in_it() -> None:
    stored = Stored("pods", b"web-0-aa web-0", ("web-0", "web-0-aa"))

    assert b"web-1-bb web-1" == stored.copy(("web-1", "web-1-bb"))


def test_names_have_one_length_up_to_the_last_workload() -> None:
    first, last = Names("web", 0), Names("web", MOST_WORKLOADS - 1)

    def lengths(names: Names) -> list[int]:
        made = (names.pod(10, 0), names.uid("a"), names.container_id(1), names.address(31), names.node(3))
        return [len(each) for each in made]

    assert lengths(first) == lengths(last)
    assert first.address(0) != last.address(0)
