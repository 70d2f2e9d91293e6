"""Aspects: which proxy the environment names; which targets go without; tunnels and forwarding; what is said."""

import contextlib
import socket
import threading
from collections.abc import Mapping

import pytest

from figwasp.core.url import Url
from figwasp.errors import ConnectionFailed, UsageError
from figwasp.net.http import Request, Tls
from figwasp.net.proxy import Proxies, ProxyUrl
from tests.certificates import Authority
from tests.net.peer import OK, Handle, Peer, client, get, keep_answering, read_request, within
from tests.nobody import nobody

# The tables follow golang.org/x/net/http/httpproxy, proxy_test.go: what a Go program does, its successor must do too.


def chosen(environment: Mapping[str, str], url: str) -> str:
    proxy = Proxies.from_environment(environment).for_url(Url.parse(url))
    return f"{proxy.scheme}://{proxy.address}" if proxy else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("cache.corp.example.com:1234", "http://cache.corp.example.com:1234"),
        ("cache.corp.example.com", "http://cache.corp.example.com:80"),
        ("localhost", "http://localhost:80"),
        ("https://cache.corp.example.com", "https://cache.corp.example.com:443"),
        ("HTTP://cache.corp.example.com/ignored?x", "http://cache.corp.example.com:80"),
        ("http://[::1]:3128", "http://[::1]:3128"),
        ("socks5://127.0.0.1", "socks5://127.0.0.1:1080"),
        ("http://ann:s3cret@proxy:1", "http://proxy:1"),
        ("", ""),
    ],
)
def test_a_proxy_is_a_url_or_a_host(text: str, expected: str) -> None:
    assert expected == chosen({"HTTP_PROXY": text}, "http://example.com/")


@pytest.mark.parametrize("text", ["http://ann:s3cret@[bad", "http://ann:s3cret@proxy:99999", "http://proxy:http"])
@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy"])
def test_a_proxy_that_cannot_be_understood_is_an_error_and_never_left_out(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Proxies.from_environment({name: text})

    assert (f"{name} is not the URL of a proxy", "write it as http://host:port") == (
        str(caught.value),
        caught.value.hint,
    )


def test_every_proxy_that_cannot_be_understood_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        Proxies.from_environment({"HTTP_PROXY": "[", "https_proxy": "["})

    assert ("HTTP_PROXY is not the URL of a proxy", "https_proxy is not the URL of a proxy") == caught.value.problems


def test_each_scheme_has_its_own_proxy_and_upper_case_comes_first() -> None:
    environment = {"HTTP_PROXY": "a:1", "http_proxy": "b:1", "https_proxy": "c:1", "HTTPS_PROXY": ""}

    assert chosen(environment, "http://example.com/") == "http://a:1"
    assert chosen(environment, "https://example.com/") == "http://c:1"
    assert chosen({"HTTP_PROXY": "a:1"}, "https://example.com/") == ""


NO_PROXY = (
    "foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 192.168.1.2:81, 192.168.1.3:80, 10.0.0.0/30,"
    "2001:db8::52:0:1, [2001:db8::52:0:2]:443, [2001:db8::52:0:3]:80, 2002:db8:a::45/64, :1, 10.0.0.0/99, Upper.Case"
)


@pytest.mark.parametrize(
    ("host", "is_proxied"),
    [
        ("localhost", False),
        ("127.0.0.1", False),
        ("127.0.0.2", False),
        ("[::1]", False),
        ("[::ffff:127.0.0.1]", False),
        ("[::2]", True),
        ("192.168.1.1", False),
        ("192.168.1.2", True),
        ("192.168.1.3", False),
        ("192.168.1.4", True),
        ("10.0.0.2", False),
        ("10.0.0.4", True),
        ("[::ffff:10.0.0.2]", False),
        ("[2001:db8::52:0:1]", False),
        ("[2001:db8::52:0:2]", True),
        ("[2001:db8::52:0:3]", False),
        ("[2002:db8:a::123]", False),
        ("[fe80::424b:c8be:1643:a1b6]", True),
        ("barbaz.net", True),
        ("www.barbaz.net", False),
        ("foobar.com", False),
        ("FooBar.com", False),
        ("www.foobar.com", False),
        ("foofoobar.com", True),
        ("baz.com", True),
        ("localhost.net", True),
        ("local.localhost", True),
        ("barbarbaz.net", True),
        ("wildcard.io", True),
        ("nested.wildcard.io", False),
        ("awildcard.io", True),
        ("upper.case", False),
    ],
)
def test_no_proxy_is_read_as_by_go(host: str, is_proxied: bool) -> None:
    environment = {"HTTP_PROXY": "proxy:1", "NO_PROXY": NO_PROXY}

    assert ("http://proxy:1" if is_proxied else "") == chosen(environment, f"http://{host}/")


@pytest.mark.parametrize(
    ("exception", "host", "is_proxied"),
    [
        ("*", "example.com", False),
        ("a.com,*", "10.1.2.3", False),
        ("*example.com", "example.com", True),
        ("example.com:443", "example.com", False),
        ("example.com:80", "example.com", True),
        ("пример.com", "xn--e1afmkfd.com", False),
        ("", "example.com", True),
    ],
)
def test_no_proxy_may_name_everything_a_port_or_another_script(exception: str, host: str, is_proxied: bool) -> None:
    environment = {"HTTPS_PROXY": "proxy:1", "no_proxy": exception}

    assert is_proxied == bool(chosen(environment, f"https://{host}/"))


def test_a_given_proxy_is_used_for_every_target() -> None:
    proxy = ProxyUrl("http", "proxy", 1)

    assert Proxies.only(proxy).for_url(Url.parse("https://127.0.0.1/")) == proxy


def test_a_login_for_a_proxy_is_decoded_and_never_shown() -> None:
    proxies = Proxies.from_environment({"HTTP_PROXY": "http://ann:s%40cret@proxy"})

    assert proxies.http
    assert proxies.http.authorization == "Basic YW5uOnNAY3JldA=="
    assert "@cret" not in repr(proxies)


def tunnel(heads: list[bytes]) -> Handle:
    """A proxy that notes each request's head and passes bytes on."""

    def handle(connection: socket.socket, _: int) -> None:
        heads.append(read_request(connection))
        port = int(heads[-1].split(b" ")[1].rpartition(b":")[2])
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as target:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=copy, args=(target, connection)).start()
            copy(connection, target)

    return handle


def copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
        target.shutdown(socket.SHUT_RDWR)


def through(proxy: str, tls: Tls, url: str, times: int = 1) -> list[bytes]:
    parsed = ProxyUrl.parse(proxy)
    assert parsed
    http = client(proxy=Proxies.only(parsed), tls=tls)
    request = Request(method="GET", url=url, headers={"Authorization": "Bearer s3cret"})
    try:
        return [http.send(request, deadline=within(), largest_body=10).body for _ in range(times)]
    finally:
        http.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_https_target_is_reached_through_a_tunnel_that_sees_no_request(scheme: str, authority: Authority) -> None:
    heads: list[bytes] = []
    context = authority.server_context()
    proxy_context = context if scheme == "https" else None
    with Peer(keep_answering(), tls=context) as target, Peer(tunnel(heads), tls=proxy_context) as proxy:
        tls = Tls(ca_files=(str(authority.certificate),))
        bodies = through(f"{scheme}://ann:pw@{proxy.host}", tls, target.url, times=2)

    assert bodies == [b"ok", b"ok"]
    assert [head.decode().split("\r\n") for head in heads] == [
        [
            f"CONNECT {target.host} HTTP/1.1",
            f"Host: {target.host}",
            "User-Agent: figwasp/test",
            "Proxy-Authorization: Basic YW5uOnB3",
            "",
            "",
        ]
    ]


def test_an_http_target_is_asked_of_the_proxy_itself() -> None:
    heads: list[bytes] = []

    def handle(connection: socket.socket, _: int) -> None:
        heads.append(read_request(connection))
        connection.sendall(OK)

    with Peer(handle) as proxy:
        through(f"http://ann:pw@{proxy.host}", Tls(), "http://registry.invalid:5000/v2/?x=y")

    assert heads[0].startswith(b"GET http://registry.invalid:5000/v2/?x=y HTTP/1.1\r\nHost: registry.invalid:5000\r\n")
    assert b"\r\nProxy-Authorization: Basic YW5uOnB3\r\n" in heads[0]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n", r"the proxy \S+ wants another login \(407\)"),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 2\r\n\r\nno", r"the proxy \S+ refused to connect to it \(502\)"),
        (
            b"HTTP/1.1 502 Bad\r\nContent-Length: 99999\r\n\r\n" + b"x" * 99999,
            r"the proxy \S+ refused to connect to it \(502\)",
        ),
        (b"HTTP/1.1 302 Log in\r\nContent-Length: 99999\r\n\r\n", r"the proxy \S+ cannot be taken: it is larger"),
        (b"SSH-2.0\r\n", r"the proxy \S+: what it sent is not HTTP"),
        (b"", r"the proxy \S+: it closed the connection$"),
    ],
)
def test_a_proxy_that_gives_no_tunnel_is_named(answer: bytes, problem: str) -> None:
    def handle(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(answer)

    with Peer(handle) as proxy, pytest.raises(ConnectionFailed, match=problem) as caught:
        through(f"http://ann:pw@{proxy.host}", Tls(), "https://registry.invalid/")

    assert str(caught.value).startswith("no answer from registry.invalid: the ")
    assert (False, False) == (caught.value.sent, "pw" in str(caught.value))


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    with nobody() as port:
        address = f"127.0.0.1:{port}"
        with pytest.raises(ConnectionFailed, match=f"^no answer from host: the proxy {address}: it refused"):
            through(address, Tls(), "https://host/")


def test_a_proxy_of_another_kind_is_refused() -> None:
    with pytest.raises(ConnectionFailed, match='the scheme "socks5", only http and https can be used'):
        through("socks5://127.0.0.1", Tls(), "https://host/")


def test_without_a_proxy_nothing_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with Peer(keep_answering()) as peer, contextlib.closing(client()) as http:
        assert http.send(get(peer.url), deadline=within(), largest_body=10).body == b"ok"
