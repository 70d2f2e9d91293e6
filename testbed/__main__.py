"""The command: python -m testbed up|down|status."""

import argparse
import signal
import sys
import time
from pathlib import Path

from testbed import lifecycle, processes
from testbed.binaries import etcd_binary
from testbed.errors import TestbedError
from testbed.parts.containerd import Runtime
from testbed.site import DEFAULT_BASE_PORT, DEFAULT_ROOT, Site

_INTERRUPTED = 130


def main() -> int:
    """Exit code: 0 done (status: up), 1 failed (status: not up), 2 wrong usage, 130 interrupted."""
    arguments = _parser().parse_args()
    # As an interrupt, so that what was started is ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        site = Site.chosen(arguments.dir, arguments.port)
        if arguments.command == "up":
            return _up(site, node=not arguments.control_plane, runtime=arguments.containerd)
        return {"down": _down, "status": _status}[arguments.command](site)
    except TestbedError as error:
        print(f"testbed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("testbed: interrupted; what had been started is ended", file=sys.stderr)
        return _INTERRUPTED


def _up(site: Site, *, node: bool, runtime: Runtime | None) -> int:
    if lifecycle.is_up(site):
        if runtime not in (None, found := lifecycle.runtime_of(site)):
            raise TestbedError(f"{site.root} is up already, with containerd {found.value}: end it first (down)")
        print(f"already up: {site.root}")
    else:
        started = time.monotonic()
        store = "etcd" if node else str(etcd_binary())
        lifecycle.up(site, node=node, store=store, runtime=runtime or Runtime.CONTAINERD_1)
        print(f"up after {time.monotonic() - started:.0f} s: export KUBECONFIG={site.admin_kubeconfig}")
    return 0


def _down(site: Site) -> int:
    found = site.claimed
    lifecycle.down(site)
    print(f"down: {site.root} is gone" if found else f"no test bed in {site.root}")
    return 0


def _status(site: Site) -> int:
    for name, running in lifecycle.status(site).items():
        print(f"{name:24} {'running' if running else f'ended, see {processes.log_file(site, name)}'}")
    up = lifecycle.is_up(site)
    print(f"{'up' if up else 'not up'}: {site.root}")
    return 0 if up else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m testbed", description="One real Kubernetes node and real registries."
    )
    parser.add_argument("command", choices=["up", "down", "status"])
    parser.add_argument("--dir", type=Path, help=f"everything lies here (FIGWASP_TESTBED_DIR, else {DEFAULT_ROOT})")
    parser.add_argument("--port", type=int, help=f"first of the ports (default {DEFAULT_BASE_PORT})")
    parser.add_argument("--control-plane", action="store_true", help="up: etcd, API server and registries, no node")
    parser.add_argument(
        "--containerd",
        type=Runtime,
        metavar="{1,2}",
        help="up: the node's, 1 (Debian's, the default) or 2 (built here)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
