"""Aspects of the flow alone, without a network: hosts that cannot be had here, and what is yielded."""

from collections.abc import Sequence
from urllib.parse import unquote

import pytest

from figwasp.core.challenge import BASIC, BEARER, Challenge
from figwasp.core.credential import Credential
from figwasp.core.reference import Reference
from figwasp.core.url import Url
from figwasp.errors import AccessDenied
from figwasp.net.http import Headers, Request, Response
from figwasp.registry.auth import TokenQuery, Visit, log_in, token_request
from tests.registry.asking import ANN, BOB

HUB = Url.parse("https://registry-1.docker.io/v2/library/nginx/manifests/1")
REALM = 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'
KNOWN = Challenge(BEARER, {"realm": "https://auth.docker.io/token", "service": "registry.docker.io"})
OK = Response(200)


def refusal(*challenges: str) -> Response:
    return Response(401, Headers(tuple(("www-authenticate", each) for each in challenges)))


def run(
    answers: Sequence[Response],
    *,
    credential: Credential | None = ANN,
    known: tuple[Challenge, ...] = (),
    is_binding: bool = False,
) -> tuple[list[str], list[TokenQuery], Response]:
    """
    Run the flow against `answers`; gives the logins that it sent, what tokens it wanted, and the result.

    No token is given to Bob.
    """
    queries: list[TokenQuery] = []
    sent: list[str] = []

    def tokens(query: TokenQuery, _refused: str) -> str:
        queries.append(query)
        if query.credential == BOB:
            raise AccessDenied("not Bob")
        return f"t{len(queries)}"

    visit = Visit(reference=Reference.parse("nginx:1"), registry=HUB, credential=credential)
    flow = log_in(Request(method="HEAD", url=str(HUB)), visit, known, tokens, is_binding=is_binding)
    request = next(flow)
    for answer in answers:
        sent.append(request.headers.get("Authorization", ""))
        try:
            request = flow.send(answer)
        except StopIteration as end:
            return sent, queries, end.value
    raise AssertionError("it wants more answers")


def query_of(credential: Credential) -> TokenQuery:
    realm = Url.parse("https://auth.docker.io/token")
    return TokenQuery(realm, "registry.docker.io", ("repository:library/nginx:pull",), credential)


def test_docker_hubs_token_server_is_shown_the_login() -> None:
    sent, queries, result = run([refusal(REALM), OK])

    assert (["", "Bearer t1"], OK) == (sent, result)
    assert "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fnginx%3Apull" == (
        token_request(queries[0]).url
    )
    assert token_request(queries[0]).headers == {"Authorization": "Basic YW5uOnMzY3JldC1wYTU1"}


def test_what_is_known_saves_the_refused_request() -> None:
    sent, queries, _ = run([OK], known=(KNOWN,))

    assert (["Bearer t1"], "repository:library/nginx:pull") == (sent, *queries[0].scopes)


@pytest.mark.parametrize(
    ("scope", "wanted"),
    [
        ("repository:library/nginx:pull,push registry:catalog:*", "scope=repository:library/nginx:pull"),
        (
            "repository:hub/nginx:pull aws",
            "scope=aws&scope=repository:hub/nginx:pull&scope=repository:library/nginx:pull",
        ),
    ],
)
@pytest.mark.parametrize("credential", [ANN, None])
def test_a_token_is_asked_for_pulling_alone_also_what_a_registry_calls_otherwise(
    scope: str, wanted: str, credential: Credential | None
) -> None:
    (query,) = run([refusal(f'{REALM},scope="{scope}"'), OK], credential=credential)[1]

    assert f"service=registry.docker.io&{wanted}" == unquote(token_request(query).url).partition("?")[2]


def test_a_service_that_no_challenge_names_is_not_asked_for() -> None:
    (query,) = run([refusal('Bearer realm="https://auth.docker.io/token"'), OK])[1]

    assert "scope=repository:library/nginx:pull" == unquote(token_request(query).url).partition("?")[2]


