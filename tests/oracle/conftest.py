"""The judge, built once and asked by every test here."""

from pathlib import Path

import pytest

from testbed import oracle
from tests.oracle.judge import Judge

_TIMEOUT_SECONDS = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here as one of the node tier: it needs Go. The time limit leaves out the build."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.node)
            item.add_marker(pytest.mark.timeout(_TIMEOUT_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def judge() -> Judge:
    """Upstream's own code."""
    return Judge(oracle())
