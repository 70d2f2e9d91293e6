"""The node's agent."""

import json
from collections.abc import Sequence
from pathlib import Path

from testbed.part import Part
from testbed.parts import containerd
from testbed.parts.node_mounts import in_view_of
from testbed.pki import NODE, Pki
from testbed.probe import answers
from testbed.site import Site


def kubelet(site: Site, pki: Pki, binaries: Path, address: str, feature_gates: Sequence[str] = ()) -> Part:
    """
    The kubelet of the node called "node". Ready means that it answers, not yet that its node is Ready.

    `address` is the machine's own; the kubelet refuses loopback as its node's address.
    """
    config = site.etc / "kubelet.json"
    health = site.port("kubelet-health")
    settings = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": address,
        "port": site.port("kubelet"),
        "healthzBindAddress": "127.0.0.1",
        "healthzPort": health,
        "containerRuntimeEndpoint": f"unix://{containerd.socket(site)}",
        "authentication": {"x509": {"clientCAFile": str(pki.cluster_ca)}, "webhook": {"enabled": True}},
        "authorization": {"mode": "Webhook"},
        "podLogsDir": str(site.root / "pods"),
        "volumePluginDir": str(site.root / "volume-plugins"),
        # Any machine will do: cgroup v1, no systemd, swap, a full disk.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupsPerQOS": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "makeIPTablesUtilChains": False,
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"imagefs.available": "0%", "memory.available": "0%", "nodefs.available": "0%"},
        # Be quick.
        "syncFrequency": "1s",
        "nodeStatusUpdateFrequency": "1s",
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "featureGates": {"KubeletCrashLoopBackOffMax": True, **dict.fromkeys(feature_gates, True)},
        "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"},
        "kubeAPIQPS": 100,
        "kubeAPIBurst": 200,
    }
    argv = (
        str(binaries / "kubelet"),
        f"--config={config}",
        f"--kubeconfig={pki.kubeconfig('kubelet')}",
        f"--hostname-override={NODE}",
        f"--node-ip={address}",
        f"--root-dir={site.root / 'kubelet'}",
        f"--cert-dir={site.root / 'kubelet' / 'pki'}",
    )
    return Part(
        name="kubelet",
        argv=in_view_of(site, "containerd", *argv),
        files={config: json.dumps(settings, indent=1)},
        ready=lambda: answers(f"http://127.0.0.1:{health}/healthz"),
    )
