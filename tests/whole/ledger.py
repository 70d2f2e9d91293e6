"""What is known of the restarts of one workload, and so what the next pass may and must do; by no rule of Figwasp's."""

from collections import Counter

from tests.whole.world import WORKLOADS, World


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
        self._restarts: Counter[tuple[int, str, int]] = Counter()
        self._tried: dict[str, object] = {}
        self._may_be_seen: set[str] = set()
        self._is_seen: set[str] = set()
        self._may_be_void = False

    def change_template(self) -> None:
        """Note that the pod template is another one, or that the record may be gone: one restart more is allowed."""
        self._template += 1
        self._may_be_void = True

    def pulls(self, container: str) -> bool:
        """Whether a restart makes a container pull."""
        return self.policy == "Always" or container != WORKLOADS[self._name][0]

    @property
    def stale(self) -> set[str]:
        """The containers that a restart would bring up to date."""
        return {each for each in self._world.stale(self._name) if self.pulls(each)}

    @property
    def may(self) -> set[str]:
        """Those of them for which a pass may restart it."""
        return {
            each for each in self.stale if self._may_be_void or each in self._may_be_seen or not self._is_tried(each)
        }

    @property
    def must(self) -> set[str]:
        """Those of them for which a pass that meets with no trouble has to restart it."""
        return {each for each in self.stale if each in self._is_seen or not self._is_tried(each)}

    def _is_tried(self, container: str) -> bool:
        return self._tried.get(container) == self._world.tag(container)

    def note_restart(self, stale: set[str], because: set[str]) -> None:
        """Note a restart for `because`, which brings `stale` up to date too; at most one for each move of a tag."""
        for each in because:
            self._restarts[self._template, each, self._world.moves[each]] += 1
        for each in stale:
            self._tried[each] = self._world.tag(each)
        self._may_be_seen -= stale
        self._is_seen -= stale
        self._may_be_void = False
        assert {1} >= set(self._restarts.values()), f"{self._name} was restarted twice for one move: {self._restarts}"

    def note_sight(self, *, is_sure: bool) -> None:
        """Note that a pass has looked, and seen which containers are up to date."""
        current = set(WORKLOADS[self._name]) - self._world.stale(self._name)
        self._may_be_seen |= current
        self._is_seen |= current if is_sure else set()
