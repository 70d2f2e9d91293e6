"""The API server's store."""

from testbed.part import Part
from testbed.probe import answers
from testbed.site import Site


def etcd(site: Site, program: str = "etcd") -> Part:
    """One member, which does not wait for the disk: its data need not outlive the machine."""
    clients = f"http://127.0.0.1:{site.port('etcd')}"
    peers = f"http://127.0.0.1:{site.port('etcd-peers')}"
    argv = (
        program,
        f"--data-dir={site.root / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
        "--logger=zap",
        "--log-level=warn",
    )
    return Part(name="etcd", argv=argv, ready=lambda: answers(f"{clients}/health"))
