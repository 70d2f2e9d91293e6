"""Where programs are measured: the bed without a node, a namespace full of ghosts, accounts with the least Roles."""

import contextlib
import datetime as dt
import json
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bench.figures import Row, Run
from bench.installed import TREE
from bench.link import Link
from bench.shelf import Book, Shelf
from testbed import Bed, Json, Namespace, ServiceAccount, TestbedError, autorollout, ghosts, original
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
                settings, self.host, self.bed.registry_ca, dt.datetime.fromtimestamp(_now(), dt.UTC)
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
        asked = self.bed.audit.requests(since=audit_mark, user=account.user)
        api = Counter(f"{each.asked.verb} {each.asked.resource}" for each in asked if each.asked.resource)
        registry = Counter(each.call.method for each in log.requests(since=access_mark))
        wall = measured["wall_seconds"]
        if program.until:
            # Its start and its wait for the time of day are no part of the pass: from its first request on.
            wall -= _first_request(self.bed.audit.path, audit_mark, account.user) - measured["began"]
        return Run(
            wall_seconds=wall,
            cpu_seconds=measured["cpu_seconds"],
            peak_mb=measured["peak_mb"],
            api_requests=dict(api),
            registry_requests=dict(registry),
        )

    def compare(self, programs: Sequence[Program], runs: int, *, warm_up: bool = True) -> tuple[Row, ...]:
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


def _first_request(audit: Path, mark: int, user: str) -> float:
    """When the API server received the account's first LIST after the mark, in seconds since the epoch."""
    with audit.open("rb") as log:
        log.seek(mark)
        for line in log:
            event = json.loads(line)
            if event["user"]["username"] == user and event["verb"] == "list":
                return dt.datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp()
    raise TestbedError(f"{user} asked for nothing")


def _now() -> float:
    import time

    return time.time()
