"""A machine of the simulated cluster: what its Node object says, and which pods may run on it."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from figwasp.core.manifest import Platform
from figwasp.embedded.node.objects import Json
from figwasp.embedded.node.runtimes import Runtime

_VERSIONS = {Runtime.CONTAINERD: "2.1.4", Runtime.CRI_O: "1.34.1", Runtime.CRI_DOCKERD: "28.4.0"}
_KUBELET = "v1.34.4"


class Machine(Struct, frozen=True):
    """
    One node: its name, platform and container runtime.

    `mirrors` are registries by host, and for each the host of one that is asked instead.
    """

    name: str = "node"
    platform: Platform = Platform("linux", "amd64")
    runtime: Runtime = Runtime.CONTAINERD
    mirrors: Mapping[str, str] = MappingProxyType({})

    @property
    def labels(self) -> dict[str, str]:
        """The labels of its Node object."""
        given = {"hostname": self.name, "os": self.platform.os, "arch": self.platform.architecture}
        return {f"kubernetes.io/{key}": value for key, value in given.items()}

    def node(self, now: str) -> Json:
        """Its Node object, as a healthy kubelet reports it."""
        room = {"cpu": "4", "memory": "8Gi", "pods": "110"}
        ready = {"reason": "KubeletReady", "message": "kubelet is posting ready status"}
        times = {"lastHeartbeatTime": now, "lastTransitionTime": now}
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": self.name, "labels": self.labels, "creationTimestamp": now},
            "spec": {},
            "status": {
                "conditions": [{"type": "Ready", "status": "True", **ready, **times}],
                "addresses": [{"type": "InternalIP", "address": ADDRESS}, {"type": "Hostname", "address": self.name}],
                "capacity": room,
                "allocatable": room,
                "nodeInfo": {
                    "operatingSystem": self.platform.os,
                    "architecture": self.platform.architecture,
                    "containerRuntimeVersion": f"{self.runtime.value}://{_VERSIONS[self.runtime]}",
                    "kubeletVersion": _KUBELET,
                    "osImage": "simulated by figwasp",
                    "kernelVersion": "",
                },
            },
        }


ADDRESS = "127.0.0.1"
"""Where every machine is: in this process."""
