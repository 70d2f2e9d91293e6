"""
What cannot be told though all was read: it is the same at each pass, so that a record of it saves the look-ups.

Registries count them (Docker Hub as pulls). Labels: tags name `1`; pods run `2`; `a`… are manifests, `f0`… configs.
"""

import pytest
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.finding import Finding, find
from figwasp.core.record import Unclear
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits, RolloutState
from figwasp.errors import RegistryUnreachable
from tests.core.judging import AMD64, AMD64_ONLY, ARM64, ARM64_ONLY, BOTH_OLD
from tests.core.shelf import Shelf
from tests.factories import ANYWHERE, Image, digest, image, pair, pod, record, running, workload

ARM64_REBUILT = {AMD64: image("a", "f0"), ARM64: image("c", "f9")}
AMD64_LEFT = {AMD64: image("c", "f9")}


def look(
    shelf: Shelf,
    unclear: tuple[Unclear, ...] = (),
    *,
    limits: PlatformLimits = ANYWHERE,
    rollout: RolloutState = RolloutState.SETTLED,
    afresh: bool = False,
) -> Finding:
    """Judge a pod that runs `2`, by what is on the shelf and this on record."""
    pods = (pod(running("2"), limits=limits, is_ready=rollout is RolloutState.SETTLED),)
    one = workload(running=pods, record=record(unclear=unclear), rollout=rollout)
    (only,) = find(one, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), shelf, afresh=afresh)
    return only


def shelf(new: dict[str, Image] | Image, old: dict[str, Image] | Image, node: str = "") -> Shelf:
    return Shelf({"node-1": node} if node else None).holds("1", new).holds("2", old)


def other_platform(node: str = "") -> Shelf:
    return shelf(image("1", "f1"), image("2", "f0"), node).built("f0", AMD64).built("f1", ARM64)


UNCLEAR = {
    "one of two platforms changed": (shelf(ARM64_REBUILT, BOTH_OLD), ANYWHERE),
    "one of two platforms changed, and the other is missing": (shelf(AMD64_LEFT, BOTH_OLD), ANYWHERE),
    "one of two images that a node may have changed": (
        shelf(
            {"linux/arm/v6": image("a", "f0"), "linux/arm/v7": image("c", "f9")},
            {"linux/arm/v6": image("a", "f0"), "linux/arm/v7": image("b", "f1")},
        ),
        PlatformLimits(architectures=frozenset({"arm"})),
    ),
    "the platform of the node is missing": (shelf(AMD64_LEFT, BOTH_OLD, ARM64), ANYWHERE),
    "the platform that the pod asks for is missing": (shelf(AMD64_LEFT, image("2", "f0")), ARM64_ONLY),
    "the only platform is missing": (shelf({ARM64: image("c", "f9")}, {AMD64: image("a", "f0")}), ANYWHERE),
    "an image for another platform than the node's": (other_platform(AMD64), ANYWHERE),
    "an image for another platform than what runs": (other_platform(), ANYWHERE),
    "what runs is gone, and there is no image for the node": (
        Shelf({"node-1": ARM64}).holds("1", AMD64_LEFT),
        ANYWHERE,
    ),
}


@pytest.mark.parametrize(("contents", "limits"), UNCLEAR.values(), ids=UNCLEAR)
def test_what_stays_unknown_is_compared_once(contents: Shelf, limits: PlatformLimits) -> None:
    first = look(contents, limits=limits)
    contents.asked.clear()
    contents.configs_asked.clear()
    again = look(contents, first.unclear, limits=limits)

    assert (again.verdict, contents.asked, contents.configs_asked) == (Verdict.UNKNOWN, [], [])
    assert replace(again, why=again.why.removesuffix(" (on record)")) == first
    assert again.why != first.why


def test_where_one_of_the_platforms_is_missing_nothing_else_may_restart_it_either() -> None:
    assert [True, False] == [look(shelf(new, BOTH_OLD)).is_usable for new in (ARM64_REBUILT, AMD64_LEFT)]


ELSEWHERE = {
    "a node that can be read now": (shelf(ARM64_REBUILT, BOTH_OLD, AMD64), ANYWHERE, RolloutState.SETTLED),
    "a node that can be read now, and is stale": (
        shelf(ARM64_REBUILT, BOTH_OLD, ARM64),
        ANYWHERE,
        RolloutState.SETTLED,
    ),
    "other limits": (shelf(ARM64_REBUILT, BOTH_OLD), AMD64_ONLY, RolloutState.SETTLED),
    "a roll-out that failed since": (shelf(ARM64_REBUILT, BOTH_OLD), ANYWHERE, RolloutState.FAILED),
}