def test_a_token_is_preferred_to_the_password() -> None:
    assert run([refusal('Basic realm="r"', REALM), OK])[0] == ["", "Bearer t1"]


def test_a_refused_token_is_replaced_once() -> None:
    sent, _, result = run([refusal(REALM), refusal(REALM), refusal(REALM)])

    assert (["", "Bearer t1", "Bearer t2"], 401) == (sent, result.status)


def test_a_host_that_changed_its_mind_is_understood() -> None:
    sent, _, result = run([refusal('Basic realm="r"'), refusal('Basic realm="r"'), OK], known=(KNOWN,))

    assert (["Bearer t1", "", "Basic YW5uOnMzY3JldC1wYTU1"], OK) == (sent, result)


def test_a_login_that_is_refused_where_none_is_wanted_does_no_harm() -> None:
    assert run([OK], credential=BOB, known=(KNOWN,)) == ([""], [query_of(BOB)], OK)


# Where the registry itself said that it wants a login


def test_what_anybody_gets_does_not_count_where_a_login_is_wanted() -> None:
    basic = (Challenge(BASIC, {"realm": "r"}),)

    assert 401 == run([Response(401), OK], known=basic, is_binding=True)[2].status
    assert 401 == run([refusal('Basic realm="r"')], known=basic, is_binding=True)[2].status
    with pytest.raises(AccessDenied, match="not Bob"):
        run([OK], credential=BOB, known=(KNOWN,), is_binding=True)


def test_a_host_that_changed_its_mind_is_understood_by_its_refusal() -> None:
    sent, _, result = run([refusal('Basic realm="r"'), OK], known=(KNOWN,), is_binding=True)

    assert (["Bearer t1", "Basic YW5uOnMzY3JldC1wYTU1"], OK) == (sent, result)


def test_a_refusal_that_does_not_say_what_is_wanted_is_followed_by_the_question() -> None:
    basic = (Challenge(BASIC, {"realm": "r"}),)
    sent, _, result = run([Response(401), refusal(REALM), OK], known=basic, is_binding=True)

    assert (["Basic YW5uOnMzY3JldC1wYTU1", "", "Bearer t1"], OK) == (sent, result)


@pytest.mark.parametrize("is_binding", [False, True])
def test_a_repository_that_the_registry_calls_otherwise_gets_its_own_token(is_binding: bool) -> None:
    other = refusal(f'{REALM},scope="repository:docker-hub/library/nginx:pull"')
    answers = [other, OK] if is_binding else [other, other, OK]
    _, queries, result = run(answers, known=(KNOWN,), is_binding=is_binding)

    own, called = "repository:library/nginx:pull", "repository:docker-hub/library/nginx:pull"
    assert ([(own,), (called, own)], OK) == ([each.scopes for each in queries], result)


@pytest.mark.parametrize(("answers", "known"), [([refusal(REALM)], ()), ([refusal(REALM)], (KNOWN,))])
def test_a_login_that_is_refused_is_an_error_whatever_was_known(
    answers: list[Response], known: tuple[Challenge, ...]
) -> None:
    with pytest.raises(AccessDenied, match="not Bob"):
        run(answers, credential=BOB, known=known)


@pytest.mark.parametrize("known", [(), (Challenge(BASIC, {"realm": "r"}),)])
def test_without_a_login_a_basic_host_is_asked_once(known: tuple[Challenge, ...]) -> None:
    assert run([refusal('Basic realm="r"')], credential=None, known=known)[0] == [""]


@pytest.mark.parametrize("answer", [OK, Response(404), Response(401), refusal("Negotiate"), Response(429)])
def test_an_answer_that_asks_for_no_login_we_know_is_the_result(answer: Response) -> None:
    assert (run([answer])[0], run([answer])[2]) == ([""], answer)
