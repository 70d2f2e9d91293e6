"""
What lies under a digest, and which of it a node would run.

Aspects: usual indexes · indexes in indexes · images without a platform · what is too much · the choice of a node · what
node selectors leave.
"""

import pytest

from figwasp.core.contents import DEEPEST, MOST_OPENED, allowed, chosen, fits, opened
from figwasp.core.manifest import MOST_CHILDREN, Child, Index, Manifest
from figwasp.core.workload import PlatformLimits
from figwasp.errors import AccessDenied, InvalidManifest
from tests.core.shelf import Shelf
from tests.factories import digest, image, index, platform, reference

AMD64, ARM64 = "linux/amd64", "linux/arm64"
USUAL = index({AMD64: image("a", "f0"), ARM64: image("b", "f1"), "unknown/unknown": image("d", "f2")})


def child(label: str, on: str = "") -> Child:
    return Child(digest(label), platform(on) if on else None)


def unstated(label: str) -> Child:
    return Child(digest(label), None, is_unstated=True)


def nested(label: str, on: str = "") -> Child:
    return Child(digest(label), platform(on) if on else None, is_index=True)


def look(shelf: Shelf, *children: Child) -> Index:
    return opened(Index(children), reference(), shelf)


def test_a_usual_index_is_not_looked_into() -> None:
    shelf = Shelf()

    assert (opened(USUAL, reference(), shelf), shelf.asked, shelf.configs_asked) == (USUAL, [], [])


def test_the_images_of_a_nested_index_take_its_place() -> None:
    found = look(Shelf().answers("e", USUAL), child("c", "linux/s390x"), nested("e"), child("f", "windows/amd64"))

    assert [str(each.platform) for each in found.images] == ["linux/s390x", "windows/amd64", AMD64, ARM64]


def test_an_index_without_a_platform_comes_after_the_images_that_state_theirs() -> None:
    """Of images for one platform a node is given the first, and those in it come after such beside it."""
    found = look(Shelf().answers("e", USUAL), nested("e"), child("c", AMD64))

    assert [each.digest for each in found.images] == [digest("c"), USUAL.images[1].digest]


def test_what_states_no_platform_keeps_its_place_within_an_index_that_does() -> None:
    shelf = Shelf().answers("e", Index((unstated("a"), child("b", AMD64)))).answers("c", Manifest(digest("f0")))
    found = look(shelf.built("f0", AMD64), nested("e", AMD64), child("d", AMD64), unstated("c"))

    assert [each.digest for each in found.children] == [digest(each) for each in "ebadc"]
    assert found.images == (child("b", AMD64),)


def test_a_nested_index_stays_among_the_children_and_is_no_image() -> None:
    found = look(Shelf().answers("e", USUAL), nested("e", AMD64))

    assert found.children == (nested("e", AMD64), *USUAL.children)
    assert nested("e", AMD64) not in found.images


def test_an_image_without_a_platform_has_that_of_its_config() -> None:
    shelf = Shelf().answers("c", Manifest(digest("f0"))).built("f0", ARM64)

    assert [each.platform for each in look(shelf, unstated("c")).images] == [platform(ARM64)]


def test_an_image_without_a_platform_has_that_of_the_index_that_holds_it() -> None:
    shelf = Shelf().answers("e", Index((nested("9"),))).answers("9", Index((unstated("c"),)))

    assert [str(each.platform) for each in look(shelf, nested("e", ARM64)).images] == [ARM64]
    assert shelf.configs_asked == []


def test_an_image_without_a_platform_has_that_of_the_nearest_index_that_states_one() -> None:
    shelf = Shelf().answers("e", Index((nested("9", ARM64),))).answers("9", Index((unstated("c"),)))

    assert [str(each.platform) for each in look(shelf, nested("e", AMD64)).images] == [ARM64]


def test_what_is_no_image_at_all_is_passed_over() -> None:
    """Signatures and charts lie in indexes too."""
    shelf = Shelf().answers("c", InvalidManifest("an artifact")).answers("9", Manifest(digest("f9")))

    assert look(shelf, unstated("c"), unstated("9"), child("a", AMD64)).images == (child("a", AMD64),)


@pytest.mark.parametrize("second", [unstated("9"), nested("9")])
@pytest.mark.parametrize(("first", "built"), [("c", ARM64), ("e", AMD64)])
def test_of_what_states_no_platform_only_the_first_is_looked_into(first: str, built: str, second: Child) -> None:
    """Runtimes look at no further one, even where it has no image for the node."""
    shelf = Shelf().answers("c", Manifest(digest("f0"))).built("f0", ARM64).answers("e", Index((child("a", AMD64),)))
    found = look(shelf, nested("e") if first == "e" else unstated("c"), second)

    assert [str(each.platform) for each in found.images] == [built]
    assert second in found.children
    assert digest("9") not in [asked for _, asked in shelf.asked]


@pytest.mark.parametrize("broken", ["c", "f0"])
def test_what_cannot_be_read_is_not_passed_over(broken: str) -> None:
    shelf = Shelf().answers("c", Manifest(digest("f0"))).built("f0", ARM64)
    shelf.answers("c", AccessDenied("403")) if broken == "c" else shelf.built("f0", AccessDenied("403"))

    with pytest.raises(AccessDenied):
        look(shelf, unstated("c"))


