"""What a controller is to the node: one for each kind of workload, in a file of its own."""

from typing import ClassVar, Protocol

from figwasp.embedded.node.cluster import Cluster, Owned
from figwasp.embedded.node.objects import Json


class Controller(Protocol):
    """Looks after the objects of one resource, one at a time, in small steps."""

    kind: ClassVar[str]
    plural: ClassVar[str]

    def __init__(self, cluster: Cluster) -> None: ...

    def step(self, one: Json, owned: Owned) -> None:
        """
        Take one step towards what the object wants; where there is nothing to do, write nothing.

        Raises:
            Changed: somebody else wrote one of the objects meanwhile.
        """

    def is_settled(self, one: Json, /) -> bool:
        """Whether nothing will change until somebody wants something else."""
