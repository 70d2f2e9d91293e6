"""All certificates, keys and kubeconfigs that the standard parts need."""

from dataclasses import dataclass
from pathlib import Path

from testbed import kubeconfig
from testbed.certificates import Pair, authority, issue
from testbed.site import Site

NODE = "node"
"""The name of the node that has a kubelet."""


@dataclass(frozen=True, slots=True)
class Pki:
    """Where the standard certificates lie; `make` makes them."""

    folder: Path

    @property
    def cluster_ca(self) -> Path:
        """The certificate of the authority behind the API server and its clients."""
        return self.folder / "cluster-ca.crt"

    @property
    def registry_ca(self) -> Path:
        """The certificate of the authority behind all registries."""
        return self.folder / "registry-ca.crt"

    def pair(self, name: str) -> Pair:
        """The certificate called `name`: a standard part, "admin", "registry" or "service-accounts"."""
        return Pair(self.folder / f"{name}.crt", self.folder / f"{name}.key")

    def kubeconfig(self, name: str) -> Path:
        """The kubeconfig of the user called `name`."""
        return self.folder / f"{name}.kubeconfig"


_USERS = {
    "admin": ("admin", "system:masters"),
    "kube-apiserver": ("kube-apiserver-kubelet-client", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", ""),
    "kube-scheduler": ("system:kube-scheduler", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
}


def make(site: Site) -> Pki:
    """Make every standard certificate and kubeconfig of the bed, the admin's into its own place too."""
    pki = Pki(site.pki)
    cluster = authority(pki.folder, "cluster-ca")
    registries = authority(pki.folder, "registry-ca")
    issue(registries, "registry", user="registry")
    # Signs the tokens of service accounts; the API server takes the public key from a certificate too.
    issue(cluster, "service-accounts", user="service-accounts")

    for name, (user, group) in _USERS.items():
        pair = issue(cluster, name, user=user, group=group)
        pki.kubeconfig(name).write_text(kubeconfig.with_certificate(site.api_server, cluster.certificate, pair))
    site.admin_kubeconfig.write_text(pki.kubeconfig("admin").read_text())
    site.admin_kubeconfig.chmod(0o600)
    return pki
