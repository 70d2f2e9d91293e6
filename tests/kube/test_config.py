"""
How the API server is found: which source wins, what a kubeconfig may say, and how its mistakes are told.

Aspects: order of sources · in cluster · merging · contexts · logins · certificates · what is refused · no secret shown.
"""

import base64
import json
import os
import traceback
from pathlib import Path
from typing import Any

import pytest
import yaml

from figwasp.errors import KubeconfigError
from figwasp.kube.config import find_access
from figwasp.kube.identity import NO_CERTIFICATE, ClientCertificate
from tests.kube.access import TOKEN, header, mount_service_account, soon, user_access, write_kubeconfig

WRONGLY_TAGGED = (
    "!!int hunter2",
    '!!int ""',
    "!!float hunter2",
    "!!bool hunter2",
    "!!timestamp hunter2",
    "!!timestamp 2026-13-45",
    "!!binary hunter2",
    '"\\UFFFFFFFFhunter2"',
)
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def refused(folder: Path, **config: Any) -> KubeconfigError:
    """The error of a kubeconfig in `folder`."""
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(folder)}, kubeconfig=str(write_kubeconfig(folder / "config", **config)))
    return caught.value


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


def test_without_cluster_and_kubeconfig_both_ways_are_told(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(tmp_path)}, root=str(tmp_path))

    assert "KUBERNETES_SERVICE_HOST is not set" in str(caught.value)
    assert f"there is no {tmp_path}/.kube/config" in str(caught.value)
    assert "--kubeconfig" in caught.value.hint
    assert "service account" in caught.value.hint


