"""How much is tried: the same few examples each time, or as many others as FIGWASP_EXAMPLES says."""

from hypothesis import HealthCheck, Phase, settings

from tests.conftest import EXAMPLES

settings.register_profile(
    "whole",
    max_examples=EXAMPLES or 32,
    stateful_step_count=25,
    # The fixed examples are not worth minutes of shrinking: FIGWASP_EXAMPLES finds smaller ones.
    phases=[Phase.explicit, Phase.generate, *([Phase.reuse, Phase.shrink] if EXAMPLES else [])],
    suppress_health_check=[HealthCheck.too_slow],
)
