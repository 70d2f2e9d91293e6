"""A failing API server: the ways in which it fails, by name, each done to the small one."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from figwasp.embedded.api.server import ApiServer, Fault
from tests.objects import NAMESPACE, pod

ALWAYS: Final = 99


class Failure(Struct, frozen=True):
    """How it fails, and what a pass then does: its exit code, and whether `web`, which is stale, is restarted."""

    begin: Callable[[ApiServer], object]
    code: int
    restarts: bool = False


def _fault(verb: str, resource: str, fault: Fault, times: int = ALWAYS) -> Callable[[ApiServer], object]:
    return lambda api: api.fault(verb, resource, fault, times=times)


def _pages_that_expire(api: ApiServer) -> None:
    for number in range(510):
        api.put("pods", pod(f"other-{number}"))
    api.fault("list", "pods", Fault.EXPIRED, times=ALWAYS)


def _changes_for_ever(api: ApiServer) -> None:
    count = iter(range(1000))

    def change() -> None:
        labels = {"count": str(next(count))}
        api.edit("deployments", NAMESPACE, "web", lambda one: one["metadata"]["labels"].update(labels))

    api.before("update", "deployments", change, times=ALWAYS)


def _is_slow(api: ApiServer) -> None:
    for verb, resource in (("list", "deployments"), ("list", "pods"), ("list", "replicasets"), ("get", "deployments")):
        api.before(verb, resource, lambda: api.closing.wait(0.2), times=ALWAYS)


def _updates_and_is_silent(api: ApiServer) -> None:
    api.fault("update", "deployments", Fault.APPLY_THEN_DROP)
    api.before("update", "deployments", lambda: api.fault("get", "deployments", Fault.HANG, times=ALWAYS))


def _update(fault: Fault) -> Failure:
    """Take every update, and let nobody know."""
    return Failure(_fault("update", "deployments", fault), 0, restarts=True)


FAILURES: Final = {
    "500 for every list": Failure(_fault("list", "pods", Fault.INTERNAL_ERROR), 1),
    "500 once": Failure(_fault("list", "pods", Fault.INTERNAL_ERROR, 1), 0, restarts=True),
    "500 for every object": Failure(_fault("get", "deployments", Fault.INTERNAL_ERROR), 1),
    "500 for every update": Failure(_fault("update", "deployments", Fault.INTERNAL_ERROR), 1),
    "429 once, with Retry-After": Failure(_fault("list", "pods", Fault.TOO_MANY_REQUESTS, 1), 0, restarts=True),
    "429 for ever": Failure(_fault("list", "deployments", Fault.TOO_MANY_REQUESTS), 1),
    "429 for every update": Failure(_fault("update", "deployments", Fault.TOO_MANY_REQUESTS), 1),
    "410 for every continue token": Failure(_pages_that_expire, 1),
    "a list that is cut off": Failure(_fault("list", "pods", Fault.CUT), 1),
    "a list that is cut off once": Failure(_fault("list", "pods", Fault.CUT, 1), 0, restarts=True),
    "a page in place of a list": Failure(_fault("list", "replicasets", Fault.NOT_JSON), 1),
    "409 for ever": Failure(_changes_for_ever, 1),
    "slow, but in time": Failure(_is_slow, 0, restarts=True),
    "no answer to a list": Failure(_fault("list", "pods", Fault.HANG), 1),
    "no answer to an update": Failure(_fault("update", "deployments", Fault.HANG), 1),
    "an update that is dropped": Failure(_fault("update", "deployments", Fault.DROP), 1),
    "an update whose answer is lost": _update(Fault.APPLY_THEN_DROP),
    "an update whose answer never comes": Failure(
        _fault("update", "deployments", Fault.APPLY_THEN_HANG), 0, restarts=True
    ),
    "an update whose answer is cut off": _update(Fault.CUT),
    "a page in place of an update": Failure(_fault("update", "deployments", Fault.NOT_JSON), 1),
    "an update behind a bad gateway": _update(Fault.BAD_GATEWAY),
    "an update and then silence": Failure(_updates_and_is_silent, 1, restarts=True),
}
"""Every way to fail, by name."""