@pytest.mark.parametrize(("contents", "limits", "rollout"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_was_unclear_is_compared_anew_where_something_else_may_decide(
    contents: Shelf, limits: PlatformLimits, rollout: RolloutState
) -> None:
    unclear = look(shelf(ARM64_REBUILT, BOTH_OLD)).unclear
    contents.asked.clear()
    look(contents, unclear, limits=limits, rollout=rollout)

    assert contents.asked != []


def test_a_restart_for_another_container_has_it_read_anew() -> None:
    contents = shelf(ARM64_REBUILT, BOTH_OLD)
    unclear = look(contents).unclear
    contents.asked.clear()
    look(contents, unclear, afresh=True)

    assert contents.asked != []


@pytest.mark.parametrize("label", ["1", "2", "b", "c"])
@pytest.mark.parametrize("node", ["", ARM64])
def test_what_could_not_be_read_is_not_unclear_for_ever(label: str, node: str) -> None:
    failing = shelf(ARM64_REBUILT, BOTH_OLD, node).answers(label, RegistryUnreachable("502"))
    only = look(failing)

    assert (only.verdict, only.unclear) == (Verdict.UNKNOWN, ())


def test_one_node_that_is_unclear_beside_one_that_could_not_be_read_is_not_unclear_for_ever() -> None:
    old = {AMD64: image("a", "f0"), "linux/arm/v6": image("b", "f1"), "linux/arm/v7": image("d", "f2")}
    new = {AMD64: image("a9", "f9"), "linux/arm/v6": image("b", "f1"), "linux/arm/v7": image("d9", "f8")}
    contents = Shelf({"node-1": "linux/arm/v7", "node-2": AMD64}).holds("1", new).holds("2", old)
    pods = [pod(running("2"), name=f"web-{node}", node=node) for node in ("node-1", "node-2")]
    contents.answers("a", RegistryUnreachable("502"))
    (only,) = find(workload(running=tuple(pods)), lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents)

    assert (only.rule, only.unclear) == (Rule.NOT_ANSWERED, ())


def test_where_nodes_fail_nothing_is_unclear_for_ever_nor_taken_from_the_record() -> None:
    class Broken(Shelf):
        def node(self, name: str) -> None:
            raise RegistryUnreachable(f"no answer about {name}")

    unclear = look(shelf(ARM64_REBUILT, BOTH_OLD)).unclear
    only = look(Broken().holds("1", {ARM64: image("c", "f9")}).holds("2", {AMD64: image("a", "f0")}), unclear)

    assert (only.rule, only.why.endswith("(on record)"), only.unclear) == (Rule.NO_IMAGE, False, ())


@pytest.mark.parametrize(
    "why",
    [(), ("prose",), ("differ",), ("differ", "nodes", "new"), ("differ", "x", "usable"), ("lacks", "a\nrestarted"),
     ("lacks", "linux/amd64", "Linux"), ("lacks", "a/b/c/d"), ("lacks", "a" * 41)],
)  # fmt: skip
def test_what_is_not_ours_on_record_is_compared_anew(why: tuple[str, ...]) -> None:
    contents = shelf(ARM64_REBUILT, BOTH_OLD)
    (one,) = look(contents).unclear
    only = look(contents, ((*one[:3], *why),))

    assert not only.why.endswith("(on record)")


def test_what_is_known_and_what_no_digest_was_told_of_is_not_unclear() -> None:
    contents = shelf(ARM64_REBUILT, BOTH_OLD, ARM64)
    silent = workload(running=(pod(""),))
    (waiting,) = find(silent, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents)

    assert (look(contents).verdict, look(contents).unclear, waiting.unclear) == (Verdict.STALE, (), ())


def test_it_is_kept_by_digests_and_pods() -> None:
    (one,) = look(shelf(ARM64_REBUILT, BOTH_OLD, "linux/s390x"), limits=PlatformLimits(os=frozenset({"linux"}))).unclear

    assert one == (*pair("2", "1"), "os=linux linux/s390x 0", "differ", "nodes", "usable")


def test_what_another_version_wrote_down_does_not_hide_what_this_one_did() -> None:
    contents = shelf(ARM64_REBUILT, BOTH_OLD)
    (one,) = look(contents).unclear
    contents.asked.clear()
    look(contents, ((*one[:3], "a reason", "of a newer version"), one))

    assert [] == contents.asked
