"""How much is tried: the same few examples each time, or as many others as FIGWASP_EXAMPLES says."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.conftest import EXAMPLES

_TIMEOUT_SECONDS = 300

settings.register_profile(
    "whole",
    max_examples=EXAMPLES or 32,
    stateful_step_count=25,
    # The fixed examples are not worth minutes of shrinking: FIGWASP_EXAMPLES finds smaller ones.
    phases=[Phase.explicit, Phase.generate, *([Phase.reuse, Phase.shrink] if EXAMPLES else [])],
    suppress_health_check=[HealthCheck.too_slow],
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test here time: one is hundreds of passes, and may take a minute on a machine that is busy."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not EXAMPLES:
            item.add_marker(pytest.mark.timeout(_TIMEOUT_SECONDS))
