"""The container runtime: Debian's containerd, or one of the second generation."""

import enum
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from testbed.binaries import containerd_binaries
from testbed.part import Part
from testbed.parts.node_mounts import in_new_view
from testbed.probe import accepts
from testbed.site import Site


class Runtime(enum.Enum):
    """What the node runs its containers with; the value is how the command line calls it."""

    CONTAINERD_1 = "1"
    """Debian's, 1.6."""

    CONTAINERD_2 = "2"
    """Built here (binaries.py). It can mount images as volumes."""

    @property
    def feature_gates(self) -> Sequence[str]:
        """What API server and kubelet are to allow that they do not allow by themselves."""
        return {Runtime.CONTAINERD_1: (), Runtime.CONTAINERD_2: ("ImageVolume",)}[self]


# "opt" makes a folder in /opt; the others look for file systems that are not there.
_COMMON: Final = """\
root = "{root}/containerd/root"
state = "{root}/containerd/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.nri.v1.nri",
]

[grpc]
address = "{socket}"
"""

# Without CAP_SYS_RESOURCE runc dies of "can't get final child's PID from pipe: EOF", unless restrict_oom_score_adj.
_CONFIGS: Final = {
    Runtime.CONTAINERD_1: """\
version = 2
{common}
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause_image}"
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
""",
    Runtime.CONTAINERD_2: """\
version = 3
{common}
[plugins."io.containerd.grpc.v1.cri"]
stream_server_address = "127.0.0.1"

[plugins."io.containerd.cri.v1.images"]
snapshotter = "overlayfs"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{pause_image}"

[plugins."io.containerd.cri.v1.images".registry]
config_path = "{certs_d}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

# Else it takes Debian's shim, which is on the PATH.
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = "{programs}/containerd-shim-runc-v2"

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "{cni}"
""",
}


CGROUP = "k8s.io"
"""In it runc makes a cgroup for each container, named by its id; no option moves it without cgroups for pods."""


def bundles(site: Site) -> list[Path]:
    """The folders of the containers that containerd has, named by their ids."""
    return list((site.root / "containerd" / "state" / "io.containerd.runtime.v2.task" / CGROUP).glob("*/"))


def socket(site: Site) -> Path:
    """Where containerd listens."""
    return site.run / "containerd.sock"


def containerd(site: Site, pause_image: str, runtime: Runtime = Runtime.CONTAINERD_1) -> Part:
    """
    The runtime, with everything in the bed's directory; finds registries in `certs.d` at each pull.

    `pause_image` holds a pod's namespaces; it is pulled with the first pod.
    """
    config, cni = site.etc / "containerd.toml", site.etc / "cni"
    programs = containerd_binaries() if runtime is Runtime.CONTAINERD_2 else None
    text = _CONFIGS[runtime].format(
        common=_COMMON.format(root=site.root, socket=socket(site)),
        pause_image=pause_image,
        cni=cni,
        certs_d=site.certs_d,
        programs=programs,
    )
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
        argv=in_new_view(site, str(programs / "containerd") if programs else "containerd", "--config", str(config)),
        files={config: text, cni / "10-ptp.conflist": json.dumps(network)},
        ready=lambda: accepts(socket(site)),
    )
