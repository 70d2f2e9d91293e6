"""
What several threads decode for the first time at the same moment.

msgspec looks at a type when it first decodes it, and lets others use what is not finished yet: a process dies of that.
So whatever threads decode has a decoder that was made as its module was imported, or under a lock (decision 2).
"""

import subprocess
import sys
from typing import Final

import pytest

_ROUNDS: Final = """
import sys, threading
sys.setswitchinterval(1e-6)

def decode_at_once(act):
    gate = threading.Barrier(8)
    def go():
        gate.wait()
        act()
    threads = [threading.Thread(target=go) for _ in range(8)]
    for each in threads: each.start()
    for each in threads: each.join()

for _ in range(15):
    for name in [each for each in sys.modules if each.startswith("figwasp")]:
        del sys.modules[name]
    {prepare}
    decode_at_once(lambda: {act})
"""

_INDEX: Final = '{"schemaVersion":2,"manifests":[{"digest":"sha256:' + "a" * 64 + '","platform":{"os":"linux"}}]}'
_STATUS: Final = b'{"kind":"Status","details":{"causes":[{"field":"a"}]}}'
_OBJECT: Final = b'{"metadata":{},"spec":{"containers":[{"name":"web"}]},"status":{}}'
_RECORD: Final = (
    '{"containers":{"web":{"origins":["a"],"to":"b","seen":true}},"sightings":{"web":{"to":"b","since":""}}}'
)

CASES: Final = {
    "manifests": ("from figwasp.core.manifest import parse_manifest", f"parse_manifest({_INDEX.encode()!r})"),
    "configs": ("from figwasp.core.manifest import parse_config", "parse_config(b'{}')"),
    "records": ("from figwasp.core.record import Record", f"Record.parse({_RECORD!r})"),
    "tokens": (
        "from figwasp.registry.auth import read_token; from figwasp.net.http1 import Response",
        "read_token(Response(200, body=b'{\"token\":\"t\"}'), 'ghcr.io')",
    ),
    "refusals of registries": (
        "from figwasp.registry.faults import _why; from figwasp.net.http1 import Response",
        '_why(Response(401, body=b\'{"errors":[{"code":"DENIED"}]}\'), None)',
    ),
    "refusals of the API server": ("from figwasp.kube.faults import _parse", f"_parse({_STATUS!r})"),
    "objects of the API server": (
        "from figwasp.kube import client, picks; one, kinds = client.ApiClient(0, 0), [picks.Pod, picks.Secret] * 4",
        f"one._decode({_OBJECT!r}, kinds.pop(), None)",
    ),
}


@pytest.mark.parametrize(("prepare", "act"), CASES.values(), ids=CASES)
def test_threads_that_decode_for_the_first_time_do_not_harm_each_other(prepare: str, act: str) -> None:
    program = _ROUNDS.format(prepare=prepare, act=act)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)

    assert (0, "") == (done.returncode, done.stderr)
