"""An address at which nobody is."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def nobody() -> Iterator[int]:
    """
    A port of 127.0.0.1 that refuses connections.

    It is held meanwhile: one that was let go of may be another test's by the time that it is asked.
    """
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
