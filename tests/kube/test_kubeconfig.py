"""
What a kubeconfig says: a context, its cluster and its user, and how their mistakes are told.

Aspects: contexts · logins · certificates · clusters · what is refused · no secret shown.
"""

from pathlib import Path
from typing import Any

import pytest

from figwasp.errors import KubeconfigError
from figwasp.kube.config import find_access
from figwasp.kube.identity import NO_CERTIFICATE
from tests.kube.access import PEM, TOKEN, encoded, header, soon, user_access, write_kubeconfig


def refused(folder: Path, **config: Any) -> KubeconfigError:
    """The error of a kubeconfig in `folder`."""
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(folder)}, kubeconfig=str(write_kubeconfig(folder / "config", **config)))
    return caught.value


# Contexts


def test_a_missing_context_names_the_nearest_and_all_there_are(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", name="staging")

    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(tmp_path)}, kubeconfig=str(path), context="stagign")

    assert '~/config has no context "stagign"' == str(caught.value)
    assert 'did you mean "staging"? there are: staging' == caught.value.hint


def test_without_a_current_context_the_contexts_are_listed(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config")
    path.write_text(path.read_text().replace("current-context: dev", ""))

    with pytest.raises(KubeconfigError, match="names no current context") as caught:
        find_access({}, kubeconfig=str(path))

    assert caught.value.hint.endswith("there are: dev")


@pytest.mark.parametrize("kind", ["cluster", "user"])
def test_a_context_that_names_what_is_not_there_is_told(tmp_path: Path, kind: str) -> None:
    path = write_kubeconfig(tmp_path / "config")
    path.write_text(path.read_text().replace(f"{kind}: dev\n", f"{kind}: devv\n"))

    with pytest.raises(KubeconfigError) as caught:
        find_access({}, kubeconfig=str(path))

    assert f'{path}: context "dev" names {kind} "devv", which is not there' == str(caught.value)
    assert 'did you mean "dev"? there are: dev' == caught.value.hint


def test_a_context_without_a_user_is_nobody(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config")
    path.write_text(path.read_text().replace("user: dev\n", "user: ''\n"))

    proof = find_access({}, kubeconfig=str(path)).identity.proof(soon())

    assert ("", NO_CERTIFICATE) == (proof.authorization.reveal(), proof.certificate)


# Logins


def test_a_user_name_and_password_are_sent_as_basic_login(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"username": "ann", "password": "pässword"})

    assert f"Basic {encoded('ann:pässword')}" == header(access)


def test_nothing_secret_travels_without_tls(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"token": TOKEN}, server="http://127.0.0.1:8080")

    assert "" == header(access)


def test_impersonation_becomes_headers(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"token": "t", "as": "ann", "as-uid": "7", "as-groups": ["dev"]})

    expected = (("Impersonate-User", "ann"), ("Impersonate-Uid", "7"), ("Impersonate-Group", "dev"))
    assert expected == access.headers


# Certificates


def test_certificates_in_the_file_itself_are_kept_as_secrets(tmp_path: Path) -> None:
    user = {"client-certificate-data": encoded(PEM), "client-key-data": encoded(PEM.replace("CERTIFICATE", "EC KEY"))}

    certificate = user_access(tmp_path, user).identity.proof(soon()).certificate

    assert "ClientCertificate(certificate=Secret(***), key=Secret(***))" == repr(certificate)


def test_a_ca_in_the_file_itself_is_the_only_one_trusted(tmp_path: Path) -> None:
    cluster = {"certificate-authority-data": encoded(f"# Zertifizierungsstelle für Läden\n{PEM}")}

    tls = user_access(tmp_path, {}, cluster=cluster).tls

    assert (PEM, True, ()) == (tls.ca_data, tls.only_these_cas, tls.ca_files)


# Clusters


def test_a_cluster_says_how_to_reach_and_trust_it(tmp_path: Path) -> None:
    cluster = {"insecure-skip-tls-verify": True, "tls-server-name": "kube", "proxy-url": "http://proxy:3128"}

    access = user_access(tmp_path, {}, cluster=cluster, server="https://kube.example/k8s/clusters/c-1/")

    assert (True, "kube") == (access.tls.insecure_skip_verify, access.tls.server_name)
    assert ("https://kube.example/k8s/clusters/c-1", "http://proxy:3128") == (access.server, access.proxy_url.reveal())


# What is refused


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        ({"auth-provider": {"name": "gcp"}}, 'logs in with the auth-provider "gcp", which Kubernetes removed in 1.26'),
        ({"token": "t", "username": "u"}, "has both a token and a user name with password"),
        ({"client-certificate-data": encoded(PEM)}, "has a client certificate without a key"),
        ({"client-certificate": "none", "client-key": "k"}, "names a file that cannot be read: client-certificate"),
        ({"client-certificate-data": "?", "client-key": "k"}, "has a client-certificate-data that is not base64"),
        ({"client-certificate-data": "AAAA", "client-key": "k"}, "has a client-certificate-data that holds no PEM"),
        ({"client-certificate": "a\0b", "client-key": "k"}, "names a file that cannot be read: client-certificate"),
        ({"tokenFile": "a\0b"}, "names a file that cannot be read: tokenFile"),
        ({"as-groups": ["g"]}, "impersonates a group without a user"),
        ({"as": "u", "as-groups": ["g", "h"]}, "impersonates with as-user-extra or several as-groups"),
        ({"as": "ü"}, "impersonates a name that cannot be sent"),
        ({"exec": {"command": "x"}}, 'has an exec plugin with apiVersion ""'),
        ({"exec": {"apiVersion": "client.authentication.k8s.io/v1"}}, "has an exec plugin without a command"),
    ],
)
def test_a_user_that_cannot_be_used_is_named(tmp_path: Path, user: dict[str, Any], problem: str) -> None:
    error = refused(tmp_path, user=user)

    assert str(error).startswith(f'~/config: user "dev" {problem}')


@pytest.mark.parametrize(
    ("cluster", "problem"),
    [
        ({"server": ""}, "has no server"),
        ({"server": "kube:6443"}, "has a server that cannot be used"),
        ({"certificate-authority": "none.crt"}, "names a file that cannot be read: certificate-authority"),
        ({"certificate-authority": "a\0b"}, "names a file that cannot be read: certificate-authority"),
        ({"tls-server-name": "a\0b"}, "has a tls-server-name that is none"),
        ({"tls-server-name": "käse"}, "has a tls-server-name that is none"),
        ({"certificate-authority-data": "!"}, "has a certificate-authority-data that is not base64"),
        (
            {"certificate-authority-data": encoded(PEM), "insecure-skip-tls-verify": True},
            "has both a certificate-authority and insecure-skip-tls-verify",
        ),
        ({"proxy-url": "http://user:hunter2@ /"}, "has a proxy-url that is no URL"),
    ],
)
def test_a_cluster_that_cannot_be_used_is_named(tmp_path: Path, cluster: dict[str, Any], problem: str) -> None:
    error = refused(tmp_path, cluster=cluster)

    assert str(error).startswith(f'~/config: cluster "dev" {problem}')
    assert "hunter2" not in str(error)


# No secret shown


def test_no_secret_is_in_the_repr_of_an_access(tmp_path: Path) -> None:
    for user in ({"token": "hunter2"}, {"username": "u", "password": "hunter2"}):
        access = user_access(tmp_path, user, cluster={"proxy-url": "http://ann:hunter2@proxy:3128"})

        assert "hunter2" not in f"{access!r} {access.identity.proof(soon())!r}"
