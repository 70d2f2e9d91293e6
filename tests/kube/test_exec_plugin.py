"""
Exec plugins of kubeconfigs, run as programs.

Aspects: what the plugin is told · when it is run · what it may answer · what goes wrong · time.
"""

import os
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest

from figwasp.core.credential import Secret
from figwasp.errors import DeadlineExceeded, KubeconfigError
from figwasp.kube.config import find_access
from figwasp.kube.identity import ClientCertificate
from tests.kube.access import PEM, encoded, exec_user, header, runs, soon, user_access, write_kubeconfig


def failure(folder: Path, user: dict[str, Any], **more: Any) -> KubeconfigError:
    """The error of the plugin of `user`, at the latest when it is run."""
    with pytest.raises(KubeconfigError) as caught:
        header(user_access(folder, user, **more))
    return caught.value


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_plugin_gives_a_token_and_is_asked_in_its_own_version(tmp_path: Path, version: str) -> None:
    access = user_access(tmp_path, exec_user(tmp_path, {"token": "t"}, version=version))

    assert "Bearer t" == header(access)
    expected = {"apiVersion": f"client.authentication.k8s.io/{version}", "spec": {"interactive": False}}
    assert [{"kind": "ExecCredential", **expected}] == runs(tmp_path)


def test_a_plugin_is_not_run_before_it_is_needed_nor_twice(tmp_path: Path) -> None:
    access = user_access(tmp_path, exec_user(tmp_path, {"token": "t"}))
    was_run = (tmp_path / "runs").exists()
    header(access)
    header(access)

    assert (False, 1) == (was_run, len(runs(tmp_path)))


def test_a_plugin_that_wants_to_know_the_cluster_is_told(tmp_path: Path) -> None:
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "a", "hours": 3}}
    cluster = {
        "tls-server-name": "kube",
        "certificate-authority-data": encoded(PEM),
        "extensions": [extension],
    }
    header(user_access(tmp_path, exec_user(tmp_path, {"token": "t"}, provideClusterInfo=True), cluster=cluster))

    assert {
        "server": "https://127.0.0.1:6443",
        "tls-server-name": "kube",
        "certificate-authority-data": encoded(PEM),
        "config": {"audience": "a", "hours": 3},
    } == runs(tmp_path)[0]["spec"]["cluster"]


def test_a_plugin_gets_its_own_environment_on_top_of_ours(tmp_path: Path) -> None:
    code = "assert (os.environ['OURS'], os.environ['ITS']) == ('1', '2')"
    user = exec_user(tmp_path, {"token": "t"}, code=code, env=[{"name": "ITS", "value": "2"}])
    path = write_kubeconfig(tmp_path / "config", user=user)

    assert "Bearer t" == header(find_access({"OURS": "1", "ITS": "0"}, kubeconfig=str(path)))


def test_a_command_with_a_slash_is_relative_to_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    answer = '{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "t"}}'
    (tmp_path / "bin/login").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (tmp_path / "bin/login").chmod(0o700)
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "bin/login", "args": None}}

    assert "Bearer t" == header(user_access(tmp_path, user))


def test_an_expired_login_is_refreshed(tmp_path: Path) -> None:
    user = exec_user(tmp_path, {"token": "t", "expirationTimestamp": "2026-01-01T00:00:00Z"})
    path = write_kubeconfig(tmp_path / "config", user=user)
    now = [1767225599.0]  # one second earlier
    access = find_access({}, kubeconfig=str(path), now=lambda: now[0])
    header(access)
    header(access)
    now[0] += 1
    header(access)

    assert 2 == len(runs(tmp_path))


def test_a_refused_login_is_refreshed_once_for_all_that_used_it(tmp_path: Path) -> None:
    identity = user_access(tmp_path, exec_user(tmp_path, {"token": "t"})).identity
    refused = identity.proof(soon())
    identity.renewed(refused, soon())
    identity.renewed(refused, soon())

    assert 2 == len(runs(tmp_path))


def test_a_plugin_may_give_a_certificate(tmp_path: Path) -> None:
    user = exec_user(tmp_path, {"clientCertificateData": PEM, "clientKeyData": "key"})

    proof = user_access(tmp_path, user).identity.proof(soon())

    assert ClientCertificate(Secret(PEM), Secret("key")) == proof.certificate
    assert Secret("") == proof.authorization


def test_a_token_in_the_kubeconfig_wins_over_a_plugin(tmp_path: Path) -> None:
    access = user_access(tmp_path, {"token": "mine", **exec_user(tmp_path, {"token": "t"})})

    assert "Bearer mine" == header(access)


