"""One move of a tag, over many passes: what might make Figwasp restart for it again and again, or read it anew."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from figwasp.core.record import MOST_RESTARTS
from figwasp.core.report import Outcome, Restarted
from figwasp.core.restraint import UNRESTRAINED, Restraint
from figwasp.embedded.registry.images import OCI_MANIFEST
from testbed import Image, Index, index
from tests.app.stage import Stage, ends
from tests.contract.registries import image
from tests.objects import NAMESPACE, Json, container

INDEX = "application/vnd.oci.image.index.v1+json"
AMD64 = {"os": "linux", "architecture": "amd64"}


def push_build(stage: Stage, number: int) -> str:
    """Push the same image in an index of its own, as each build with provenance does; gives the index's digest."""
    manifest = stage.registry.put("web", "", stage.manifest("same"))
    child = {"mediaType": OCI_MANIFEST, "digest": manifest, "size": 1, "platform": AMD64}
    built = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [child], "annotations": {"build": str(number)}}
    return stage.registry.put("web", "latest", json.dumps(built).encode(), INDEX)


def look(stage: Stage, restraint: Restraint = UNRESTRAINED) -> Outcome:
    """Make a pass, and let the controller see what it wrote."""
    (only,) = stage.sweep("web", restraint=restraint).outcomes
    stage.settle()
    return only


def test_builds_of_the_same_content_restart_nothing_though_old_indexes_are_cleaned_up(stage: Stage) -> None:
    # containerd goes on naming the first index that it pulled, and a registry deletes what no tag names any more.
    stage.deploy("other")
    builds = [push_build(stage, 0)]
    stage.run_pod(builds[0])
    for night in range(1, 6):
        builds.append(push_build(stage, night))
        if night >= 2:
            stage.registry.delete("web", builds[night - 2])
        assert {"web": "CURRENT"} == ends(stage.sweep("web"))
        stage.settle()


def test_what_runs_is_gone_where_all_that_it_was_proven_the_same_as_is_cleaned_up_too(stage: Stage) -> None:
    stage.deploy("other")
    builds = [push_build(stage, 0), push_build(stage, 1)]
    stage.run_pod(builds[0])
    look(stage)
    for each in builds:
        stage.registry.delete("web", each)
    stage.push("new")

    assert isinstance(look(stage), Restarted)


def test_nodes_whose_mirrors_differ_do_not_have_it_restarted_for_ever(stage: Stage) -> None:
    """An autoscaler takes a node whose mirror is behind away at night, and brings it back by day."""
    old = stage.deploy("old")
    new = stage.push("new")
    found = []
    for _ in range(6):
        for runs in (old, new):
            stage.run_pod(runs)
            found.append(look(stage))

    assert MOST_RESTARTS == sum(isinstance(each, Restarted) for each in found)
    stage.run_pod(old)
    assert {"web": "NOT_CONVERGING"} == ends(stage.sweep("web"))


