"""
Passes, pushes, pods and stale mirrors in any order: never twice for the same move of a tag.

The node is as mean as containerd: it names content by the smallest digest that it ever recorded for it.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from figwasp.core.credential import ANONYMOUS
from figwasp.core.decide import decide
from figwasp.core.decision import Restart
from figwasp.core.finding import Answer, find
from figwasp.core.record import Record
from figwasp.core.resolution import Resolution
from figwasp.errors import RegistryUnreachable
from tests.core.shelf import OWN, Shelf
from tests.factories import Image, digest, image, pod, reference, workload

PODS = 2
CONFIGS = ["f0", "f1", "f2"]
DIGESTS = [f"{config} {push}" for config in CONFIGS for push in ("first", "again")]


def config(label: str) -> str:
    """Which content a digest names: two pushes of each."""
    return label.split(maxsplit=1)[0]


def content(label: str) -> Image:
    return image(label, config(label))


class Cluster(RuleBasedStateMachine):
    """One Deployment with two pods, one tag, one registry with a mirror before the node."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        for label in DIGESTS:
            self.shelf.holds(label, content(label))
        self.tag = self.mirror = DIGESTS[0]
        self.is_mirror_stale = False
        self.is_registry_down = False
        self.template = 1
        self.record = Record()
        self.runs = [""] * PODS
        self.store: dict[str, set[str]] = {each: set() for each in CONFIGS}
        self.restarted_for = ""
        self.were_followed = False

    @initialize()
    def start(self) -> None:
        self.roll_out()

    def pull(self, number: int) -> None:
        """Start a pod: it runs what the mirror says that the tag names."""
        if not self.is_mirror_stale:
            self.mirror = self.tag
        self.runs[number] = config(self.mirror)
        self.store[config(self.mirror)].add(str(digest(self.mirror)))

    def roll_out(self) -> None:
        for number in range(PODS):
            self.pull(number)

    @property
    def is_current(self) -> bool:
        return all(each == config(self.tag) for each in self.runs)

    @rule(label=st.sampled_from(DIGESTS))
    def push(self, label: str) -> None:
        self.tag = label

    @rule(number=st.integers(0, PODS - 1))
    def replace_a_pod(self, number: int) -> None:
        self.pull(number)

    @rule()
    def freeze_or_thaw_the_mirror(self) -> None:
        self.is_mirror_stale = not self.is_mirror_stale

    @rule()
    def stop_or_start_the_registry(self) -> None:
        self.is_registry_down = not self.is_registry_down

    @rule()
    def change_the_template(self) -> None:
        self.template += 1
        self.restarted_for = ""
        self.roll_out()

    def decide(self) -> Restart | None:
        """Make one pass and do what it says; gives the restart, if there was one."""
        pods = tuple(
            pod(f"{OWN}@{min(self.store[each])}", name=f"web-{number}") for number, each in enumerate(self.runs)
        )
        seen = workload(running=pods, record=self.record, template_hash=f"template-{self.template}")
        answer: Answer = Resolution(reference(), digest(self.tag), ANONYMOUS)
        if self.is_registry_down:
            answer = RegistryUnreachable("502")
        decision = decide(seen, find(seen, lambda _: answer, self.shelf))
        self.record = Record.parse(decision.record.text())
        return decision if isinstance(decision, Restart) else None

    @rule()
    def make_a_pass(self) -> None:
        needed = not self.is_current
        restart = self.decide()

        assert not (restart and self.is_registry_down), "it restarted without knowing what the tag names"
        assert not (restart and not needed), "it restarted what was current"
        assert not (restart and self.restarted_for == self.tag and not self.were_followed), "twice for one move"
        may_restart = not self.is_registry_down and (self.restarted_for != self.tag or self.were_followed)
        assert bool(restart) == (needed and may_restart), "it missed a move"
        if restart:
            self.restarted_for, self.were_followed = self.tag, False
            self.roll_out()
        elif self.is_current and not self.is_registry_down and self.restarted_for:
            # Followed; or the tag has moved on by itself, so that its return would be another move.
            self.restarted_for, self.were_followed = self.tag, True

    @precondition(lambda self: not self.is_registry_down and not self.is_mirror_stale)
    @rule()
    def make_passes_while_nothing_else_happens(self) -> None:
        self.make_a_pass()
        self.make_a_pass()

        assert not self.decide(), "it restarted again though nothing happened"

    @invariant()
    def the_record_stays_small(self) -> None:
        assert len(self.record.text()) <= 4096


Cluster.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestConvergence = Cluster.TestCase
