"""One team's namespace on the real node, and the figwasp program as its CronJob would run it."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed import (
    Bed,
    Image,
    Index,
    Namespace,
    Registry,
    Repository,
    ServiceAccount,
    container,
    deployment,
    image,
    wait_for,
)

FIGWASP = str(Path(sys.executable).with_name("figwasp"))
TARGET = {"figwasp/target": "true"}

# The original's Roles, by their rules: a named Deployment (v1), and every labelled one (v2).
NAMED_ROLE = (
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
)
LABEL_ROLE = (
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "update"]},
    *NAMED_ROLE[1:],
)


@dataclass(frozen=True)
class Pass:
    """What one run of figwasp gave."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The report's lines, of a run with --log-format json."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def restarted(self) -> list[str]:
        """The names of the workloads that were restarted."""
        return [each["name"] for each in self.events if each["event"] == "restarted"]

    def of(self, name: str) -> dict[str, Any]:
        """The event of one workload."""
        found = [each for each in self.events if each.get("name") == name]
        assert len(found) == 1, self
        return found[0]


@dataclass
class Scene:
    """A namespace with a service account, and a repository of its own."""

    bed: Bed
    namespace: Namespace
    account: ServiceAccount
    registry: Registry
    team: str = field(default_factory=lambda: f"team-{secrets.token_hex(4)}")

    def repository(self, name: str = "web") -> Repository:
        """A repository that no other test uses."""
        return self.bed.repository(f"{self.team}/{name}", self.registry)

    def push(self, content: Image | Index, tag: str = "latest", name: str = "web") -> str:
        """Push `content` under `tag`; its digest."""
        return self.repository(name).push(content, tag)

    def manifest(self, name: str = "web", *, tag: str = "latest", pull_policy: str = "Always", **more: Any) -> Any:
        """The manifest of a Deployment that runs the tag of the repository of its own name."""
        image = self.repository(name).reference(tag)
        return deployment(name, container(image, pull_policy=pull_policy), **more)

    def deploy(self, content: Image | Index, name: str = "web", *, tag: str = "latest", **more: Any) -> str:
        """Push `content`, run it, and wait until it does; its digest."""
        digest = self.push(content, tag, name)
        self.namespace.apply(self.manifest(name, tag=tag, **more))
        self.namespace.wait_rolled_out(name)
        return digest

    def roll_outs(self, name: str = "web") -> int:
        """
        How often a Deployment was rolled out, the first time included.

        Not its generation: the API server counts a change of its annotations as well.
        """
        return int(self.settled(name)["metadata"]["annotations"]["deployment.kubernetes.io/revision"])

    def settled(self, name: str = "web") -> Any:
        """Wait until its controller has seen the Deployment's latest change, as it would have by the next pass."""

        def seen() -> Any:
            deployment = self.namespace.get("Deployment", name)
            observed = deployment["status"].get("observedGeneration", 0)
            return deployment if observed == deployment["metadata"]["generation"] else None

        return wait_for(seen, f"the controller to see the latest change of {name}")

    def image(self, content: str, **more: Any) -> Image:
        """
        An image that no other test runs.

        A node may report a container under any name and digest that it has seen for the same content.
        """
        return image(f"{self.team} {content}", **more)

    def once(self, *targets: str, kubeconfig: Path | None = None, env: Mapping[str, str] | None = None) -> Pass:
        """Run `figwasp once -v --log-format json` with the service account's kubeconfig."""
        for target in targets or ("web",):
            if not target.startswith("-") and "/" not in target:
                self.settled(target)
        arguments = ("once", "-v", "--log-format", "json", *(targets or ("web",)))
        return self.run(*arguments, kubeconfig=kubeconfig, env=env)

    def labelled(self, *, kubeconfig: Path | None = None) -> Pass:
        """Run the pass over every labelled Deployment."""
        return self.run("once", "-v", "--log-format", "json", kubeconfig=kubeconfig)

    def run(self, *arguments: str, kubeconfig: Path | None = None, env: Mapping[str, str] | None = None) -> Pass:
        """Run figwasp from outside the cluster."""
        done = subprocess.run(
            [FIGWASP, *arguments],
            env={**self.environment(kubeconfig), **(env or {})},
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        return Pass(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, kubeconfig: Path | None = None) -> "subprocess.Popen[str]":
        """Start figwasp and do not wait for it."""
        return subprocess.Popen(
            [FIGWASP, *arguments],
            env=self.environment(kubeconfig),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def in_a_pod(self, *arguments: str, env: Mapping[str, str] | None = None) -> Pass:
        """Run figwasp as a CronJob's pod does, by its service account's files."""
        given = {"FIGWASP_TARGET_NAMESPACE": self.namespace.name, "SSL_CERT_FILE": str(self.bed.registry_ca)}
        done = self.account.run_as_in_a_pod(FIGWASP, *arguments, env={**given, **(env or {})})
        return Pass(done.returncode, done.stdout, done.stderr)

    def environment(self, kubeconfig: Path | None = None) -> dict[str, str]:
        """The environment of a figwasp outside the cluster: nothing of ours but what it needs."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.namespace.folder),
            "KUBECONFIG": str(kubeconfig or self.account.kubeconfig),
            "FIGWASP_REGISTRY_CA": str(self.bed.registry_ca),
        }
