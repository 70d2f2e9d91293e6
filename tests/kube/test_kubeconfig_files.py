"""Kubeconfig files as they are written: which are read, how several are merged, and how a broken one is told."""

import json
import traceback
from pathlib import Path

import pytest
import yaml

from figwasp.errors import KubeconfigError
from figwasp.kube.config import find_access
from figwasp.kube.identity import ClientCertificate
from tests.kube.access import PEM, header, soon, write_kubeconfig

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
