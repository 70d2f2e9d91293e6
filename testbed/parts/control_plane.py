"""API server, controller manager and scheduler."""

import json
from collections.abc import Sequence
from pathlib import Path

from testbed.part import Part
from testbed.pki import Pki
from testbed.probe import answers
from testbed.site import Site

SERVICE_SUBNET = "10.96.0.0/16"


def audit_log(site: Site) -> Path:
    """Where the API server writes a line for each request."""
    return site.logs / "audit.jsonl"


def api_server(site: Site, pki: Pki, binaries: Path, address: str, feature_gates: Sequence[str] = ()) -> Part:
    """
    The API server, with RBAC, so that a Role is proven to suffice, and an audit log of every request.

    `address` is the machine's own; the server itself listens on loopback only.
    """
    serving, tokens = pki.pair("kube-apiserver"), pki.pair("service-accounts")
    policy = site.etc / "audit-policy.json"
    argv = (
        str(binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{site.port('etcd')}",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port('kube-apiserver')}",
        f"--advertise-address={address}",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={serving.certificate}",
        f"--tls-private-key-file={serving.key}",
        f"--client-ca-file={pki.cluster_ca}",
        f"--service-account-key-file={tokens.certificate}",
        f"--service-account-signing-key-file={tokens.key}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={SERVICE_SUBNET}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        f"--kubelet-client-certificate={serving.certificate}",
        f"--kubelet-client-key={serving.key}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={audit_log(site)}",
        # The line is on the disk before the answer is complete, and the file is never turned over (megabytes).
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=100000",
        *(f"--feature-gates={gate}=true" for gate in feature_gates),
    )
    audit = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }
    ready = f"{site.api_server}/readyz"
    return Part(name="kube-apiserver", argv=argv, files={policy: json.dumps(audit)}, ready=lambda: answers(ready))


def controller_manager(site: Site, pki: Pki, binaries: Path) -> Part:
    """The controllers: Deployments, service accounts, the root CA in each namespace, and the others."""
    name = "kube-controller-manager"
    argv = (
        str(binaries / name),
        f"--kubeconfig={pki.kubeconfig(name)}",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port(name)}",
        "--use-service-account-credentials",
        f"--service-account-private-key-file={pki.pair('service-accounts').key}",
        f"--root-ca-file={pki.cluster_ca}",
        "--leader-elect=false",
        # It makes this folder, by default in /usr.
        f"--flex-volume-plugin-dir={site.root / 'volume-plugins'}",
        # The defaults (20, 30) let 4 pods a second appear.
        "--kube-api-qps=300",
        "--kube-api-burst=600",
    )
    return Part(name=name, argv=argv, ready=lambda: answers(f"https://127.0.0.1:{site.port(name)}/healthz"))


def scheduler(site: Site, pki: Pki, binaries: Path) -> Part:
    """The scheduler, alone and so without a leader election."""
    name = "kube-scheduler"
    argv = (
        str(binaries / name),
        f"--kubeconfig={pki.kubeconfig(name)}",
        "--bind-address=127.0.0.1",
        f"--secure-port={site.port(name)}",
        "--leader-elect=false",
    )
    return Part(name=name, argv=argv, ready=lambda: answers(f"https://127.0.0.1:{site.port(name)}/healthz"))
