"""The stage, for worlds that the bench makes."""

from collections.abc import Iterator

import pytest

from tests.app.stage import Stage
from tests.app.stage import stage as new_stage


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage with nothing on it."""
    with new_stage() as one:
        yield one