def test_a_pod_without_a_token_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="this pod has no service account token") as caught:
        find_access({"HOME": str(tmp_path), "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, root=str(tmp_path))

    assert "automountServiceAccountToken" in caught.value.hint


def test_a_rotated_token_is_used(tmp_path: Path) -> None:
    access = find_access(mount_service_account(tmp_path), root=str(tmp_path))
    token = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token"
    before = header(access)
    (tmp_path / "new").write_text("n3w\n")
    (tmp_path / "new").replace(token)

    assert (f"Bearer {TOKEN}", "Bearer n3w") == (before, header(access))


def test_a_token_that_is_gone_for_a_moment_stays_in_use(tmp_path: Path) -> None:
    access = find_access(mount_service_account(tmp_path), root=str(tmp_path))
    header(access)
    (tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token").unlink()

    assert f"Bearer {TOKEN}" == header(access)


def test_after_a_refusal_the_token_is_read_even_if_it_looks_unchanged(tmp_path: Path) -> None:
    access = find_access(mount_service_account(tmp_path, token="aaaa"), root=str(tmp_path))
    token = tmp_path / "var/run/secrets/kubernetes.io/serviceaccount/token"
    refused_proof, times = access.identity.proof(soon()), token.stat()
    token.write_text("bbbb")
    os.utime(token, ns=(times.st_atime_ns, times.st_mtime_ns))

    renewed = access.identity.renewed(refused_proof, soon())

    assert "Bearer bbbb" == renewed.authorization.reveal()


@pytest.mark.parametrize(("content", "problem"), [("", "is empty"), ("two words", "does not hold a token")])
def test_a_token_file_that_holds_no_token_is_named(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "token").write_text(content)
    access = user_access(tmp_path, {"tokenFile": "token"})

    with pytest.raises(KubeconfigError, match=f"the token file {tmp_path}/token {problem}"):
        header(access)


def test_a_token_file_that_is_not_there_is_told_as_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t")
    access = user_access(tmp_path, {"tokenFile": "token"})
    (tmp_path / "token").unlink()

    with pytest.raises(KubeconfigError, match=f"cannot read the token file {tmp_path}/token: No such file"):
        header(access)


def test_of_several_files_the_first_entry_of_a_name_counts(tmp_path: Path) -> None:
    first = write_kubeconfig(tmp_path / "a/config", server="https://first:1", name="dev")
    second = write_kubeconfig(tmp_path / "b/config", server="https://second:1", name="dev")
    third = write_kubeconfig(tmp_path / "c/config", server="https://third:1", name="prod")
    environ = {"KUBECONFIG": f"{tmp_path}/missing:{first}:{second}::{third}"}

    servers = [find_access(environ, context=name).server for name in ("", "dev", "prod")]

    assert ["https://first:1", "https://first:1", "https://third:1"] == servers


def test_the_current_context_is_the_first_one_set(tmp_path: Path) -> None:
    first, second = tmp_path / "first", write_kubeconfig(tmp_path / "second", server="https://second:1")
    first.write_text("current-context: ''\nclusters:\nusers: null\n")

    assert "https://second:1" == find_access({"KUBECONFIG": f"{first}:{second}"}).server


def test_paths_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    user = {"tokenFile": "token", "client-certificate": "me.crt", "client-key": "keys/me.key"}
    path = write_kubeconfig(folder / "config", cluster={"certificate-authority": "ca.crt"}, user=user)
    (folder / "keys").mkdir()
    for name in ("ca.crt", "me.crt", "keys/me.key"):
        (folder / name).write_text(PEM)
    (folder / "token").write_text("t")

    access = find_access({"KUBECONFIG": str(path)})

    assert (str(folder / "ca.crt"),) == access.tls.ca_files
    certificate = ClientCertificate(str(folder / "me.crt"), str(folder / "keys/me.key"))
    assert certificate == access.identity.proof(soon()).certificate
    assert "Bearer t" == header(access)


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


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=f"there is no {tmp_path}/none") as caught:
        find_access({}, kubeconfig=f"{tmp_path}/none")

    assert "check --kubeconfig" == caught.value.hint


def test_a_context_needs_a_kubeconfig_and_nobody_is_sent_to_a_variable_that_is_not_set(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError) as caught:
        find_access({"HOME": str(tmp_path)}, context="nope", root=str(tmp_path))

    assert "there is no ~/.kube/config" == str(caught.value)
    assert "give --kubeconfig FILE or set KUBECONFIG: a context is one of a kubeconfig" == caught.value.hint


def test_at_least_one_file_of_several_must_exist(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match="none of the files that KUBECONFIG names exists: /none, /nothing"):
        find_access({"KUBECONFIG": "/none:/nothing", "HOME": str(tmp_path)})


def test_a_file_that_cannot_be_read_is_told_why(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"~/\.kube cannot be read: Is a directory"):
        (tmp_path / ".kube").mkdir()
        find_access({"HOME": str(tmp_path)}, kubeconfig=str(tmp_path / ".kube"))


def test_a_kubeconfig_may_be_json_indented_by_tabs(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", namespace="shop")
    path.write_text(json.dumps(yaml.safe_load(path.read_text()), indent="\t"))

    assert "shop" == find_access({}, kubeconfig=str(path)).namespace


def test_names_and_tokens_that_look_like_numbers_stay_as_written(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", namespace="NAMESPACE", user={"token": "TOKEN"})
    path.write_text(path.read_text().replace("NAMESPACE", "0123").replace("TOKEN", "1e3"))

    access = find_access({}, kubeconfig=str(path))

    assert ("0123", "Bearer 1e3") == (access.namespace, header(access))


def test_a_user_name_and_password_are_sent_as_basic_login(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"username": "ann", "password": "pässword"})

    assert f"Basic {encoded('ann:pässword')}" == header(access)


def test_certificates_in_the_file_itself_are_kept_as_secrets(tmp_path: Path) -> None:
    user = {"client-certificate-data": encoded(PEM), "client-key-data": encoded(PEM.replace("CERTIFICATE", "EC KEY"))}

    certificate = user_access(tmp_path, user).identity.proof(soon()).certificate

    assert "ClientCertificate(certificate=Secret(***), key=Secret(***))" == repr(certificate)


def test_a_ca_in_the_file_itself_is_the_only_one_trusted(tmp_path: Path) -> None:
    cluster = {"certificate-authority-data": encoded(f"# Zertifizierungsstelle für Läden\n{PEM}")}

    tls = user_access(tmp_path, {}, cluster=cluster).tls

    assert (PEM, True, ()) == (tls.ca_data, tls.only_these_cas, tls.ca_files)


def test_a_cluster_says_how_to_reach_and_trust_it(tmp_path: Path) -> None:
    cluster = {"insecure-skip-tls-verify": True, "tls-server-name": "kube", "proxy-url": "http://proxy:3128"}

    access = user_access(tmp_path, {}, cluster=cluster, server="https://kube.example/k8s/clusters/c-1/")

    assert (True, "kube") == (access.tls.insecure_skip_verify, access.tls.server_name)
    assert ("https://kube.example/k8s/clusters/c-1", "http://proxy:3128") == (access.server, access.proxy_url.reveal())


def test_nothing_secret_travels_without_tls(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"token": TOKEN}, server="http://127.0.0.1:8080")

    assert "" == header(access)


def test_impersonation_becomes_headers(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"token": "t", "as": "ann", "as-uid": "7", "as-groups": ["dev"]})

    expected = (("Impersonate-User", "ann"), ("Impersonate-Uid", "7"), ("Impersonate-Group", "dev"))
    assert expected == access.headers


def test_a_context_without_a_user_is_nobody(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config")
    path.write_text(path.read_text().replace("user: dev\n", "user: ''\n"))

    proof = find_access({}, kubeconfig=str(path)).identity.proof(soon())

    assert ("", NO_CERTIFICATE) == (proof.authorization.reveal(), proof.certificate)


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


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("users: [{name: a, user: {token: hunter2\n", r"is not valid YAML \(line 2\)"),
        ("users: [{name: a, user: {token: [hunter2]}}]", r"is not a kubeconfig: .*users\[0\].user.token"),
        ("hunter2", "is not a kubeconfig"),
        ("users: *hunter2", r"is not valid YAML \(line 1\)"),
        ("\x00hunter2", "is not valid YAML"),
        ("{hunter2: [}", r"is not valid YAML \(line 1\)"),
        ("users: &hunter2 [*hunter2]", "is not a kubeconfig: it is nested too deeply"),
        ("a: b\n---\nhunter2: c", r"has several YAML documents \(the second begins at line 2\)"),
        ("kind: Deployment\nspec: hunter2", 'is not a kubeconfig: its kind is "Deployment"'),
        ('{"kind": "Deployment", "users": "hunter2"}', 'is not a kubeconfig: its kind is "Deployment"'),
        ("kind: [hunter2]", "is not a kubeconfig"),
        *((f"users: [{{name: a, user: {{token: {token}}}}}]", "is not valid YAML") for token in WRONGLY_TAGGED),
    ],
)
def test_a_broken_file_is_told_without_its_content(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "config").write_text(text)

    with pytest.raises(KubeconfigError, match=f"~/config {problem}") as caught:
        find_access({"HOME": str(tmp_path)}, kubeconfig=str(tmp_path / "config"))

    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


def test_a_kubeconfig_that_names_no_kind_is_one(tmp_path: Path) -> None:
    path = write_kubeconfig(tmp_path / "config", namespace="shop")
    path.write_text(path.read_text().replace("kind: Config\n", ""))

    assert "shop" == find_access({}, kubeconfig=str(path)).namespace


def test_no_secret_is_in_the_repr_of_an_access(tmp_path: Path) -> None:
    for user in ({"token": "hunter2"}, {"username": "u", "password": "hunter2"}):
        access = user_access(tmp_path, user, cluster={"proxy-url": "http://ann:hunter2@proxy:3128"})

        assert "hunter2" not in f"{access!r} {access.identity.proof(soon())!r}"
