"""Answers of the API server that a small one does not give: webhooks, other authorizers, proxies."""

import msgspec
import pytest

from figwasp.errors import AnswerLost, ApiUnreachable, Forbidden, KubernetesError
from figwasp.kube.access import Access
from figwasp.kube.faults import refusal
from figwasp.kube.identity import Fixed
from figwasp.kube.resource import Resource
from figwasp.net.tls import Tls

WEB = Resource("apps", "v1", "deployments", "shop", "web")
SERVER = Access(server="https://kube", tls=Tls(), identity=Fixed(), described="the test")


def refused(status: int, message: str, verb: str = "update") -> KubernetesError:
    body = msgspec.json.encode({"kind": "Status", "apiVersion": "v1", "message": message, "code": status})
    return refusal(status, body, verb, WEB, SERVER)


def test_a_refusal_by_an_admission_webhook_is_no_matter_of_roles() -> None:
    error = refused(403, 'admission webhook "policy.example" denied the request: no restarts on Friday')

    assert not isinstance(error, Forbidden)
    assert str(error).startswith("the API server refused to update deployment/web in namespace shop (403): admission")
    assert "" == error.hint


def test_the_reason_of_another_authorizer_is_kept() -> None:
    message = (
        'deployments.apps "web" is forbidden: User "ann@example.com" cannot update resource "deployments" in API group'
        ' "apps" in the namespace "shop": requires one of ["container.deployments.update"] permission(s).'
    )

    error = refused(403, message)

    reason = 'requires one of ["container.deployments.update"] permission(s).'
    assert f"not allowed to update deployments/web in namespace shop (as ann@example.com: {reason})" == str(error)


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"\xff", b"[]", b'{"kind": 1}'])
def test_a_refusal_without_a_status_is_still_one(body: bytes) -> None:
    error = refusal(403, body, "list", WEB, SERVER)

    assert isinstance(error, Forbidden)
    assert "not allowed to list deployments/web in namespace shop" == str(error)


def test_an_update_that_failed_in_a_webhook_was_not_done() -> None:
    error = refused(500, 'Internal error occurred: failed calling webhook "a": context deadline exceeded')

    assert isinstance(error, ApiUnreachable)
    assert not isinstance(error, AnswerLost)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_update_that_failed_elsewhere_may_have_been_done(status: int) -> None:
    assert isinstance(refused(status, "etcdserver: request timed out"), AnswerLost)


def test_a_long_message_is_cut_and_stays_on_one_line() -> None:
    error = refused(400, "line one\nline two " + "x" * 9999)

    assert len(str(error)) < 400
    assert "\n" not in str(error)


def test_an_api_server_that_wants_tls_says_what_to_change() -> None:
    plain = Access(server="http://kube:6443", tls=Tls(), identity=Fixed(), described="the test")

    error = refusal(400, b"Client sent an HTTP request to an HTTPS server.\n", "list", WEB, plain)

    assert "the API server speaks TLS, and http://kube:6443 does not" == str(error)
    assert "say https:// in the kubeconfig" == error.hint
