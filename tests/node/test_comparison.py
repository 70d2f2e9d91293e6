"""
The comparison on a real node: what its kubelet reports, against what the tag names, with the verdict that is expected.

Aspects: content under other names · manifests that differ in form only · images that no registry gave · indexes:
attestations, variants, nested, without platforms · platforms that are missing · content that is gone · rewritten pods.
"""

import json
import secrets
from collections.abc import Iterator

import pytest

from testbed import Bed, Image, Index, Style, attestation, index, respaced, wait_for
from tests.node.scene import NAMED_ROLE, Scene
from tests.node.test_index import AMD64_ONLY, with_nodes

SAME_DIGEST, IN_INDEX, SAME = ("current", "same-digest"), ("current", "in-index"), ("current", "same-content")
MOVED, GONE = ("stale", "other-content"), ("stale", "content-gone")
NO_IMAGE, MIXED = ("unknown", "no-image"), ("unknown", "platforms-differ")


def verdict(scene: Scene, name: str = "web", *, nodes: bool = False) -> tuple[str, str]:
    """The verdict of the only container, and the rule that gave it; changes nothing."""
    scene.settled(name)
    kubeconfig = with_nodes(scene).kubeconfig if nodes else None
    done = scene.run("plan", name, "-n", scene.namespace.name, "-o", "json", kubeconfig=kubeconfig)
    (workload,) = json.loads(done.out)["workloads"]
    (only,) = workload["containers"]
    return only["verdict"], only["rule"]


def restarts_once(scene: Scene, name: str = "web") -> bool:
    """Whether the next pass restarts the workload, and the one after its roll-out does not."""
    first = scene.once(name)
    scene.namespace.wait_rolled_out(name)
    second = scene.once(name)
    return (first.restarted, second.restarted, second.code) == ([name], [], 0)


def both(scene: Scene, content: str, *, style: Style = Style.OCI) -> tuple[Image, Image]:
    return scene.image(content, style=style), scene.image(content, platform="linux/arm64", style=style)


class Large:
    """Two large images of the same content, in the repositories `app` and `web`: a node tells of its largest images."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        content = secrets.token_hex(3 << 20)
        self.app = scene.deploy(scene.image(content), "app")
        self.web = scene.deploy(scene.image(content, annotations={"of": "web"}))


@pytest.fixture(scope="module", autouse=True)
def large(bed: Bed) -> Iterator[Large]:
    """The images, there from the beginning: a kubelet looks only each half a minute which it has."""
    namespace = bed.namespace()
    yield Large(Scene(bed, namespace, namespace.service_account("figwasp", NAMED_ROLE), bed.registry))
    namespace.remove()


# Content under other names


class Shared:
    """The tag of `multi` names an index, whose amd64 image has the config of `app`, which the node pulled before."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.app = scene.deploy(scene.image("1"), "app")
        self.children = (scene.image("1", annotations={"of": "multi"}), scene.image("1", platform="linux/arm64"))
        self.multi = scene.deploy(index(*self.children), "multi")


@pytest.fixture
def shared(scene: Scene) -> Shared:
    """Two Deployments that run the same content under two names."""
    return Shared(scene)


def test_a_node_may_report_another_repository_and_a_digest_that_the_index_never_held(shared: Shared) -> None:
    """Then the names say nothing, and only the content does."""
    reported = shared.scene.namespace.image_ids("multi")

    assert {shared.scene.repository("app").reference(shared.app)} == reported
    assert SAME == verdict(shared.scene, "multi")


def test_what_is_reported_under_another_name_stays_current_after_an_annotation_only_push(shared: Shared) -> None:
    shared.scene.push(index(*shared.children, annotations={"build": "2"}), name="multi")

    assert SAME == verdict(shared.scene, "multi")
    assert [] == shared.scene.once("multi").restarted


