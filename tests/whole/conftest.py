"""How much is tried: the same few examples each time, or as many others as FIGWASP_EXAMPLES says."""

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("FIGWASP_EXAMPLES", "0"))

settings.register_profile(
    "whole",
    deadline=None,
    max_examples=EXAMPLES or 32,
    stateful_step_count=25,
    derandomize=not EXAMPLES,
    # The fixed examples are not worth minutes of shrinking: FIGWASP_EXAMPLES finds smaller ones.
    phases=[Phase.explicit, Phase.generate, *([Phase.reuse, Phase.shrink] if EXAMPLES else [])],
    suppress_health_check=[HealthCheck.too_slow],
)
