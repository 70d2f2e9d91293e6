"""
One pass over each registry that misbehaves and each API server that fails: how long it took, and its peak memory.

    python -m bench.hostile

The same programs as in `tests/hostile`, where both are bounded. A request may take 0.5 s here, the pass 20 s.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.app.stage import Stage
from tests.certificates import Authority
from tests.hostile.api_server import FAILURES
from tests.hostile.registry import MISBEHAVIOURS
from tests.hostile.scene import LONGEST_SECONDS, MOST_MEGABYTES, Ran, misbehaving, run_on


def main() -> int:
    """Measure and print; 1 if something took too long or too much."""
    worst = (0.0, 0.0)
    for what, ran in (*_registries(), *_api_servers()):
        print(f"{what:55} exit {ran.code}  {ran.seconds:5.2f} s  {ran.megabytes:5.1f} MB", flush=True)
        worst = max(worst[0], ran.seconds), max(worst[1], ran.megabytes)
    print(f"{'the worst':55}         {worst[0]:5.2f} s  {worst[1]:5.1f} MB")
    return int(worst[0] > LONGEST_SECONDS or worst[1] > MOST_MEGABYTES)


def _registries() -> Iterator[tuple[str, Ran]]:
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        for name in MISBEHAVIOURS:
            with misbehaving(name, authority) as (place, is_plain):
                yield f"registry: {name}", place.run(is_plain=is_plain)


def _api_servers() -> Iterator[tuple[str, Ran]]:
    for name, failure in FAILURES.items():
        with ApiServer() as api, Registry() as registry, contextlib.closing(Stage(api, registry)) as stage:
            stage.deploy("old")
            stage.push("new")
            stage.deploy("same", "api")
            failure.begin(api)
            yield f"API server: {name}", run_on(stage)


if __name__ == "__main__":
    sys.exit(main())