def test_what_is_reported_under_another_name_is_restarted_for_a_push_of_its_own_only(shared: Shared) -> None:
    scene = shared.scene
    scene.push(scene.image("2"), name="app")
    other = scene.once("multi")
    scene.push(index(*both(scene, "3")), name="multi")

    assert ([], 0) == (other.restarted, other.code)
    assert restarts_once(scene, "multi")
    assert 2 == scene.roll_outs("multi")


# Manifests that differ in form only


def test_white_space_in_a_manifest_is_no_change(scene: Scene) -> None:
    one = scene.image("1")
    digest = scene.deploy(one)

    assert digest != scene.push(respaced(one))
    assert SAME == verdict(scene)
    assert SAME_DIGEST == (scene.push(one) and verdict(scene))


@pytest.mark.parametrize(("before", "after"), [(Style.DOCKER, Style.OCI), (Style.OCI, Style.DOCKER)])
def test_the_same_layers_in_dockers_and_in_ocis_form_are_no_change(scene: Scene, before: Style, after: Style) -> None:
    digest = scene.deploy(scene.image("1", style=before))

    assert digest != scene.push(scene.image("1", style=after))
    assert SAME == verdict(scene)
    assert SAME == (scene.push(index(*both(scene, "1", style=after), style=after)) and verdict(scene))


# Images that no registry gave


@pytest.mark.parametrize("digests", [True, False])
def test_an_imported_image_is_compared_with_what_the_tag_names(scene: Scene, *, digests: bool) -> None:
    one = scene.image("1")
    scene.bed.import_image(one, scene.repository().reference("latest"), digests=digests)
    scene.namespace.apply(scene.manifest(pull_policy="IfNotPresent"))
    scene.namespace.wait_rolled_out("web")
    (reported,) = scene.namespace.image_ids("web")
    named: dict[str, Image | Index] = {"its manifest": one, "an index of it": index(one), "another": scene.image("2")}

    verdicts = {what: scene.push(each) and verdict(scene) for what, each in named.items()}

    assert ("/import-" in reported, reported.rpartition("@")[2]) == (
        digests,
        one.digest if digests else one.config.digest,
    )
    by_name = {"its manifest": SAME_DIGEST, "an index of it": IN_INDEX}
    assert {**(by_name if digests else dict.fromkeys(by_name, SAME)), "another": MOVED} == verdicts
    assert "pull policy" in scene.once("web").of("web")["why"]


# Attestations and variants


def built(scene: Scene, *, amd64: str = "1", arm: str = "1", by: str = "1") -> Index:
    """As BuildKit writes it, with an attestation for each image; `by` is in one of the attestations only."""
    image = scene.image(amd64)
    children = [
        image,
        scene.image(arm, platform="linux/arm/v7"),
        scene.image("1", platform="linux/arm64/v8"),
        attestation(scene.image(by)),
    ]
    return index(*children)


def test_an_attestation_and_another_variant_are_no_change_for_the_platform_that_runs(scene: Scene) -> None:
    scene.deploy(built(scene), **AMD64_ONLY)

    assert SAME == (scene.push(built(scene, by="2")) and verdict(scene))
    assert SAME == (scene.push(built(scene, arm="2")) and verdict(scene))
    scene.push(built(scene, amd64="2"))
    assert restarts_once(scene)


def test_another_variant_that_changed_is_not_judged_where_the_platform_is_not_known(scene: Scene) -> None:
    scene.deploy(built(scene))

    assert SAME == (scene.push(built(scene, by="2")) and verdict(scene))
    assert MIXED == (scene.push(built(scene, arm="2")) and verdict(scene))
    assert SAME == verdict(scene, nodes=True)


# Indexes in indexes, and without platforms


def test_an_index_in_an_index_is_looked_into(scene: Scene) -> None:
    old, new = both(scene, "1"), both(scene, "2")
    scene.deploy(index(index(*old)))

    assert SAME == (scene.push(index(index(*old), annotations={"build": "2"})) and verdict(scene))
    assert SAME == (scene.push(index(*old)) and verdict(scene))
    scene.push(index(index(index(*new))))
    assert restarts_once(scene)


