"""
What holds for every comparison: which platforms count, the cost, the names of content, and registries that fail.

Labels: `1` is the tag's digest now, `2` the one that runs.
"""

from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, composite

from figwasp.core.credential import ANONYMOUS
from figwasp.core.decide import decide
from figwasp.core.decision import Restart
from figwasp.core.finding import find
from figwasp.core.manifest import Child, Index
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import RegistryUnreachable
from tests.core.judging import AMD64, ARM64, OTHER, S390X, judge, verdict
from tests.core.shelf import Shelf
from tests.factories import Image, digest, image, pod, running, workload

PLATFORMS = [AMD64, ARM64, S390X]


@composite
def indexes(draw: DrawFn, prefix: str) -> dict[str, Image]:
    chosen = draw(st.lists(st.sampled_from(PLATFORMS), min_size=1, unique=True))
    return {
        each: image(draw(st.sampled_from([f"{prefix} {each}", f"both {each}"])), f"{draw(st.booleans())} {each}")
        for each in chosen
    }


def consistent(*given_indexes: dict[str, Image]) -> bool:
    """Whether every manifest has one config only, as in any real registry."""
    pairs = {(each.manifest, each.config) for images in given_indexes for each in images.values()}
    return len(pairs) == len({manifest for manifest, _ in pairs})


def by_the_contract(old: dict[str, Image], new: dict[str, Image], candidates: set[str]) -> Verdict:
    """What the comparison is to say, in few words."""
    same = {new[each].config == old[each].config if each in new else None for each in candidates}
    if same == {True}:
        return Verdict.CURRENT
    return Verdict.STALE if same == {False} else Verdict.UNKNOWN


@given(indexes("old"), indexes("new"), st.none() | st.sampled_from(PLATFORMS), st.sets(st.sampled_from(PLATFORMS)))
def test_two_indexes_compare_as_the_contract_says(
    old: dict[str, Image], new: dict[str, Image], node: str | None, allowed: set[str]
) -> None:
    assume(consistent(old, new))
    limits = PlatformLimits(architectures=frozenset(each.partition("/")[2] for each in allowed) or None)
    candidates = {each for each in old if not allowed or each in allowed} & ({node} if node else set(PLATFORMS))
    assume(candidates)
    shelf = Shelf({"node-1": node} if node else None).holds("1", new).holds("2", old)

    assert verdict(shelf, limits=limits) is by_the_contract(old, new, candidates)


@given(indexes("old"), indexes("new"))
def test_a_comparison_costs_at_most_two_look_ups_and_two_for_each_platform(
    old: dict[str, Image], new: dict[str, Image]
) -> None:
    shelf = Shelf().holds("1", new).holds("2", old)
    judge(shelf)

    assert len(shelf.asked) <= 2 + 2 * len(old)


@given(indexes("old"), indexes("new"))
def test_a_comparison_with_another_repository_costs_one_look_up_more(
    old: dict[str, Image], new: dict[str, Image]
) -> None:
    shelf = Shelf().holds("1", new).holds("2", old, OTHER)
    judge(shelf, running("2", OTHER))

    assert len(shelf.asked) <= 3 + 2 * len(old)


@given(indexes("new"), st.integers(0, 2), st.booleans(), st.data())
def test_any_digest_under_which_a_node_may_report_its_image_is_current(
    new: dict[str, Image], depth: int, is_known: bool, data: st.DataObject
) -> None:
    assume(consistent(new))
    on = data.draw(st.sampled_from(sorted(new)))
    above = [f"index {level}" for level in range(depth)]
    shelf = Shelf({"node-1": on} if is_known else None).holds(["1", *above][-1], new)
    for outer, inner in pairwise(["1", *above]):
        shelf.answers(outer, Index((Child(digest(inner), None, is_index=True),)))
    names = [running(each) for each in ("1", *above, new[on].manifest)]
    names += [
        form.format(digest(new[on].config)) for form in ("{}", "docker://{}", "docker.io/library/import-2026-11-23@{}")
    ]

    assert verdict(shelf, data.draw(st.sampled_from(names))) is Verdict.CURRENT


@given(indexes("old"), indexes("new"), st.booleans(), st.booleans(), st.data())
def test_no_failure_makes_a_restart_that_would_not_be_made_without_it(
    old: dict[str, Image], new: dict[str, Image], is_single: bool, is_node_known: bool, data: st.DataObject
) -> None:
    """Unknown never restarts, whatever could not be read. Only a config holds up nothing where no node is known."""
    assume(consistent(old, new))
    nodes = {"node-1": data.draw(st.sampled_from(sorted(old)))} if is_node_known else None

    def shelf() -> Shelf:
        on, only = next(iter(new.items()))
        fresh = Shelf(nodes).holds("2", old)
        return fresh.holds("1", only).built(only.config, on) if is_single else fresh.holds("1", new)

    broken, failure = shelf(), RegistryUnreachable("502")
    labels = ["1", "2", *(each.manifest for each in (*old.values(), *new.values()))]
    for label in data.draw(st.lists(st.sampled_from(labels), min_size=1)):
        broken.answers(label, failure)
    if is_node_known:
        for each in data.draw(st.lists(st.sampled_from(sorted(new)))):
            broken.built(new[each].config, failure)

    assert not is_restarted(broken) or is_restarted(shelf())


def is_restarted(contents: Shelf) -> bool:
    web = workload(running=(pod(running("2")),))
    found = find(web, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents)
    return isinstance(decide(web, found), Restart)


@given(
    indexes("new"), st.sampled_from(["{}", "docker://{}", "registry.example/shop/web@{}", "other/name@{}"]), st.data()
)
def test_a_pod_that_reports_any_name_of_what_its_tag_names_is_current(
    new: dict[str, Image], form: str, data: st.DataObject
) -> None:
    names = ["1", *(each.manifest for each in new.values())]
    names += [each.config for each in new.values() if "@" not in form]
    reported = form.format(digest(data.draw(st.sampled_from(names))))

    assert verdict(Shelf().holds("1", new), reported) is Verdict.CURRENT


@given(indexes("old"), indexes("new"), st.data())
def test_a_registry_that_fails_never_makes_a_pod_stale_that_is_not(
    old: dict[str, Image], new: dict[str, Image], data: st.DataObject
) -> None:
    assume(consistent(old, new))
    healthy = verdict(Shelf().holds("1", new).holds("2", old))
    labels = ["1", "2", *(each.manifest for each in (*old.values(), *new.values()))]
    broken = Shelf().holds("1", new).holds("2", old)
    for label in data.draw(st.lists(st.sampled_from(labels), min_size=1)):
        broken.answers(label, RegistryUnreachable("502"))

    assert verdict(broken) in {healthy, Verdict.UNKNOWN}
