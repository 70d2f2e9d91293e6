"""One line on the terminal that says what a long pass is doing; it is gone before the report comes."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from figwasp.app.tally import Count, Tally
from figwasp.core.meter import Phase, Step
from figwasp.errors import printable

AFTER_SECONDS = 2.0
"""A pass that is over by then shows nothing."""

EVERY_SECONDS = 0.2
SLOW_SECONDS = 2.0
"""After so long an answer is said to be waited for."""

_LAST_WORDS_SECONDS = 1.0
"""A terminal that was stopped (Ctrl-S) must not keep a pass from ending."""

_CLEAR = "\r\033[K"


@contextmanager
def shown(
    tally: Tally,
    write: Callable[[str], None] | None = None,
    width: Callable[[], int] | None = None,
    after_seconds: float = AFTER_SECONDS,
) -> Iterator[None]:
    """Show the progress that `tally` has counted, until the context ends."""
    write, width = write or _write, width or _width
    over = threading.Event()

    def draw() -> None:
        is_drawn = False
        pause = after_seconds
        while not over.wait(pause):
            pause = EVERY_SECONDS
            if words := progress_words(tally.count()):
                write(_CLEAR + fitted(words, width()))
                is_drawn = True
        if is_drawn:
            write(_CLEAR)

    drawing = threading.Thread(target=draw, name="progress", daemon=True)
    drawing.start()
    try:
        yield
    finally:
        over.set()
        drawing.join(_LAST_WORDS_SECONDS)


def progress_words(count: Count) -> str:
    """Say what is being done, and what is waited for; empty before anything was asked of anybody."""
    if not (count.kubernetes or count.others or count.waiting):
        # A plug-in for logins may be asking something at the same terminal.
        return ""
    # What is waited for comes first, since a narrow terminal cuts the end off.
    return printable(f"{count.seconds:.0f} s: {'; '.join([*_waits(count), _work(count)])}")


def fitted(words: str, width: int) -> str:
    """Cut a line so that it does not reach the end of the terminal, where it would go on below."""
    most = max(width - 1, 1)
    return words if len(words) <= most else words[: max(most - 3, 0)] + "..."[:most]


def _work(count: Count) -> str:
    done, expected = count.done, count.expected
    match count.phase:
        case Phase.START:
            return f"{_sum(count)} requests"
        case Phase.READING:
            return f"reading the cluster ({_read(count)})"
        case Phase.SECRETS:
            return "reading pull secrets"
        case Phase.REGISTRIES:
            return f"asked registries for {done[Step.REFERENCES]} of {expected.get(Step.REFERENCES, 0)} references"
        case Phase.JUDGING | Phase.RESTARTING:
            restarts = f", {done[Step.RESTARTS]} restarts" if done[Step.RESTARTS] else ""
            return f"judged {done[Step.WORKLOADS]} of {expected.get(Step.WORKLOADS, 0)} workloads{restarts}"


def _read(count: Count) -> str:
    """How many pages of lists were read; how many there will be nobody knows."""
    pages = sum(each.requests for asked, each in count.kubernetes.items() if asked.startswith("list "))
    megabytes = sum(each.received for each in count.kubernetes.values()) / 1e6
    return f"{pages} page{'' if pages == 1 else 's'}, {megabytes:.1f} MB"


def _sum(count: Count) -> int:
    return sum(each.requests for each in (*count.kubernetes.values(), *count.others.values()))


def _waits(count: Count) -> Iterator[str]:
    if count.waiting and count.waiting.seconds >= SLOW_SECONDS:
        exchange = count.waiting.exchange
        what = f"the API server ({exchange.kubernetes})" if exchange.kubernetes else exchange.host
        yield f"waiting {count.waiting.seconds:.0f} s for {what}"
    for host, seconds in count.pauses.items():
        yield f"{host} is asked again in {seconds:.0f} s"


def _write(text: str) -> None:
    with suppress(OSError):  # the terminal is gone: the pass is not
        sys.stderr.write(text)
        sys.stderr.flush()


def _width() -> int:
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80
