"""Where programs are measured: the bed without a node, a namespace full of ghosts, accounts with the least Roles."""

import contextlib
import datetime as dt
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import yaml

from bench.figures import Row, Run
from bench.installed import TREE
from bench.link import Link
from testbed import Bed, Json, Namespace, ServiceAccount, TestbedError, autorollout, original
from testbed.autorollout import autorollout as build_autorollout
from testbed.ghosts import Ghosts, Herd, Moulds
from testbed.store import Store

TARGET = {"figwasp/target": "true", **autorollout.LABEL}
_NAMED_ROLE = (
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
)
_SECONDS = 900.0


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is measured, and with which rights."""

    name: str
    argv: tuple[str, ...]
    rules: Sequence[Json]
    env: Mapping[str, str] = field(default_factory=dict)
    until: str = ""
    """What it prints at the end of a pass, if it does not end itself."""


@dataclass(frozen=True)
class Place:
    """A namespace of the bed in which everything is as it should be measured."""

    bed: Bed
    namespace: Namespace
    ghosts: Ghosts
    registry_port: int
    """Of the registry, or of the link before it: what references name."""
    herds: dict[str, tuple[Herd, Moulds]] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The registry, as references name it."""
        return f"127.0.0.1:{self.registry_port}"

    def settle_in(self, herd: Herd) -> None:
        """Write a herd."""
        self.herds[herd.name] = herd, self.ghosts.settle_in(herd)

    def restore(self) -> None:
        """Undo restarts."""
        for herd, moulds in self.herds.values():
            self.ghosts.restore(herd, moulds)

    def account(self, program: Program) -> ServiceAccount:
        """An account with the program's Role."""
        name = program.name.replace(" ", "-").replace(".", "-")
        return self.namespace.service_account(name, program.rules)

    def run(self, program: Program, account: ServiceAccount, env: Mapping[str, str] | None = None) -> Run:
        """
        One pass, as in a pod.

        Raises:
            TestbedError: it failed.
        """
        log = self.bed.access(self.bed.registry)
        audit_mark, access_mark = self.bed.audit.mark(), log.mark()
        settings = account.folder / "autorollout.yaml"
        if program.until:
            autorollout.write_settings(
                settings, self.host, self.bed.registry_ca, dt.datetime.fromtimestamp(time.time(), dt.UTC)
            )
        spec = {"argv": list(program.argv), "until": program.until}
        done = account.run_as_in_a_pod(
            sys.executable,
            "-I",
            str(TREE / "bench" / "timed.py"),
            json.dumps(spec),
            env={
                "FIGWASP_TARGET_NAMESPACE": self.namespace.name,
                "SSL_CERT_FILE": str(self.bed.registry_ca),
                "CONFIG_FILE": str(settings),
                "RUST_LOG": "info",
                "NO_COLOR": "1",
                **program.env,
                **(env or {}),
            },
            timeout=_SECONDS,
        )
        if done.returncode:
            raise TestbedError(f"{program.name}: {done.stdout}{done.stderr}")
        measured = json.loads(done.stdout)
        if measured["status"] and not program.until:
            raise TestbedError(f"{program.name} ended with {measured['status']}: {done.stderr[:2000]}")
        asked = api_calls(self.bed.audit.path, audit_mark, account.user)
        wall = measured["wall_seconds"]
        if program.until:
            # Its start and its wait for the time of day are no part of the pass, which begins with a LIST.
            wall -= min(call.received for call in asked if call.what.startswith("list")) - measured["began"]
        seconds: dict[str, float] = {}
        for call in asked:
            seconds[call.what] = seconds.get(call.what, 0.0) + call.seconds
        return Run(
            wall_seconds=wall,
            cpu_seconds=measured["cpu_seconds"],
            peak_mb=measured["peak_mb"],
            api_requests=dict(Counter(call.what for call in asked)),
            api_seconds=seconds,
            registry_requests=dict(Counter(each.call.method for each in log.requests(since=access_mark))),
        )

    def compare(self, programs: Sequence[Program], runs: int) -> tuple[Row, ...]:
        """Run them in turn; bytes are counted in a run of its own, before the others, which warms up as well."""
        accounts = {program.name: self.account(program) for program in programs}
        measured: dict[str, list[Run]] = {program.name: [] for program in programs}
        counted: dict[str, tuple[int, int]] = {}
        for program in programs:
            with Link(self.bed.site.port("kube-apiserver")) as link:
                self.run(program, accounts[program.name], {"KUBERNETES_SERVICE_PORT": str(link.port)})
                counted[program.name] = link.received, link.sent
            self.restore()
        for _ in range(runs):
            for program in programs:
                measured[program.name].append(self.run(program, accounts[program.name]))
                self.restore()
        return tuple(
            Row(program=name, runs=tuple(found), api_bytes=counted[name][0]) for name, found in measured.items()
        )


def figwasp(python: Path, tree: Path = TREE, *, named: str = "") -> Program:
    """figwasp as it is installed, over what carries the label, or over one Deployment."""
    command = (str(python.with_name("figwasp")),)
    if named:
        return Program(name="figwasp", argv=command, rules=_NAMED_ROLE, env={"FIGWASP_TARGET_DEPLOYMENT": named})
    manifests = yaml.safe_load_all((tree / "docs" / "cronjob.yaml").read_text())
    (role,) = (each for each in manifests if each["kind"] == "Role")
    return Program(name="figwasp", argv=command, rules=role["rules"])


def the_original(named: str) -> Program:
    """The original, which looks after one Deployment."""
    env = {"FIGWASP_TARGET_DEPLOYMENT": named}
    return Program(name="original 1.0.0", argv=(str(original()),), rules=_NAMED_ROLE, env=env)


def the_peer() -> Program:
    """kube-autorollout, over what carries its own label."""
    return Program(
        name=f"kube-autorollout {autorollout.VERSION}",
        argv=(str(build_autorollout()),),
        rules=autorollout.ROLE,
        until=autorollout.LAST_LINE,
    )


@contextlib.contextmanager
def place(bed: Bed, *, registry_port: int = 0) -> Iterator[Place]:
    """A new namespace, which is gone afterwards."""
    name = f"bench-{secrets.token_hex(4)}"
    bed.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    namespace = Namespace(name, bed.api, bed.site)
    # What controllers would make.
    namespace.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    found = Ghosts(namespace, Store.of(bed.site))
    found.add_nodes()
    try:
        yield Place(bed, namespace, found, registry_port or bed.registry.port)
    finally:
        found.remove()
        found.store.close()


class ApiCall(NamedTuple):
    """A request as the API server saw it."""

    what: str
    """Verb and resource, as "list pods"."""
    received: float
    """Seconds since the epoch."""
    seconds: float
    """Until it was answered in full."""


def api_calls(audit: Path, mark: int, user: str) -> tuple[ApiCall, ...]:
    """What the account asked of the API server after the mark, for resources."""
    with audit.open("rb") as log:
        log.seek(mark)
        events = [json.loads(line) for line in log]
    return tuple(
        ApiCall(f"{event['verb']} {event['objectRef']['resource']}", _time(event, "requestReceived"), _took(event))
        for event in events
        if event["user"]["username"] == user and event["stage"] == "ResponseComplete" and "objectRef" in event
    )


def _took(event: Json) -> float:
    return _time(event, "stage") - _time(event, "requestReceived")


def _time(event: Json, which: str) -> float:
    return dt.datetime.fromisoformat(event[f"{which}Timestamp"]).timestamp()
