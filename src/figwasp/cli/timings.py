"""
Where the time and the requests of a pass went: for people, and for programs.

The form for programs is part of what users rely on, as of `document`: `docs/schema/timings.v1.json` is made from it.
"""

import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from figwasp.app.tally import Count, Traffic
from figwasp.cli.wire import Wire, moment
from figwasp.core.meter import Phase
from figwasp.errors import printable

PHASES = {
    Phase.START: "start-up",
    Phase.READING: "workloads, revisions, pods",
    Phase.SECRETS: "pull secrets",
    Phase.REGISTRIES: "registries",
    Phase.JUDGING: "judging",
    Phase.RESTARTING: "restarting",
}


class TrafficPart(Wire, frozen=True, kw_only=True):
    """
    Requests that are alike.

    Repeated ones are counted each time. The bytes are those of whole messages, heads too, without TLS; `seconds` is
    what all of them took, which for requests at the same time is more than went by.
    """

    requests: int
    sent_bytes: int
    received_bytes: int
    seconds: float


class KubernetesTraffic(TrafficPart, frozen=True, kw_only=True):
    """What the API server was asked: by the verb and resource that a Role would name."""

    verb: str
    resource: str


class HostTraffic(TrafficPart, frozen=True, kw_only=True):
    """What a registry, a token server or a store of blobs was asked."""

    host: str
    method: str


class TimingsPart(Wire, frozen=True, kw_only=True):
    """
    Where time and requests went.

    `phases` are start, reading, secrets, registries, judging and restarting, in seconds that add up to `seconds`;
    start is from the beginning of the process, where the system tells that. `connections` and `retries` are by host.
    `cpuSeconds` and `peakMemoryBytes` are of the whole process.
    """

    seconds: float
    phases: dict[str, float]
    kubernetes: tuple[KubernetesTraffic, ...]
    registries: tuple[HostTraffic, ...]
    connections: dict[str, int]
    retries: dict[str, int]
    cpu_seconds: float
    peak_memory_bytes: int


class TimingsEvent(TimingsPart, frozen=True, kw_only=True):
    """The line whose event is timings, of figwasp once --log-format json --timings."""

    time: str
    level: Literal["info"]
    event: Literal["timings"]


def timings(count: Count) -> TimingsPart:
    """Write down what was counted, and what this process used."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return TimingsPart(
        seconds=round(count.seconds, 3),
        phases={str(phase): round(seconds, 3) for phase, seconds in count.phases.items()},
        kubernetes=tuple(_kubernetes(asked, traffic) for asked, traffic in count.kubernetes.items()),
        registries=tuple(
            HostTraffic(host=host, method=method, **_facts(traffic)) for (host, method), traffic in count.others.items()
        ),
        connections=dict(count.connections),
        retries=dict(count.repeats),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        peak_memory_bytes=usage.ru_maxrss * unit,
    )


def timings_event(count: Count, at: datetime) -> str:
    """Write it as one line of a log."""
    facts: dict[str, Any] = msgspec.to_builtins(timings(count))
    return msgspec.json.encode({"time": moment(at), "level": "info", "event": "timings", **facts}).decode()


def timings_lines(part: TimingsPart) -> Iterator[str]:
    """Give the same for people, in columns."""
    phases = [(name, f"{part.phases[phase]:.3f}") for phase, name in PHASES.items()]
    yield from _table(("TIME", "SECONDS"), [*phases, ("together", f"{part.seconds:.3f}")])
    asked = [
        *((f"{each.verb} {each.resource}", "API server", *_cells(each)) for each in part.kubernetes),
        *((each.method, each.host, *_cells(each)) for each in part.registries),
    ]
    if asked:
        yield from _table(("REQUESTS", "OF", "NUMBER", "SENT", "RECEIVED", "SECONDS"), asked, left=2)
    for name, by_host in (("connections", part.connections), ("retries", part.retries)):
        hosts = ", ".join(f"{number} to {host}" for host, number in by_host.items())
        yield printable(f"{name}: {hosts or 'none'}")
    yield f"CPU: {part.cpu_seconds:.3f} s; peak memory: {_bytes(part.peak_memory_bytes)}"


def _kubernetes(asked: str, traffic: Traffic) -> KubernetesTraffic:
    verb, _, plural = asked.partition(" ")
    return KubernetesTraffic(verb=verb, resource=plural, **_facts(traffic))


def _facts(traffic: Traffic) -> dict[str, Any]:
    return {
        "requests": traffic.requests,
        "sent_bytes": traffic.sent,
        "received_bytes": traffic.received,
        "seconds": round(traffic.seconds, 3),
    }


def _cells(part: TrafficPart) -> tuple[str, str, str, str]:
    return str(part.requests), _bytes(part.sent_bytes), _bytes(part.received_bytes), f"{part.seconds:.3f}"


def _bytes(number: int) -> str:
    if number < 1000:
        return f"{number} B"
    return f"{number / 1e3:.1f} kB" if number < 1_000_000 else f"{number / 1e6:.1f} MB"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """Draw columns: the first `left` of them are texts, the others numbers."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        cells = zip(row, widths, strict=True)
        drawn = [f"{cell:<{width}}" if n < left else f"{cell:>{width}}" for n, (cell, width) in enumerate(cells)]
        yield printable("  ".join(drawn).rstrip())
