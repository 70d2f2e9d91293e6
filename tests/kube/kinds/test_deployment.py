"""Deployments: whether a restart is an outage; their roll-out state is in the tests of the reader."""

from typing import Any

import pytest

from figwasp.kube.kinds.deployment import Deployment
from tests.kube.kinds.objects import pick
from tests.objects import deployment


def rolling(surge: int | str, unavailable: int | str) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


@pytest.mark.parametrize(
    ("replicas", "strategy", "said"),
    [
        (1, None, ""),
        (1, rolling("25%", "25%"), ""),
        (1, rolling(0, 1), "all its pods be unavailable"),
        (1, rolling(0, 0), "all its pods be unavailable"),
        (4, rolling(0, 0), ""),
        (4, rolling(1, "100%"), "all its pods be unavailable"),
        (4, {"type": "Recreate"}, "Recreate"),
    ],
)
def test_a_restart_that_leaves_no_pod_is_an_outage(replicas: int, strategy: dict[str, Any] | None, said: str) -> None:
    given = deployment(replicas=replicas, strategy=strategy)

    outage = pick(Deployment, given).outage

    assert bool(said) == bool(outage)
    assert said in outage
