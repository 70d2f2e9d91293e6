"""The container runtime."""

import json
from pathlib import Path

from testbed.part import Part
from testbed.parts.node_mounts import in_new_view
from testbed.probe import accepts
from testbed.site import Site

_CONFIG = """\
version = 2
root = "{root}/containerd/root"
state = "{root}/containerd/state"
# "opt" makes a folder in /opt; the others look for file systems that are not there.
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{socket}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause_image}"
# Without CAP_SYS_RESOURCE runc dies of "can't get final child's PID from pipe: EOF".
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "{certs_d}"
"""


CGROUP = "k8s.io"
"""In it runc makes a cgroup for each container, named by its id; no option moves it without cgroups for pods."""


def bundles(site: Site) -> list[Path]:
    """The folders of the containers that containerd has, named by their ids."""
    return list((site.root / "containerd" / "state" / "io.containerd.runtime.v2.task" / CGROUP).glob("*/"))


def socket(site: Site) -> Path:
    """Where containerd listens."""
    return site.run / "containerd.sock"


def containerd(site: Site, pause_image: str) -> Part:
    """
    The runtime, with everything in the bed's directory; finds registries in `certs.d` at each pull.

    `pause_image` holds a pod's namespaces; it is pulled with the first pod.
    """
    config, cni = site.etc / "containerd.toml", site.etc / "cni"
    text = _CONFIG.format(root=site.root, socket=socket(site), pause_image=pause_image, cni=cni, certs_d=site.certs_d)
    network = {
        "cniVersion": "0.4.0",
        "name": site.name,
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {"type": "host-local", "subnet": site.pod_subnet, "dataDir": str(site.root / "cni")},
            }
        ],
    }
    return Part(
        name="containerd",
        argv=in_new_view(site, "containerd", "--config", str(config)),
        files={config: text, cni / "10-ptp.conflist": json.dumps(network)},
        ready=lambda: accepts(socket(site)),
    )
