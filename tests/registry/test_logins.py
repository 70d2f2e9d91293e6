"""
How often a login is shown that is refused.

Aspects: wrong ones; right ones, refused for one repository or only in passing; other logins and hosts; what is kept.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from figwasp.core.credential import Credential, Secret
from figwasp.core.url import Url
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import AccessDenied, ConnectionFailed, DeadlineExceeded
from figwasp.net.http import Headers, Response
from figwasp.registry.logins import MOST_REFUSED, Logins
from tests.registry.asking import ANN, BOB, USERS, basic, client, login, resolve_at_once, token, web, within

SHOWN = MOST_REFUSED + 1
"""How often a wrong login is shown: for so many images, and for none."""

HOST = Url.parse("https://registry.example/")
REPOSITORIES = [f"team/web-{number}" for number in range(30)]
Want = Callable[[Registry], None]


class Host:
    """Gives `answers` one after another, the last of them for ever."""

    def __init__(self, *answers: int | Exception) -> None:
        self._answers = list(answers)
        self.shown = 0

    def send(self) -> Response:
        self.shown += 1
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return Response(answer)


@pytest.mark.parametrize("want", [basic, token])
def test_a_wrong_password_is_not_shown_for_each_image(registry: Registry, want: Want) -> None:
    """GitLab bans the address after 30, for the nodes behind it too."""
    want(registry)
    with client(registry) as asking:
        for repository in REPOSITORIES:
            with pytest.raises(AccessDenied, match=r"\(401.*the login from secret shop/old"):
                asking.resolve(web(registry, repository=repository), login(BOB), within())

    assert SHOWN == registry.asked(scheme="Basic")


@pytest.mark.parametrize("want", [basic, token])
def test_a_wrong_password_is_not_shown_more_often_by_many_at_once(registry: Registry, want: Want) -> None:
    want(registry)
    resolve_at_once(registry, REPOSITORIES, login(BOB, ANN))

    assert SHOWN == sum(each.user == "bob" for each in registry.requests)


@pytest.mark.parametrize("want", [basic, token])
def test_another_login_is_not_held_up_by_a_wrong_one(registry: Registry, want: Want) -> None:
    want(registry)
    digests = [registry.put(repository, "1", image()) for repository in REPOSITORIES]
    with client(registry) as asking:
        answers = [asking.resolve(web(registry, repository=each), login(BOB, ANN), within()) for each in REPOSITORIES]

    assert digests == [str(each.digest) for each in answers]


def test_what_anybody_gets_is_got_though_the_login_is_not_shown_any_more(registry: Registry) -> None:
    """The host asks for nothing, and some of its repositories for a login."""
    registry.want_basic(USERS, public={"team/open"})
    registry.answer("/v2/", status=200)
    digest = registry.put("team/open", "1", image())
    with client(registry) as asking:
        for repository in REPOSITORIES[: MOST_REFUSED + 1]:
            with pytest.raises(AccessDenied):
                asking.resolve(web(registry, repository=repository), login(BOB), within())

        assert digest == str(asking.resolve(web(registry, repository="team/open"), login(BOB), within()).digest)


@pytest.mark.parametrize("want", [basic, token])
def test_a_login_that_is_refused_for_some_repositories_alone_opens_the_others(registry: Registry, want: Want) -> None:
    """Nexus answers 401 where the login is right and the repository not for it."""
    want(registry)
    *closed, opened = REPOSITORIES
    for repository in closed:
        registry.answer(f"/v2/{repository}/manifests/1", status=401)
    digest = registry.put(opened, "1", image())
    with client(registry) as asking:
        for repository in closed:
            with pytest.raises(AccessDenied):
                asking.resolve(web(registry, repository=repository), login(ANN), within())

        assert digest == str(asking.resolve(web(registry, repository=opened), login(ANN), within()).digest)


def test_a_login_that_is_refused_for_images_is_shown_for_none_before_it_is_taken_for_wrong() -> None:
    for says, expected in ((401, 0), (200, 7), (404, 7), (500, 0)):
        host, logins, checked = Host(401), Logins(), Host(says)
        for _ in range(MOST_REFUSED + 7):
            logins.show(HOST, ANN, host.send, checked.send, within())
        assert (MOST_REFUSED + expected, 1) == (host.shown, checked.shown), says


@pytest.mark.parametrize("accepts", [200, 307, 403, 404])
def test_a_login_that_was_accepted_once_is_shown_however_often_it_is_refused(accepts: int) -> None:
    host, logins = Host(401, accepts, 401), Logins()
    for _ in range(10):
        logins.show(HOST, ANN, host.send, host.send, within())

    assert 10 == host.shown


@pytest.mark.parametrize("trouble", [429, 500, 503])
def test_a_host_in_trouble_has_not_accepted_a_login(trouble: int) -> None:
    host, logins = Host(trouble, 401), Logins()
    statuses = [logins.show(HOST, ANN, host.send, host.send, within()).status for _ in range(10)]

    assert ([trouble] + [401] * 9, 1 + SHOWN) == (statuses, host.shown)


def test_a_host_that_gives_no_answer_has_not_accepted_a_login() -> None:
    host, logins = Host(ConnectionFailed("registry.example", "it closed the connection", sent=True), 401), Logins()
    with pytest.raises(ConnectionFailed):
        logins.show(HOST, ANN, host.send, host.send, within())
    for _ in range(10):
        logins.show(HOST, ANN, host.send, host.send, within())

    assert 1 + SHOWN == host.shown


def test_copies_of_one_login_are_one_and_other_logins_and_hosts_others() -> None:
    host, logins = Host(401), Logins()
    copy = Credential(ANN.username, ANN.password, "secret api/pull")
    other = Credential(ANN.username, Secret("other"), ANN.source)
    for _ in range(10):
        logins.show(HOST, ANN, host.send, host.send, within())
        logins.show(HOST, copy, host.send, host.send, within())
    assert SHOWN == host.shown

    logins.show(HOST, other, host.send, host.send, within())
    logins.show(Url.parse("https://registry.example:8443/"), ANN, host.send, host.send, within())
    assert SHOWN + 2 == host.shown


def test_those_who_come_at_the_same_time_wait_for_one_answer_until_it_is_no_refusal() -> None:
    logins, under_way, most = Logins(), threading.Semaphore(1), []

    def send() -> Response:
        most.append(under_way.acquire(blocking=False))
        under_way.release()
        return Response(401)

    threads = [threading.Thread(target=logins.show, args=(HOST, ANN, send, send, within())) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert [True] * SHOWN == most


@pytest.mark.parametrize("first", [200, 404, 500, ConnectionFailed("registry.example", "closed", sent=True)])
def test_nobody_waits_for_anybody_once_it_is_known_that_it_is_not_refused(first: int | Exception) -> None:
    """Nor for a host in trouble, one by one."""
    logins, host = Logins(), Host(200)
    with suppress(ConnectionFailed):
        logins.show(HOST, ANN, Host(first).send, host.send, within())

    def meanwhile() -> Response:
        return logins.show(HOST, ANN, host.send, host.send, within(0.05))

    assert 200 == logins.show(HOST, ANN, meanwhile, host.send, within()).status


@pytest.mark.parametrize("first", [503, ConnectionFailed("registry.example", "closed", sent=True)])
def test_a_wrong_password_is_not_shown_more_often_by_many_at_once_after_trouble(first: int | Exception) -> None:
    logins, shown = Logins(), 0
    with suppress(ConnectionFailed):
        logins.show(HOST, ANN, Host(first).send, Host(401).send, within())

    def send() -> Response:
        nonlocal shown
        shown += 1
        if shown < 16:
            with suppress(DeadlineExceeded):
                logins.show(HOST, ANN, send, send, within(0.05))
        return Response(401)

    logins.show(HOST, ANN, send, send, within())

    assert MOST_REFUSED == shown


def test_a_refusal_is_told_again_with_its_reason_and_what_is_wanted() -> None:
    wants = ("www-authenticate", 'Basic realm="r"')
    said = Response(401, Headers((wants, ("server", "x"))), b'{"code": "DENIED"}')
    logins = Logins()
    answers = [logins.show(HOST, ANN, lambda: said, lambda: said, within()) for _ in range(MOST_REFUSED + 1)]

    assert (b'{"code": "DENIED"}', ['Basic realm="r"']) == (
        answers[-1].body,
        answers[-1].headers.get_all("www-authenticate"),
    )


def test_no_more_of_a_refusal_is_kept_than_tells_its_reason() -> None:
    said = Response(401, Headers((("www-authenticate", "B" * 4097),) * 9), b"x" * 4097)
    logins = Logins()
    answers = [logins.show(HOST, ANN, lambda: said, lambda: said, within()) for _ in range(MOST_REFUSED + 1)]

    assert (b"", []) == (answers[-1].body, answers[-1].headers.get_all("www-authenticate"))
