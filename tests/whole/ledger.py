"""What is known of the restarts of one workload, and so what the next pass may and must do; by no rule of Figwasp's."""

from collections import Counter
from collections.abc import Collection

from figwasp.core.record import MOST_RESTARTS
from tests.whole.workloads import WORKLOADS, has_failed, held
from tests.whole.world import World


class Ledger:
    """
    Of one workload: for which digest each container was restarted last, and whether a pass has seen its pods follow.

    A pass that met with trouble may have seen it or not, so there are a `may` and a `must`.
    """

    def __init__(self, world: World, name: str) -> None:
        self._world, self._name = world, name
        self.policy = "Always"
        """Of the first container; the others always pull."""
        self._template = 1
        self._restarts: Counter[tuple[int, str, int, int]] = Counter()
        self._in_a_row: Counter[tuple[str, object]] = Counter()
        self._sights: Counter[str] = Counter()
        self._tried: dict[str, object] = {}
        self._pulled: dict[str, object] = {}
        self._times: Counter[tuple[str, object]] = Counter()
        self._may_be_seen: set[str] = set()
        self._is_seen: set[str] = set()
        self._may_be_void = False

    def change_template(self) -> None:
        """Note that the pod template is another one: one restart more is allowed."""
        self._template += 1
        self._may_be_void = True

    def lose_record(self) -> None:
        """Note that what passes knew is gone: restarts are counted anew."""
        self.change_template()
        self._in_a_row.clear()

    def pulls(self, container: str) -> bool:
        """Whether a restart makes a container pull."""
        return self.policy == "Always" or container != WORKLOADS[self._name][0]

    @property
    def is_at_rest(self) -> bool:
        """Whether it is there, and rolled out, and runs."""
        workloads = self._world.workloads
        return workloads.find(self._name) is not None and workloads.is_at_rest(self._name)

    @property
    def stale(self) -> set[str]:
        """The containers that a restart would bring up to date."""
        return {each for each in self._world.stale(self._name) if self.pulls(each)}

    def _has_all(self, there: Collection[str]) -> bool:
        """Whether everything that a restart would pull is `there`."""
        return all(each in there for each in WORKLOADS[self._name] if self.pulls(each))

    def may(self, unanswered: Collection[str] = ()) -> set[str]:
        """Those containers for which a pass may restart it, which hears nothing of some repositories."""
        workloads, name = self._world.workloads, self._name
        one = workloads.find(name)
        if one is None or held(one) or workloads.is_rolling_out(name):
            return set()
        # What cannot be compared where it should be may still be proven to be the same by another repository.
        found = self.stale | {each for each in self._world.unprovable(name) if self.pulls(each)}
        if not self._has_all(self._world.pullable(self.stale) - set(unanswered)):
            return set()
        found &= self._world.pullable(found)
        return {each for each in found if self._may_be_void or each in self._may_be_seen or not self._is_tried(each)}

    @property
    def must(self) -> set[str]:
        """Those for which a pass that meets with no trouble has to restart it."""
        if not self.is_at_rest or held(self._world.workloads.get(self._name)) or not self._has_all(self._world.known()):
            return set()
        found = {
            each for each in self.stale if each in self._is_seen or self._pulled.get(each) != self._world.tag(each)
        }
        return {each for each in found if self._times[each, self._world.tag(each)] < MOST_RESTARTS}

    def _is_tried(self, container: str) -> bool:
        return self._tried.get(container) == self._world.tag(container)

    def note_restart(self, stale: set[str], because: set[str]) -> None:
        """
        Note a restart for `because`, which brings `stale` up to date too.

        There is at most one for each move of a tag. Only where all pods were up to date after it, and some are not any
        more, since a machine's cache is still behind, there may be others, up to a few for one push.

        It pulls all the others as well: a pass that could not tell that one of them was up to date may hold it for
        tried.
        """
        for each in because:
            now = self._world.tag(each)
            self._restarts[self._template, each, self._world.moves[each], self._sights[each]] += 1
            self._in_a_row = Counter({key: n for key, n in self._in_a_row.items() if key[0] != each or key[1] == now})
            self._in_a_row[each, now] += 1
        for each in stale | because:
            self._tried[each] = self._world.tag(each)
        self._pulled = {each: self._world.tag(each) for each in WORKLOADS[self._name] if self.pulls(each)}
        self._times.update((each, now) for each, now in self._pulled.items())
        self._may_be_seen -= stale | because
        self._is_seen -= {*self._pulled, *stale, *because}
        self._may_be_void = False
        assert {1} >= set(self._restarts.values()), f"{self._name} was restarted twice for one move: {self._restarts}"
        assert all(n <= MOST_RESTARTS for n in self._in_a_row.values()), f"{self._name} is in a loop: {self._in_a_row}"

    def note_sight(self, *, is_sure: bool) -> None:
        """Note that a pass has looked, and seen which containers are up to date."""
        one = self._world.workloads.find(self._name)
        if one is None:
            return
        current = set(WORKLOADS[self._name]) - self._world.stale(self._name)
        self._sights.update(current - self._may_be_seen)
        self._may_be_seen |= current
        if is_sure and self.is_at_rest and not held(one) and not has_failed(one):
            self._is_seen |= (current & self._world.known()) - self._world.unprovable(self._name)
