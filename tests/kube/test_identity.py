"""The token that a request carries, and the file that it is read from."""

import os
from pathlib import Path

import pytest

from figwasp.errors import KubeconfigError
from figwasp.kube.config import find_access
from tests.kube.access import TOKEN, header, mount_service_account, soon, user_access


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
