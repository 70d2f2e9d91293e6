"""kube-autorollout, a peer in Rust: built once from its crate, kept outside the tree, run for one pass."""

import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from testbed.api import Json
from testbed.cache import cached
from testbed.command import run
from testbed.errors import TestbedError
from testbed.part import SEARCH_PATH

VERSION = "0.5.2"
LABEL = {"kube-autorollout/enabled": "true"}
LAST_LINE = "Scanning for digest changes in resources resource_count=0 kind=DaemonSet"
"""What it logs when a pass has come to its end, where there are no DaemonSets: it asks for them last."""

# Its own chart's Role.
ROLE: tuple[Json, ...] = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {
        "apiGroups": ["apps"],
        "resources": ["deployments", "statefulsets", "daemonsets"],
        "verbs": ["get", "list", "patch"],
    },
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
)

_BUILD_SECONDS = 3600.0
_LEAD_SECONDS = 3


def autorollout(say: Callable[[str], None] = print) -> Path:
    """
    The program, built first if it was not yet (2 minutes).

    Raises:
        TestbedError: cargo is not there, or the build failed.
    """
    if shutil.which("cargo", path=SEARCH_PATH) is None:
        raise TestbedError("kube-autorollout needs Rust: there is no cargo on the PATH")

    def build(folder: Path) -> None:
        crate = ("kube-autorollout", "--version", VERSION, "--locked")
        run("cargo", "install", "--quiet", *crate, "--root", str(folder), timeout=_BUILD_SECONDS)

    what = f"building kube-autorollout {VERSION} (2 minutes, once)"
    folder = cached(f"kube-autorollout-{VERSION}", VERSION.encode(), build, lambda: say(what))
    return folder / "bin" / "kube-autorollout"


def write_settings(path: Path, host: str, ca: Path, now: datetime) -> None:
    """
    Write what it needs to know for one pass that begins in a moment, at a whole second.

    It has no command for one pass: its schedule names a time of day, which comes once.
    """
    at = now + timedelta(seconds=_LEAD_SECONDS)
    settings = {
        "cronSchedule": f"{at.second} {at.minute} {at.hour} * * *",
        "webserver": {"port": 0},
        "registries": [{"hostnamePattern": host, "secret": {"type": "None"}}],
        "tls": {"caCertificatePaths": [str(ca)]},
    }
    # JSON is YAML too.
    path.write_text(json.dumps(settings))
