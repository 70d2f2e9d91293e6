"""
A whole pass by the program itself: over a workload whose registry misbehaves, and two whose registry does not.

`victim` runs content that its registry once had. `web` is stale and `api` is current, whatever happens beside them.
"""

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import run
from typing import Final

from msgspec import Struct

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.kubeconfig import kubeconfig
from figwasp.embedded.registry.server import Registry, digest_of
from tests.app.stage import Stage
from tests.certificates import Authority
from tests.hostile.registry import MISBEHAVIOURS, OLD, SPEAKING_TLS, USERS
from tests.objects import NAMESPACE, container, deployment, pod, replica_set

CLIENT_SECONDS: Final = 1.0
PASS_SECONDS: Final = 40
LONGEST_SECONDS: Final = 20.0
MOST_MEGABYTES: Final = 64.0
"""What no pass over a registry or API server in trouble may exceed, on a busy machine too."""

# Started by a process that is small itself: a process's peak memory begins with that of the one that started it.
_MEASURE: Final = """
import os, sys, time
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(pid, 0)[1:]
seconds = time.perf_counter() - start
open(sys.argv[1], "w").write(f"{os.waitstatus_to_exitcode(status)} {seconds} {usage.ru_maxrss / 1024}")
"""


class Ran(Struct, frozen=True):
    """One pass: its exit code, what became of each workload (event, why), and what it took."""

    code: int
    events: dict[str, tuple[str, str]]
    seconds: float
    megabytes: float
    errors: str

    def became(self, name: str) -> str:
        """The event of a workload, empty for none."""
        return self.events.get(name, ("", ""))[0]


def run_pass(url: str, *, config: str = "", authority: str = "", pass_seconds: float = PASS_SECONDS) -> Ran:
    """Run `figwasp once` against the API server at `url`, with settings (TOML), and measure it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "kubeconfig").write_text(kubeconfig(url, NAMESPACE))
        (folder / "figwasp.toml").write_text(config)
        environment = {
            "PATH": os.environ["PATH"],
            "KUBECONFIG": str(folder / "kubeconfig"),
            "FIGWASP_CONFIG": str(folder / "figwasp.toml"),
            "FIGWASP_CLIENT_TIMEOUT": f"{CLIENT_SECONDS}s",
            "FIGWASP_PASS_TIMEOUT": f"{pass_seconds}s",
            "FIGWASP_LOG_FORMAT": "json",
            "FIGWASP_REGISTRY_CA": authority,
        }
        argv = [sys.executable, "-W", "error", "-m", "figwasp", "once", "-v"]
        measure = [sys.executable, "-I", "-S", "-c", _MEASURE, str(folder / "measured"), *argv]
        done = run(measure, env=environment, capture_output=True, text=True, timeout=60, check=False)
        code, seconds, megabytes = (folder / "measured").read_text().split()
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    events = {each["name"]: (each["event"], each["why"]) for each in lines if "name" in each}
    return Ran(int(code), events, float(seconds), float(megabytes), done.stderr)


def run_on(stage: Stage) -> Ran:
    """Run one pass over what is on a stage."""
    return run_pass(stage.api.url, config=f'[registry."{stage.registry.host}"]\nplain_http = true\n')


def restarts(stage: Stage, name: str) -> int:
    """How often a workload's template was changed."""
    return int(stage.api.get("deployments", NAMESPACE, name)["metadata"]["generation"]) - 1


class Place:
    """The three workloads, on a stage of their own."""

    def __init__(self, stage: Stage, host: str, authority: Authority) -> None:
        self.stage = stage
        self._host = host
        self._authority = str(authority.certificate)
        stage.deploy("old", "web")
        stage.push("new", "web")
        stage.deploy("same", "api")
        self._deploy_victim()

    def _deploy_victim(self) -> None:
        reference = f"{self._host}/victim:latest"
        one = deployment("victim", container(image=reference))
        one["metadata"]["labels"]["figwasp/target"] = "true"
        running = pod("victim", image_id=f"{self._host}/victim@{digest_of(OLD)}")
        running["spec"] |= {"containers": [container(image=reference)], "imagePullSecrets": [{"name": "login"}]}
        for plural, each in (("deployments", one), ("replicasets", replica_set("victim")), ("pods", running)):
            self.stage.api.put(plural, {**each, "metadata": {**each["metadata"], "namespace": NAMESPACE}})
        self.stage.pull_secret("login", "ann", USERS["ann"], host=self._host)

    def run(self, *, is_plain: bool) -> Ran:
        """Run one pass."""
        hosts = [self.stage.registry.host, *([self._host] if is_plain else [])]
        config = "".join(f'[registry."{each}"]\nplain_http = true\n' for each in hosts)
        return run_pass(self.stage.api.url, config=config, authority=self._authority)

    def restarts(self, name: str) -> int:
        """How often a workload's template was changed."""
        return restarts(self.stage, name)


@contextlib.contextmanager
def misbehaving(name: str, authority: Authority) -> Iterator[tuple[Place, bool]]:
    """The three workloads and a registry that misbehaves so; and whether it is asked without encryption."""
    with (
        ApiServer() as api,
        Registry() as registry,
        MISBEHAVIOURS[name](authority.server_context()) as host,
        contextlib.closing(Stage(api, registry)) as stage,
    ):
        yield Place(stage, host, authority), name not in SPEAKING_TLS
