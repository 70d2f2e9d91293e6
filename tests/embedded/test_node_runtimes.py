"""
How runtimes name what runs, by the cases of real nodes.

Aspects: what a tag named · other repositories with the same content · re-pushes · imported and pinned images · Docker.
"""

import pytest

from figwasp.core.digest import Digest, parse_image_id
from figwasp.core.reference import Reference
from figwasp.embedded.node.images import ImageStore, Pulled
from figwasp.embedded.node.runtimes import Named, Runtime

A, B, C, D = (Digest("sha256", letter * 64) for letter in "abcd")
CONFIG, OTHER = Digest("sha256", "1" * 64), Digest("sha256", "2" * 64)


def images(*pulls: tuple[str, Digest, Digest, Digest]) -> ImageStore:
    """A node that pulled these: the reference, what it named, the platform's manifest of it, and its config."""
    store = ImageStore()
    for text, target, manifest, config in pulls:
        reference = Reference.parse(text)
        store.add(Pulled(reference=reference, target=target, manifest=manifest, config=config))
    return store


def named(runtime: Runtime, store: ImageStore, text: str = "h.test/app:1", config: Digest = CONFIG) -> Named:
    """What a container says that was created just now."""
    return runtime.now(store, config, runtime.at_creation(store, Reference.parse(text), config))


@pytest.mark.parametrize("runtime", [Runtime.CONTAINERD, Runtime.CRI_O])
def test_a_manifest_is_named_by_its_digest(runtime: Runtime) -> None:
    store = images(("h.test/app:1", A, A, CONFIG))

    assert Named("h.test/app:1", f"h.test/app@{A}") == named(runtime, store)


def test_containerd_names_the_index_and_cri_o_the_smaller_of_index_and_manifest() -> None:
    store = images(("h.test/app:1", B, A, CONFIG))

    assert f"h.test/app@{B}" == named(Runtime.CONTAINERD, store).image_id
    assert f"h.test/app@{A}" == named(Runtime.CRI_O, store).image_id


def test_a_repository_with_the_same_content_may_be_named_instead() -> None:
    """`app` is the manifest that the index `multi` lists; CRI-O names a pair that no registry has."""
    store = images(("h.test/app:1", B, B, CONFIG), ("h.test/multi:1", A, B, CONFIG))

    assert Named("h.test/app:1", f"h.test/app@{B}") == named(Runtime.CONTAINERD, store, "h.test/multi:1")
    assert Named("h.test/multi:1", f"h.test/app@{A}") == named(Runtime.CRI_O, store, "h.test/multi:1")


@pytest.mark.parametrize("runtime", Runtime)
def test_a_new_index_of_the_same_content_keeps_the_smaller_digest(runtime: Runtime) -> None:
    store = images(("h.test/app:1", A, D, CONFIG), ("h.test/app:1", B, D, CONFIG))

    image_id = parse_image_id(named(runtime, store).image_id)
    assert image_id is not None
    assert A == image_id.digest


def test_only_cri_o_keeps_what_was_true_at_creation() -> None:
    before = images(("h.test/app:1", B, B, CONFIG))
    created = Runtime.CRI_O.at_creation(before, Reference.parse("h.test/app:1"), CONFIG)
    after = images(("h.test/app:1", B, B, CONFIG), ("a.test/other:1", A, A, CONFIG))

    assert f"h.test/app@{B}" == Runtime.CRI_O.now(after, CONFIG, created).image_id
    assert f"a.test/other@{A}" == Runtime.CONTAINERD.now(after, CONFIG, created).image_id


def test_an_image_whose_tag_has_moved_keeps_its_digest_and_loses_its_tag() -> None:
    store = images(("h.test/app:1", A, A, CONFIG), ("h.test/app:1", B, B, OTHER))

    assert Named(str(CONFIG), f"h.test/app@{A}") == named(Runtime.CONTAINERD, store)
    assert Named("h.test/app:1", f"h.test/app@{B}") == named(Runtime.CONTAINERD, store, config=OTHER)


def test_an_image_that_no_registry_gave_is_named_by_its_config() -> None:
    store = images()

    assert str(CONFIG) == named(Runtime.CONTAINERD, store).image_id
    assert CONFIG.hex == named(Runtime.CRI_O, store).image_id
    assert f"docker://{CONFIG}" == named(Runtime.CRI_DOCKERD, store).image_id


@pytest.mark.parametrize("runtime", [Runtime.CONTAINERD, Runtime.CRI_O])
def test_a_pinned_image_is_named_by_its_digest_without_a_tag(runtime: Runtime) -> None:
    store = images((f"h.test/app@{B}", B, A, CONFIG))

    assert f"h.test/app@{B}" == named(runtime, store, f"h.test/app@{B}").image_id
    assert CONFIG == store.find(Reference.parse(f"h.test/app@{B}"))
    assert store.find(Reference.parse("h.test/app:1")) is None


@pytest.mark.parametrize(
    ("text", "image", "image_id"),
    [
        ("alpine:3", "alpine:3", "docker-pullable://alpine@"),
        ("team/web:1", "team/web:1", "docker-pullable://team/web@"),
        ("h.test/app:1", "h.test/app:1", "docker-pullable://h.test/app@"),
    ],
)
def test_docker_names_images_as_people_do(text: str, image: str, image_id: str) -> None:
    store = images((text, A, B, CONFIG))

    assert Named(image, f"{image_id}{A}") == named(Runtime.CRI_DOCKERD, store, text)


@pytest.mark.parametrize("runtime", Runtime)
def test_figwasp_can_read_every_form(runtime: Runtime) -> None:
    for store in (images(), images(("h.test/app:1", A, B, CONFIG))):
        assert parse_image_id(named(runtime, store).image_id) is not None


LISTED = {
    Runtime.CONTAINERD: [f"h.test/app@{B}", "h.test/app:1"],
    Runtime.CRI_O: [f"h.test/app@{A}", f"h.test/app@{B}", "h.test/app:1"],
    Runtime.CRI_DOCKERD: [f"h.test/app@{B}", "h.test/app:1"],
}


@pytest.mark.parametrize(("runtime", "expected"), LISTED.items())
def test_an_image_is_listed_by_all_its_names(runtime: Runtime, expected: list[str]) -> None:
    store = images(("h.test/app:1", B, A, CONFIG))

    assert [CONFIG] == store.configs()
    assert expected == runtime.names(store, CONFIG)