@pytest.mark.parametrize(
    "given",
    [
        {"env": [{"name": "A=hunter2", "value": "b"}]},
        {"env": [{"name": "A\0hunter2", "value": "b"}]},
        {"env": [{"name": "A", "value": "hunter2\0"}]},
        {"args": ["hunter2\0"]},
        {"command": "hunter2\0"},
    ],
)
def test_what_no_program_can_be_given_is_told_without_showing_it(tmp_path: Path, given: dict[str, Any]) -> None:
    error = failure(tmp_path, exec_user(tmp_path, {"token": "t"}, **given))

    problem = "has an exec plugin whose command, args or env cannot be given to any program"
    assert f'~/config: user "dev" {problem}' == str(error)
    assert "hunter2" not in "".join(traceback.format_exception(error)) + error.hint


def test_a_cluster_whose_name_looks_like_a_number_has_its_extension(tmp_path: Path) -> None:
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"hours": 3}}
    user = exec_user(tmp_path, {"token": "t"}, provideClusterInfo=True)
    path = write_kubeconfig(tmp_path / "config", name="NAME", cluster={"extensions": [extension]}, user=user)
    path.write_text(path.read_text().replace("NAME", "0123"))

    header(find_access({}, kubeconfig=str(path)))

    assert {"hours": 3} == runs(tmp_path)[0]["spec"]["cluster"]["config"]


def test_a_ca_file_that_a_plugin_wants_and_that_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text(PEM)
    user = exec_user(tmp_path, {"token": "t"}, provideClusterInfo=True)
    access = user_access(tmp_path, user, cluster={"certificate-authority": "ca.crt"})
    (tmp_path / "ca.crt").unlink()

    with pytest.raises(KubeconfigError, match=f"wants {tmp_path}/ca.crt, which cannot be read: No such file"):
        header(access)


def test_what_a_plugin_says_goes_to_the_person(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    code = "print('please log in', file=sys.stderr); sys.exit(3)"

    error = failure(tmp_path, exec_user(tmp_path, {}, code=code))

    assert '~/config: user "dev" has an exec plugin that failed (exit code 3)' == str(error)
    assert "please log in\n" == capfd.readouterr().err


def test_a_plugin_that_was_killed_is_told_as_that(tmp_path: Path) -> None:
    error = failure(tmp_path, exec_user(tmp_path, {}, code="os.kill(os.getpid(), 9)"))

    assert '~/config: user "dev" has an exec plugin that failed (ended by signal 9)' == str(error)


def test_the_hint_for_a_missing_plugin_is_its_own(tmp_path: Path) -> None:
    hint = "\x1b[31mInstall it\x1b[0m\nfrom example.com"

    error = failure(tmp_path, exec_user(tmp_path, {}, command="no-such-login", installHint=hint))

    problem = 'wants to run "no-such-login", which cannot be started: No such file or directory'
    assert f'~/config: user "dev" {problem}' == str(error)
    assert "Install it from example.com" == error.hint


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (None, "gave neither a token nor a certificate"),
        ({}, "gave neither a token nor a certificate"),
        ({"clientKeyData": "hunter2"}, "gave only one of certificate and key"),
        ({"token": ["hunter2"]}, "printed no ExecCredential"),
        ({"token": "t", "expirationTimestamp": "hunter2"}, "printed no ExecCredential"),
    ],
)
def test_an_answer_without_a_login_is_told_without_showing_it(tmp_path: Path, status: object, problem: str) -> None:
    error = failure(tmp_path, exec_user(tmp_path, status))

    assert f'~/config: user "dev" has an exec plugin that {problem}' == str(error)


def test_an_answer_in_another_version_is_told(tmp_path: Path) -> None:
    user = exec_user(tmp_path, {"token": "t"}, version="v1beta1", apiVersion="client.authentication.k8s.io/v1")

    assert 'answered in "client.authentication.k8s.io/v1beta1"' in str(failure(tmp_path, user))


def test_a_version_that_kubernetes_dropped_is_told(tmp_path: Path) -> None:
    error = failure(tmp_path, exec_user(tmp_path, {"token": "t"}, version="v1alpha1"))

    assert 'apiVersion "client.authentication.k8s.io/v1alpha1"' in str(error)
    assert "client.authentication.k8s.io/v1 and" in error.hint


def test_a_plugin_that_must_talk_to_a_person_is_not_run_without_one(tmp_path: Path) -> None:
    error = failure(tmp_path, exec_user(tmp_path, {"token": "t"}, interactiveMode="Always"))

    assert "must talk to a person" in str(error)
    assert not (tmp_path / "runs").exists()


def test_a_plugin_that_hangs_is_ended_with_the_deadline(tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); import time; time.sleep(600)"
    access = user_access(tmp_path, exec_user(tmp_path, {}, code=code))
    deadline, pids = soon(50), list[str]()
    os.mkfifo(tmp_path / "pid")

    def end() -> None:
        pids.append((tmp_path / "pid").read_text())  # which waits until the plugin runs
        deadline.shorten(0.1, "the test ends it")

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(DeadlineExceeded, match="the test ends it"):
        access.identity.proof(deadline)
    ending.join()

    assert not Path(f"/proc/{pids[0]}").exists()