def test_admission_that_stamps_each_change_of_a_template_does_not_have_it_restarted_for_ever(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    found = []
    for number in range(6):
        found.append(look(stage))

        def stamp(one: Json, number: int = number) -> None:
            one["spec"]["template"]["metadata"]["annotations"]["stamped.example/at"] = str(number)

        stage.api.edit("deployments", NAMESPACE, "web", stamp)
        stage.settle()

    assert MOST_RESTARTS == sum(isinstance(each, Restarted) for each in found)
    assert {"web": "NOT_CONVERGING"} == ends(stage.sweep("web"))


def test_admission_that_takes_the_record_away_does_not_have_it_restarted_for_ever(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.admit("deployments", lambda one: one["metadata"]["annotations"].pop("figwasp/record"))
    times, found = [], []
    for _ in range(3):
        found.append(stage.sweep("web"))
        times.append(stage.restarted_at())
        stage.settle()

    assert [times[0]] * 3 == times != [""] * 3
    assert [1, 1, 1] == [each.exit_code for each in found]
    assert all("without the annotation figwasp/record" in each for one in found for each in ends(one).values())


def test_one_that_is_restarted_and_cannot_be_recorded_takes_its_place_once(stage: Stage) -> None:
    for name in ("a", "b"):
        stage.deploy("old", name)
        stage.push("new", name)
    stage.api.admit("deployments", lambda one: one["metadata"]["annotations"].pop("figwasp/record"))

    passes = []
    for _ in range(3):
        passes.append(ends(stage.sweep(max_restarts=1)))
        stage.settle("a")
        stage.settle("b")

    restarted = [{name for name, end in each.items() if "was restarted, but" in end} for each in passes]
    pending = [{name for name, end in each.items() if end == "PENDING"} for each in passes]
    assert ([{"a"}, {"b"}, set()], [{"b"}, {"a"}, set()]) == (restarted, pending)
    assert all("without the annotation figwasp/record" in each for each in passes[2].values())


# What stays as it is, though its tag moved, is compared once


def _keep_image(one: Json) -> None:
    spec = one["spec"].get("template", one)["spec"]
    spec["containers"][0]["imagePullPolicy"] = "IfNotPresent"


def _kept_by_policy(stage: Stage) -> None:
    stage.api.edit("deployments", NAMESPACE, "web", _keep_image)
    stage.api.edit("pods", NAMESPACE, "web-1-1", _keep_image)
    stage.settle()


def _not_converging(stage: Stage) -> None:
    look(stage)


def _pinned_elsewhere(stage: Stage) -> None:
    def pin(one: Json) -> None:
        one["spec"]["containers"][0]["image"] = f"mirror.example/web@sha256:{'0' * 64}"

    stage.api.edit("pods", NAMESPACE, "web-1-1", pin)


def _nothing(_: Stage) -> None:
    pass


@pytest.mark.parametrize(
    ("why", "prepare", "restraint"),
    [
        ("PULL_POLICY", _kept_by_policy, UNRESTRAINED),
        ("NOT_CONVERGING", _not_converging, UNRESTRAINED),
        ("UNKNOWN", _pinned_elsewhere, UNRESTRAINED),
        ("SETTLING", _nothing, Restraint(settle=timedelta(hours=5))),
        ("RESTARTED_LATELY", _not_converging, Restraint(min_interval=timedelta(hours=5))),
    ],
)
def test_what_stays_though_its_tag_moved_is_compared_once(
    stage: Stage, why: str, prepare: Callable[[Stage], None], restraint: Restraint
) -> None:
    stage.deploy("old")
    stage.push("new")
    prepare(stage)
    if why == "RESTARTED_LATELY":
        stage.push("newer")
    look(stage, restraint)
    gets, wrote = stage.registry.asked("GET"), stage.api.asked("update", "deployments")

    report = stage.sweep("web", restraint=restraint)

    assert {"web": why} == ends(report)
    assert (0, 0) == (stage.registry.asked("GET") - gets, stage.api.asked("update", "deployments") - wrote)


BOTH, REBUILT = [(image("1"), image(each, platform="linux/arm64")) for each in ("1", "2")]
UNCLEAR = {
    "one of two platforms changed": (index(*BOTH), index(*REBUILT)),
    "a platform is missing": (index(*BOTH), index(image("2"))),
    "another platform than runs": (image("1"), image("1", platform="linux/arm64")),
}


@pytest.mark.parametrize(("old", "new"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_cannot_be_told_is_compared_once(stage: Stage, old: Image | Index, new: Image | Index) -> None:
    """Each manifest counts as a pull on Docker Hub: to read them at each pass would use up what nodes may pull."""
    stage.deploy()
    stage.run_pod(stage.push_all(old))
    stage.push_all(new)
    look(stage)
    gets, wrote = stage.registry.asked("GET"), stage.api.asked("update", "deployments")

    report = stage.sweep("web")

    assert {"web": "UNKNOWN"} == ends(report)
    assert (0, 0) == (stage.registry.asked("GET") - gets, stage.api.asked("update", "deployments") - wrote)
    stage.push("else")
    assert isinstance(look(stage), Restarted)


def test_what_could_not_be_told_and_cannot_be_read_now_holds_up_another_containers_restart(stage: Stage) -> None:
    stage.deploy()
    old, new = stage.push_all(index(*BOTH)), stage.push_all(index(*REBUILT))
    side = stage.push("old", "side")

    def have_side(one: Json) -> None:
        spec = one["spec"].get("template", one)["spec"]
        spec["containers"].append(container("side", stage.image("side")))

    def run_side(one: Json) -> None:
        have_side(one)
        ran = [("web", old), ("side", side)]
        statuses = [{"name": name, "imageID": f"{stage.registry.host}/{name}@{digest}"} for name, digest in ran]
        one["status"]["containerStatuses"] = statuses

    stage.api.edit("deployments", NAMESPACE, "web", have_side)
    stage.api.edit("pods", NAMESPACE, "web-1-1", run_side)
    stage.settle()
    look(stage)
    stage.push("new", "side")
    stage.registry.answer(f"/v2/web/manifests/{new}", status=404)
    look(stage)

    assert "" == stage.restarted_at()


def test_what_was_compared_before_is_compared_again_before_a_restart(stage: Stage) -> None:
    """The new content must be there, and not only have been."""
    stage.deploy("old")
    stage.push("new")
    settle = Restraint(settle=timedelta(minutes=5))
    look(stage, settle)
    stage.clock.forward(600)
    gets = stage.registry.asked("GET")

    assert isinstance(look(stage, settle), Restarted)
    assert stage.registry.asked("GET") > gets


def test_what_was_compared_before_and_cannot_be_read_now_is_not_restarted(stage: Stage) -> None:
    stage.deploy("old")
    new = stage.push("new")
    settle = Restraint(settle=timedelta(minutes=5))
    look(stage, settle)
    stage.clock.forward(600)
    stage.registry.answer(f"/v2/web/manifests/{new}", status=500)

    assert {"web": "UNKNOWN"} == ends(stage.sweep("web", restraint=settle))