def test_content_that_is_not_of_the_kind_that_its_index_says_is_refused() -> None:
    shelf = Shelf().answers("c", Manifest(digest("f0"))).answers("e", USUAL)

    with pytest.raises(InvalidManifest, match="is a manifest"):
        look(shelf, nested("c"))
    with pytest.raises(InvalidManifest, match="is an index"):
        look(shelf, unstated("e"))


def test_an_index_that_holds_itself_is_refused() -> None:
    with pytest.raises(InvalidManifest, match="holds itself"):
        look(Shelf().answers("e", Index((nested("e"),))), nested("e"))


def test_indexes_may_lie_in_one_another_to_some_depth() -> None:
    shelf = Shelf().answers("level 9", USUAL)
    for level in range(9):
        shelf.answers(f"level {level}", Index((nested(f"level {level + 1}"),)))

    deep_enough = look(shelf, nested(f"level {9 - DEEPEST + 2}"))

    assert deep_enough.images == USUAL.images
    with pytest.raises(InvalidManifest, match="more than 4 deep"):
        look(shelf, nested(f"level {9 - DEEPEST + 1}"))


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True)])
def test_no_more_than_some_parts_are_looked_into(more: int, *, is_refused: bool) -> None:
    shelf = Shelf()
    labels = [f"part {number}" for number in range(MOST_OPENED + more)]
    for label in labels:
        shelf.answers(label, USUAL)
    try:
        look(shelf, *(nested(label, AMD64) for label in labels))
    except InvalidManifest:
        refused = True
    else:
        refused = False

    assert (refused, len(shelf.asked)) == (is_refused, MOST_OPENED)


FITS = [
    (AMD64, AMD64, True),
    ("linux/amd64/v3", AMD64, True),
    ("linux/386", AMD64, True),
    (AMD64, "linux/386", False),
    ("linux/arm/v7", ARM64, True),
    ("linux/arm/v6", ARM64, True),
    (ARM64, "linux/arm", False),
    ("linux/arm/v6", "linux/arm", True),
    (ARM64, AMD64, False),
    ("linux/arm/v7", AMD64, False),
    ("windows/amd64", AMD64, False),
]


@pytest.mark.parametrize(("built", "node", "expected"), FITS)
def test_a_node_runs_images_of_its_processor_and_of_its_ancestor(built: str, node: str, *, expected: bool) -> None:
    assert fits(platform(built), platform(node)) is expected


def on(*platforms: str) -> list[Child]:
    return [child(each, each) for each in platforms]


@pytest.mark.parametrize(
    ("node", "held", "expected"),
    [
        (ARM64, [AMD64, ARM64, "linux/arm/v7"], [ARM64]),
        (ARM64, [AMD64, "linux/arm/v7", "linux/arm/v6"], ["linux/arm/v7", "linux/arm/v6"]),
        (AMD64, [AMD64, "linux/amd64/v3", "windows/amd64"], [AMD64, "linux/amd64/v3"]),
        (AMD64, [ARM64], []),
    ],
)
def test_a_node_chooses_what_is_nearest_to_it(node: str, held: list[str], expected: list[str]) -> None:
    assert chosen(on(*held), platform(node)) == on(*expected)


def limits(os: str = "", architectures: str = "") -> PlatformLimits:
    return PlatformLimits(
        frozenset(os.split(",")) if os else None, frozenset(architectures.split(",")) if architectures else None
    )


@pytest.mark.parametrize(
    ("given", "held", "expected"),
    [
        (limits(), [AMD64, "windows/amd64"], [AMD64, "windows/amd64"]),
        (limits("linux"), [AMD64, "windows/amd64"], [AMD64]),
        (limits("", "amd64"), [AMD64, ARM64, "windows/amd64", "linux/386"], [AMD64, "windows/amd64"]),
        (limits("linux", "amd64"), [AMD64, ARM64, "windows/amd64"], [AMD64]),
        (limits("", "arm64,amd64"), [ARM64, "linux/arm/v7", AMD64], [ARM64, AMD64]),
        (limits("", "arm64,amd64"), ["linux/arm/v7", AMD64], ["linux/arm/v7", AMD64]),
        (limits("", "s390x"), [AMD64], []),
    ],
)
def test_limits_leave_what_some_node_within_them_would_choose(
    given: PlatformLimits, held: list[str], expected: list[str]
) -> None:
    assert allowed(on(*held), given) == on(*expected)


def test_what_is_no_image_is_never_chosen() -> None:
    assert (allowed([child("d")], limits()), chosen([child("d")], platform(AMD64))) == ([], [])


def test_an_index_and_those_in_it_list_a_thousand_parts_together() -> None:
    def of(count: int) -> Index:
        return Index(tuple(Child(digest(f"{count}-{number}"), platform(AMD64)) for number in range(count)))

    def look_into(count: int) -> Index:
        return look(Shelf().answers("e", of(1000)).answers("f", of(count)), nested("e", AMD64), nested("f", AMD64))

    assert MOST_CHILDREN == len(look_into(MOST_CHILDREN - 1002).children)
    with pytest.raises(InvalidManifest, match="more than 1024 images"):
        look_into(MOST_CHILDREN - 1001)
