"""
The node, brought up once for all tests that need it, and a namespace for each of them.

And how much is tried where inputs are made up: the same examples each time, however long one takes, or as many others
as FIGWASP_EXAMPLES says.
"""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from testbed import Bed, Namespace, Site, alone, down, is_up, up

EXAMPLES = int(os.environ.get("FIGWASP_EXAMPLES", "0"))

settings.register_profile("tests", deadline=None, derandomize=not EXAMPLES, max_examples=EXAMPLES or 100)
settings.load_profile("tests")


def pytest_configure() -> None:
    """Let programs that are tested end on SIGINT: a shell has what it starts in the background ignore it, for ever."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def bed() -> Iterator[Bed]:
    """The bed that is up, else one that is up for this run only."""
    site = Site.chosen()
    with alone(site, "run of tests"):  # which drops what a killed one left, and would drop what another one uses
        found = is_up(site)
        up(site)
        try:
            bed = Bed(site)
            bed.drop_extras()
            yield bed
        finally:
            if not found:
                down(site)


@pytest.fixture
def namespace(bed: Bed) -> Iterator[Namespace]:
    """A new namespace, deleted afterwards without waiting."""
    namespace = bed.namespace()
    yield namespace
    namespace.remove()
