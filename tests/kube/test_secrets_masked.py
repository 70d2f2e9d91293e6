"""
That nothing of this package shows a secret as it is printed, as in a traceback with its locals or in a debugger.

Every Struct that what we read may fill with a secret is read here, from a document that has one in each such place.
"""

import json
from typing import Any

import msgspec
import pytest

from figwasp.core.credential import Secret
from figwasp.kube import exec_plugin, kubeconfig_files, picks
from figwasp.kube.access import Access
from figwasp.kube.exec_plugin import ClusterInfo, Plugin
from figwasp.kube.identity import ClientCertificate, Fixed, Proof, as_secret
from figwasp.kube.kubeconfig_files import Cluster, Extension, User
from figwasp.net.tls import Tls

TOKEN = "hunter2"
PLUGIN = {"command": "login", "args": [f"--secret={TOKEN}"], "env": [{"name": "SECRET", "value": TOKEN}]}
USER = {
    "token": TOKEN,
    "password": TOKEN,
    "client-key-data": TOKEN,
    "exec": PLUGIN,
    "auth-provider": {"name": "oidc", "config": {"id-token": TOKEN, "client-secret": TOKEN}},
}
CLUSTER = {
    "proxy-url": f"http://ann:{TOKEN}@proxy",
    "extensions": [{"name": "login", "extension": {"secret": TOKEN}}],
}
CREDENTIAL = {"token": TOKEN, "clientCertificateData": TOKEN, "clientKeyData": TOKEN}
SECRET = {
    "metadata": {"name": "pull", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": TOKEN}},
    "type": "Opaque",
    "data": {"password": TOKEN},
    "stringData": {"password": TOKEN},
}


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (picks.Secret, SECRET),
        (exec_plugin._ExecCredential, {"status": CREDENTIAL}),
        (exec_plugin._Status, CREDENTIAL),
        (exec_plugin._Variable, PLUGIN["env"][0]),
        (Plugin, PLUGIN),
        (User, USER),
        (Cluster, CLUSTER),
        (Extension, CLUSTER["extensions"][0]),
        (
            kubeconfig_files._File,
            {"users": [{"name": "a", "user": USER}], "clusters": [{"name": "a", "cluster": CLUSTER}]},
        ),
    ],
)
def test_what_was_read_does_not_show_a_secret(kind: type[Any], document: dict[str, Any]) -> None:
    read = msgspec.json.decode(json.dumps(document), type=kind, dec_hook=as_secret)

    assert TOKEN not in repr(read)
    assert TOKEN not in str(read)


def test_what_is_kept_of_a_secrets_metadata_holds_no_content() -> None:
    read = msgspec.convert(SECRET, picks.Secret)

    assert TOKEN not in repr(read.metadata)


@pytest.mark.parametrize(
    "made",
    [
        ClusterInfo("https://kube", Tls(), Secret(TOKEN), lambda: {"secret": TOKEN}),
        ClientCertificate(Secret(TOKEN), Secret(TOKEN)),
        Proof(Secret(TOKEN)),
        Access(
            server="https://kube",
            tls=Tls(),
            identity=Fixed(Proof(Secret(TOKEN))),
            proxy_url=Secret(TOKEN),
            described="a",
        ),
    ],
    ids=lambda made: type(made).__name__,
)
def test_what_was_made_does_not_show_a_secret(made: msgspec.Struct) -> None:
    assert TOKEN not in f"{made!r} {made}"


def test_every_struct_field_with_the_name_of_a_secret_is_masked() -> None:
    words = ("token", "password", "key_data", "key", "proxy_url", "value", "args", "config")
    unmasked = [
        f"{kind.__name__}.{field.name}"
        for kind in structs(msgspec.Struct)
        if kind.__module__.startswith("figwasp.kube") and "__repr__" not in vars(kind)
        for field in msgspec.structs.fields(kind)
        if any(field.name == word or field.name.endswith(f"_{word}") for word in words)
        if "Secret" not in str(field.type)
    ]

    # A label's key; the path of a key's file.
    assert ["Requirement.key", "User.client_key"] == sorted(unmasked)


def structs(kind: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """All kinds of Struct that were imported."""
    return {kind}.union(*(structs(each) for each in kind.__subclasses__()))
