"""Which objects go when another one goes: those that name it, and no other that is still there, as their owner."""

from figwasp.embedded.api.resources import Json

Place = tuple[str, str]
"""The plural of a resource, and the key of an object in it."""


class Owners:
    """Objects by their own uid and by the uids of their owners."""

    def __init__(self) -> None:
        self._here: dict[str, Place] = {}
        self._owned: dict[str, set[Place]] = {}

    def add(self, place: Place, value: Json) -> None:
        """Note an object that is stored."""
        self._here[value["metadata"]["uid"]] = place
        for uid in owners_of(value):
            self._owned.setdefault(uid, set()).add(place)

    def drop(self, place: Place, value: Json) -> None:
        """Note that an object is gone, or about to be replaced."""
        self._here.pop(value["metadata"]["uid"], None)
        for uid in owners_of(value):
            self._owned.get(uid, set()).discard(place)

    def dependents(self, value: Json) -> list[Place]:
        """The objects that name `value` as an owner."""
        return sorted(self._owned.get(value["metadata"]["uid"], ()))

    def has_owner(self, value: Json) -> bool:
        """Whether any owner of an object is there."""
        return any(uid in self._here for uid in owners_of(value))


def owners_of(value: Json) -> list[str]:
    """The uids of an object's owners."""
    return [reference.get("uid", "") for reference in value["metadata"].get("ownerReferences") or ()]
