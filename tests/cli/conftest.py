"""What a figwasp process finds: an empty home, and a cluster with a registry."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.app.stage import Stage
from tests.certificates import Authority


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing of ours in it, and an empty home."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose registry speaks TLS with a certificate of its own authority."""
    with ApiServer() as api, Registry(tls=Authority(tmp_path).server_context()) as registry:
        one = Stage(api, registry)
        yield one
        one.close()


@pytest.fixture
def cluster(stage: Stage, home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment by which figwasp finds the stage."""
    (tmp_path / "config").write_text(
        f"""
apiVersion: v1
kind: Config
current-context: stage
contexts: [{{name: stage, context: {{cluster: stage, user: stage, namespace: shop}}}}]
clusters: [{{name: stage, cluster: {{server: "{stage.api.url}"}}}}]
users: [{{name: stage, user: {{}}}}]
"""
    )
    return {**home, "KUBECONFIG": str(tmp_path / "config"), "FIGWASP_REGISTRY_CA": str(tmp_path / "ca.crt")}
