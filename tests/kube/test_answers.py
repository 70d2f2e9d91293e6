"""
Answers of an API server, or of what stands before it, that are complete and yet are none.

Aspects: objects · lists · what a workload says of itself · updates · the time.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from figwasp.core.decision import Restart
from figwasp.core.workload import Selection
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import AnswerLost, KubernetesError
from figwasp.kube.access import Access
from figwasp.kube.access_review import AccessReview
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.identity import Fixed
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import PutRestarter
from figwasp.net.tls import Tls
from tests.factories import workload
from tests.kube.access import soon
from tests.kube.reading import EVERYTHING, named
from tests.net.peer import Peer, keep_answering
from tests.objects import IMAGE_ID, NAMESPACE, put_workload

WEB = Resource("apps", "v1", "deployments", "shop", "web")
NESTED = b'{"x":' * 10_000
NO_TEMPLATE = b'{"metadata":{"name":"web","namespace":"shop"},"spec":{"selector":{},"template":{}}}'


@contextmanager
def answering(body: bytes, *headers: str) -> Iterator[ApiClient]:
    """A client of an API server that answers everything so."""
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""])
    with ExitStack() as stack:
        peer = stack.enter_context(Peer(keep_answering(head.encode() + body)))
        access = Access(server=peer.url.rstrip("/"), tls=Tls(), identity=Fixed(), described="the peer")
        client = ApiClient.to(access, environ={})
        stack.callback(client.close)
        yield client


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"metadata":{"resourceVersion":"1"}}',
        b'{"metadata":null}',
        b'{"metadata":{"resourceVersion":"1"},"spec":{"template":null}}',
        b'{"metadata":{"resourceVersion":"1","annotations":"x"},"spec":{"template":{}}}',
        b'{"metadata":{"resourceVersion":"1"},"spec":{"template":{"metadata":[]}}}',
        NESTED,
    ],
)
def test_an_object_to_be_restarted_that_is_none_is_an_error_that_names_it(body: bytes) -> None:
    one = workload()
    decision = Restart(one, (), (), one.record)

    with answering(body) as client, pytest.raises(KubernetesError, match="answer for deployment/web in namespace shop"):
        PutRestarter(client, (KIND,)).restart(decision, datetime(2026, 1, 1, tzinfo=UTC), soon())


@pytest.mark.parametrize("items", [b"null", b"{}", b'{"metadata":null}', NESTED])
def test_a_list_of_what_is_no_workload_is_an_error(items: bytes) -> None:
    with (
        answering(b'{"items":[%s]}' % items) as client,
        pytest.raises(KubernetesError, match="the API server's answer for deployment"),
    ):
        Reader(client, (KIND,)).observe(Selection(namespaces=("shop",)), soon())


@pytest.mark.parametrize("item", [NO_TEMPLATE, NO_TEMPLATE.replace(b"{}}}", b'{"spec":1}}}')])
def test_a_workload_of_a_list_that_has_no_template_is_told_by_its_name(item: bytes) -> None:
    with answering(b'{"items":[%s]}' % item) as client:
        observed = Reader(client, (KIND,)).observe(Selection(namespaces=("shop",)), soon())

    ((key, error),) = observed.failures
    assert (("shop", "web"), True) == ((key.namespace, key.name), "is not as expected" in str(error))


def test_a_named_workload_without_a_template_is_told_by_its_name() -> None:
    with answering(NO_TEMPLATE) as client:
        observed = Reader(client, (KIND,)).observe(named("web"), soon())

    ((key, error),) = observed.failures
    assert ("web", KubernetesError) == (key.name, type(error))
    assert "answer for deployment/web in namespace shop is not as expected" in str(error)


def test_a_percentage_with_more_zeros_than_anybody_writes_ends_no_pass(server: ApiServer, reader: Reader) -> None:
    # The API server takes it: `^[0-9]+%$`, and strconv.Atoi says 1.
    put_workload(server, IMAGE_ID)
    rolling = {"maxSurge": 0, "maxUnavailable": "0" * 5000 + "1%"}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    server.edit("deployments", NAMESPACE, "web", lambda one: one["spec"].update(strategy=strategy, replicas=2))

    (read,) = reader.observe(EVERYTHING, soon()).workloads

    assert "" == read.outage


@pytest.mark.parametrize("body", [b"<html>done</html>", b"", b'{"kind":', b"{}", b"[]", b'{"metadata":null}', NESTED])
def test_an_update_whose_answer_is_no_object_may_have_been_done(body: bytes) -> None:
    with answering(body) as client, pytest.raises(AnswerLost, match="the update of deployment/web in namespace shop"):
        client.put(WEB, b"{}", {}, soon())


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", datetime(2026, 1, 1, tzinfo=UTC)),
        ("Thu, 01 Jan 2026 00:00:00 -0000", datetime(2026, 1, 1, tzinfo=UTC)),
        ("Thu, 01 Jan 2026 00:00:00 +" + "9" * 30, None),
        ("Thu, 01 Jan 99999999999 00:00:00 GMT", None),
        ("soon", None),
    ],
)
def test_the_time_is_told_with_its_zone_or_not_at_all(said: str, told: datetime | None) -> None:
    with answering(b"{}", f"Date: {said}") as client:
        assert told == AccessReview(client, (KIND,)).time(soon())
