"""What is true of every finding, whatever the pods and their order."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from figwasp.core.finding import Answer
from figwasp.core.verdict import Verdict
from figwasp.core.workload import PullPolicy, RunningContainer
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.looking import CURRENT, MIRRORED, OTHER, PINNED, SAME, findings, found
from tests.factories import IMAGE, container, digest, pod, running

any_pod = st.builds(
    pod,
    st.sampled_from([CURRENT, SAME, OTHER, running("4"), digest("5").hex, "nonsense", "rubbish", ""]),
    name=st.text("abc", min_size=1, max_size=3),
    image=st.sampled_from([IMAGE, MIRRORED, PINNED, "registry.example/shop/web:2"]),
    pull_policy=st.sampled_from(PullPolicy),
    node=st.sampled_from(["node-1", "node-2", "node-3"]),
)


@given(st.lists(any_pod, max_size=6).flatmap(lambda pods: st.tuples(st.just(pods), st.permutations(pods))))
def test_a_finding_does_not_depend_on_the_order_of_pods(
    orders: tuple[list[RunningContainer], list[RunningContainer]],
) -> None:
    one, other = orders

    assert found(*one) == found(*other)


@given(st.lists(any_pod, max_size=6).flatmap(lambda pods: st.tuples(st.just(pods), st.permutations(pods))))
def test_a_verdict_does_not_depend_on_the_order_of_pods(
    orders: tuple[list[RunningContainer], list[RunningContainer]],
) -> None:
    one, other = (found(*each) for each in orders)

    assert (one.verdict, one.would_pull, one.is_waiting) == (other.verdict, other.would_pull, other.is_waiting)


@given(st.lists(any_pod, min_size=1, max_size=6), st.sampled_from([AccessDenied("403"), RegistryUnreachable("502")]))
def test_a_tag_that_could_not_be_resolved_is_never_stale(pods: list[RunningContainer], failure: FigwaspError) -> None:
    # A pod that was sent to another repository follows the tag there, which is not to be had either.
    unanswered: dict[str, Answer] = dict.fromkeys([IMAGE, MIRRORED], failure)
    (finding,) = findings(*pods, containers=(container(),), answers=unanswered)

    assert finding.verdict is Verdict.UNKNOWN


@given(st.lists(any_pod, min_size=1, max_size=6))
def test_pods_that_all_report_the_tags_digest_are_current(pods: list[RunningContainer]) -> None:
    followed = [replace(each, reported=CURRENT, image_id=pod(CURRENT).image_id, image=IMAGE) for each in pods]

    assert found(*followed).verdict is Verdict.CURRENT