def test_an_index_that_states_no_platform_is_compared_by_its_configs(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), platforms=False))

    assert SAME == (scene.push(index(*both(scene, "1"), platforms=False)) and verdict(scene))
    scene.push(index(*both(scene, "2"), platforms=False))
    assert restarts_once(scene)


# Platforms that are missing


def test_an_image_for_another_platform_is_left_with_the_reason(scene: Scene) -> None:
    """The node would start it all the same, in an index or by itself, and there it would fail."""
    arm64 = scene.image("2", platform="linux/arm64")
    scene.deploy(index(scene.image("1")))

    assert NO_IMAGE == (scene.push(index(arm64)) and verdict(scene))
    assert NO_IMAGE == (scene.push(arm64) and verdict(scene))
    done = scene.once("web")
    assert ([], 1) == (done.restarted, done.code)
    assert "no image for linux/amd64" in done.of("web")["why"]


@pytest.mark.parametrize("nodes", [True, False])
def test_what_is_only_for_another_platform_than_the_single_image_that_runs_is_left(
    scene: Scene, *, nodes: bool
) -> None:
    scene.deploy(scene.image("1"))
    arm64 = scene.image("2", platform="linux/arm64")

    assert NO_IMAGE == (scene.push(arm64) and verdict(scene, nodes=nodes))
    assert NO_IMAGE == (scene.push(index(arm64)) and verdict(scene, nodes=nodes))
    assert MOVED == (scene.push(scene.image("2")) and verdict(scene, nodes=nodes))


def test_a_node_runs_the_images_of_an_older_processor_too(scene: Scene) -> None:
    scene.deploy(index(scene.image("1", platform="linux/386")), **AMD64_ONLY)
    scene.push(index(scene.image("2", platform="linux/386")))

    assert MOVED == verdict(scene, nodes=True)
    assert restarts_once(scene)


# Content that is gone


def test_what_was_deleted_from_the_registry_is_restarted_once(scene: Scene) -> None:
    old = scene.deploy(scene.image("1"))
    new = scene.push(scene.image("2"))
    scene.repository().delete(old)

    assert GONE == verdict(scene)
    assert restarts_once(scene)
    assert {new} == scene.namespace.running_digests("web")


# Pods that something has changed


def test_a_pod_that_was_sent_to_another_repository_follows_the_tag_there(scene: Scene) -> None:
    """As an admission webhook does that has pods pull from a mirror."""
    scene.deploy(scene.image("1"))
    mirrored = scene.push(scene.image("mirrored"), name="mirror")
    (pod,) = scene.namespace.objects("Pod", labelSelector="app=web")
    images = [
        {"op": "replace", "path": "/spec/containers/0/image", "value": scene.repository("mirror").reference("latest")}
    ]
    scene.bed.kubectl(
        "patch", "pod", pod["metadata"]["name"], "-n", scene.namespace.name, "--type=json", "-p", json.dumps(images)
    )
    wait_for(lambda: {mirrored} == scene.namespace.running_digests("web"), "the pod to run the mirror's image")
    scene.namespace.wait_rolled_out("web")

    assert SAME_DIGEST == (scene.push(scene.image("2")) and verdict(scene))
    assert MOVED == (scene.push(scene.image("3"), name="mirror") and verdict(scene))


# What only the node knows to be the same


def test_what_is_gone_is_current_where_the_node_has_it_as_the_same_image_as_the_tags(large: Large) -> None:
    scene = large.scene
    assert {large.app} == scene.namespace.running_digests("web")
    scene.repository("app").delete(large.app)

    def told() -> bool:
        (node,) = scene.namespace.objects("Node")
        return any(
            {large.app, large.web} <= {name.rpartition("@")[2] for name in each["names"]}
            for each in node["status"].get("images", ())
        )

    wait_for(told, "the node to tell which images it has", timeout=60)
    assert [GONE, SAME] == [verdict(scene), verdict(scene, nodes=True)]
