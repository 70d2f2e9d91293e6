"""A workload whose old content was cleaned up, and a registry beside its own that is in trouble."""

import pytest

from tests.certificates import Authority
from tests.hostile.scene import misbehaving


@pytest.mark.parametrize("name", ["429 for ever", "a connection that is closed"])
def test_a_registry_in_trouble_holds_up_no_restart_of_another_registrys_workload(
    name: str, authority: Authority
) -> None:
    """What runs might be in any registry of the pass; to wait for each of them would be to wait for ever."""
    with misbehaving(name, authority) as (place, is_plain):
        registry = place.stage.registry
        ran_once = registry.put("web", "", place.stage.manifest("cleaned up"))
        place.stage.run_pod(ran_once, "web")
        registry.delete("web", ran_once)
        ran = place.run(is_plain=is_plain)

    assert ("not_judged", "restarted", "current") == tuple(map(ran.became, ("victim", "web", "api"))), ran.events
