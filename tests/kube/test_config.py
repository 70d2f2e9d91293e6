"""
How the API server is found: by the pod's service account, or as a kubeconfig says, and which of them wins.

Aspects: in cluster · order of sources · no way at all. What a kubeconfig says is in `test_kubeconfig`.
"""

from pathlib import Path

import pytest

from figwasp.errors import KubeconfigError
from figwasp.kube.config import find_access
from tests.kube.access import PEM, TOKEN, header, mount_service_account, write_kubeconfig

# In a cluster


def test_a_pod_reaches_the_api_server_as_its_service_account(tmp_path: Path) -> None:
    environ = mount_service_account(tmp_path, ca=PEM)

    access = find_access(environ, root=str(tmp_path))

    assert "https://10.0.0.1:443" == access.server
    assert access.tls.only_these_cas
    assert (str(tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/ca.crt"),) == access.tls.ca_files
    assert (True, "") == (access.in_cluster, access.namespace)
    assert f"Bearer {TOKEN}" == header(access)


def test_an_ipv6_service_host_is_bracketed(tmp_path: Path) -> None:
    environ = {**mount_service_account(tmp_path), "KUBERNETES_SERVICE_HOST": "fd00::1"}

    assert "https://[fd00::1]:443" == find_access(environ, root=str(tmp_path)).server


@pytest.mark.parametrize(
    ("host", "port"),
    [("foo bar", "443"), ("10.0.0.1", "x"), ("10.0.0.1", "99999"), ("10.0.0.1/path", "1"), ("a#b", "1"), ("a@b", "1")],
)
def test_a_service_address_that_is_none_names_its_variables(tmp_path: Path, host: str, port: str) -> None:
    service = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}

    with pytest.raises(KubeconfigError) as caught:
        find_access({**mount_service_account(tmp_path), **service}, root=str(tmp_path))

    names = "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT"
    assert f'{names} hold no host and port: "{host}" and "{port}"' == str(caught.value)


def test_a_pod_without_a_token_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="this pod has no service account token") as caught:
        find_access({"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, root=str(tmp_path))

    assert "automountServiceAccountToken" in caught.value.hint


# Which source wins


@pytest.mark.parametrize("choice", ["--kubeconfig", "KUBECONFIG", "--context"])
def test_what_a_person_names_wins_over_the_service_account(tmp_path: Path, choice: str) -> None:
    environ = mount_service_account(tmp_path)
    path = str(write_kubeconfig(Path(environ["HOME"]) / ".kube/config", server="https://elsewhere:1"))
    environ |= {"KUBECONFIG": path} if choice == "KUBECONFIG" else {}
    kubeconfig, context = path if choice == "--kubeconfig" else "", "dev" if choice == "--context" else ""

    access = find_access(environ, root=str(tmp_path), kubeconfig=kubeconfig, context=context)

    assert "https://elsewhere:1" == access.server


def test_the_service_account_wins_over_a_kubeconfig_that_nobody_named(tmp_path: Path) -> None:
    environ = mount_service_account(tmp_path)
    write_kubeconfig(Path(environ["HOME"]) / ".kube/config")

    assert find_access(environ, root=str(tmp_path)).in_cluster


def test_outside_a_cluster_it_is_the_kubeconfig_at_home(tmp_path: Path) -> None:
    write_kubeconfig(tmp_path / ".kube/config", namespace="shop")

    access = find_access({"HOME": str(tmp_path)}, root=str(tmp_path))

    assert "https://127.0.0.1:6443" == access.server
    assert "shop" == access.namespace
    assert "context dev of ~/.kube/config" == access.described


# No way at all


def test_without_cluster_and_kubeconfig_both_ways_are_told(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(tmp_path)}, root=str(tmp_path))

    assert "KUBERNETES_SERVICE_HOST is not set" in str(caught.value)
    assert f"there is no {tmp_path}/.kube/config" in str(caught.value)
    assert "--kubeconfig" in caught.value.hint
    assert "service account" in caught.value.hint


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=f"there is no {tmp_path}/none") as caught:
        find_access({}, kubeconfig=f"{tmp_path}/none")

    assert "check --kubeconfig" == caught.value.hint


def test_a_context_needs_a_kubeconfig_and_nobody_is_sent_to_a_variable_that_is_not_set(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(tmp_path)}, context="nope", root=str(tmp_path))

    assert "there is no ~/.kube/config" == str(caught.value)
    assert "give --kubeconfig FILE or set KUBECONFIG: a context is one of a kubeconfig" == caught.value.hint
