"""What is decided on a workload: to restart it, or to leave it, and why."""

from enum import StrEnum

from msgspec import Struct

from figwasp.core.finding import Finding
from figwasp.core.record import Record
from figwasp.core.restraint import Wait
from figwasp.core.workload import Workload, WorkloadKey


class Why(StrEnum):
    """Why a workload is left as it is: the owner's wish, its state, or doubt."""

    IGNORED = "its owner wants it left alone"
    OWNED = "another controller owns it and may undo a restart"
    ON_DELETE = "its update strategy is OnDelete, so a restart would replace no pod"
    PARTITION = "its partition keeps all its pods, so a restart would replace none"
    PAUSED = "its roll-outs are paused"
    SCALED_TO_ZERO = "it has 0 replicas"
    IN_PROGRESS = "a roll-out is in progress"
    STALLED = "its roll-out does not get on, and a restart would wait for the same"
    PINNED = "its images are pinned by digest"
    DELETING = "it is being deleted"
    DESELECTED = "it is no longer selected"
    CURRENT = "up to date"
    PENDING = "it is to be restarted, but this pass has restarted as many as it may"
    SETTLING = "its tag has moved, and is given time to settle"
    RESTARTED_LATELY = "it is to be restarted again, but not yet"
    VOLUMES = "its containers are up to date; what image its volumes have, nodes do not report"
    PULL_POLICY = "its pull policy keeps the image that the node has"
    NO_STATUS = "its pods have not reported what they run yet"
    NO_REVISION = "which pods belong to its current revision could not be told"
    FAILED_WITH_IT = "its last roll-out failed with the very image that its tag names"
    NOT_CONVERGING = "it was restarted for this image, and its pods do not follow"
    INCOMPLETE = "its tag has moved, but another image that a restart would pull could not be checked"
    UNKNOWN = "it could not be judged"

    @property
    def word(self) -> str:
        """The reason in a word or two, for counting."""
        return self.name.lower().replace("_", " ")

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at it (exit code 1), since it is not a wish or a passing state."""
        return self in _NEEDING_ATTENTION

    @property
    def is_waiting(self) -> bool:
        """Whether a restart is due, and a later pass will do it of itself."""
        return self in _WAITING

    @property
    def is_lasting(self) -> bool:
        """Whether nothing will change before somebody does something, though the workload was asked for."""
        return self in _LASTING


_WAITING = frozenset({Why.PENDING, Why.SETTLING, Why.RESTARTED_LATELY})
_LASTING = frozenset({Why.OWNED, Why.ON_DELETE, Why.PARTITION, Why.PULL_POLICY})
_NEEDING_ATTENTION = frozenset(
    {Why.STALLED, Why.NO_REVISION, Why.FAILED_WITH_IT, Why.NOT_CONVERGING, Why.INCOMPLETE, Why.UNKNOWN}
)


class Restart(Struct, frozen=True):
    """The workload is to be restarted for the `because` findings; `record` is to be written with it."""

    workload: Workload
    findings: tuple[Finding, ...]
    because: tuple[Finding, ...]
    record: Record

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.workload.key


class Leave(Struct, frozen=True):
    """
    The workload stays as it is.

    `detail` and `hint` say more than `why` where there is more to say. `record` is what was learned and is worth
    keeping; it is the workload's own where nothing was. `wait` is from when and until when a restart waits that is
    due.
    """

    workload: Workload
    why: Why
    detail: str
    hint: str
    findings: tuple[Finding, ...]
    record: Record
    wait: Wait | None = None

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.workload.key

    @property
    def words(self) -> str:
        """The reason with its detail, in a sentence."""
        if self.why is Why.UNKNOWN and self.detail:
            return self.detail
        return f"{self.why}: {self.detail}" if self.detail else str(self.why)
