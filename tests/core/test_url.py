import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.url import Url, quote
from figwasp.errors import FigwaspError


@pytest.mark.parametrize(
    ("text", "host", "port", "target"),
    [
        ("https://registry.example.com/v2/", "registry.example.com", 443, "/v2/"),
        ("HTTP://Registry.Example.com", "registry.example.com", 80, "/"),
        ("https://[FD00::1]:6443/api?watch=1", "fd00::1", 6443, "/api?watch=1"),
        ("https://host?x=1#fragment", "host", 443, "/?x=1"),
        ("https://a_b.example/%20", "a_b.example", 443, "/%20"),
    ],
)
def test_a_url_is_read_into_its_parts(text: str, host: str, port: int, target: str) -> None:
    url = Url.parse(text)

    assert (host, port, target) == (url.host, url.port, url.target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "host/path",
        "ftp://host/",
        "https://",
        "https:///path",
        "https://user:secret@host/",
        "https://good.example\\@evil.example/",
        "https://good.example#@evil.example/\n",
        "https://host:65536/",
        "https://host:/",
        "https://host/a b",
        "https://host/a\r\nX: y",
        "https://hôte/",
        "https://[::1%25eth0]/",
        "https://-host/",
        "https://[.::1]/",
        "https://[127.0.0.1]/",
    ],
)
def test_what_two_readers_could_understand_differently_is_refused(text: str) -> None:
    with pytest.raises(FigwaspError) as caught:
        Url.parse(text)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["https://host/", "http://host:8080/a?b=c", "https://[::1]:5000/v2/", "http://host:443/"]
)
def test_a_url_prints_as_it_is_read(text: str) -> None:
    assert text == str(Url.parse(text))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/other", "https://host:5000/other"),
        ("other?x=1", "https://host:5000/v2/other?x=1"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("http://plain.example/", "http://plain.example/"),
    ],
)
def test_a_redirect_may_be_relative(reference: str, expected: str) -> None:
    assert expected == str(Url.parse("https://host:5000/v2/tag").join(reference))


@pytest.mark.parametrize("reference", ["https://[evil/x", "//[", "https://a]b/", "https://\u2100.example/", "ftp://a/"])
def test_a_redirect_to_what_is_no_url_is_an_error_that_shows_nothing_of_it(reference: str) -> None:
    with pytest.raises(FigwaspError, match=r"^it is not an absolute http or https URL without user name$"):
        Url.parse("https://host:5000/v2/tag").join(reference)


def test_parameters_are_added_to_a_query_that_is_there() -> None:
    url = Url.parse("https://host/token?account=a").with_query([("service", "r & d"), ("scope", "a:b/c")])

    assert url.target == "/token?account=a&service=r%20%26%20d&scope=a%3Ab%2Fc"


@given(st.text())
def test_a_quoted_text_never_means_anything_in_a_url(text: str) -> None:
    url = Url.parse("https://host/").with_query([("name", text)])

    assert Url.parse(str(url)) == url
    assert set(quote(text)).isdisjoint("&=?#/ +")


def test_one_port_or_scheme_more_makes_another_origin() -> None:
    origins = {Url.parse(text).origin for text in ("https://h/", "https://h:443/x", "http://h/", "https://h:5000/")}

    assert len(origins) == 3


def test_a_port_may_be_as_large_as_any() -> None:
    assert 65535 == Url.parse("https://host:65535/").port


@pytest.mark.parametrize(
    ("text", "authority", "address"),
    [
        ("https://host/", "host", "host:443"),
        ("http://host:443/", "host:443", "host:443"),
        ("https://[fd00::1]/", "[fd00::1]", "[fd00::1]:443"),
        ("https://[fd00::1]:6443/", "[fd00::1]:6443", "[fd00::1]:6443"),
    ],
)
def test_host_and_port_are_written_as_in_a_url(text: str, authority: str, address: str) -> None:
    url = Url.parse(text)

    assert (authority, address) == (url.authority, url.address)


@pytest.mark.parametrize(
    ("target", "parameters", "expected"),
    [
        ("/token", [("scope", "a b")], "/token?scope=a%20b"),
        ("/token?x=1", [("scope", "a"), ("service", "s")], "/token?x=1&scope=a&service=s"),
        ("/token", [], "/token"),
        ("/token?x=1", [], "/token?x=1"),
    ],
)
def test_parameters_are_added_to_a_query(target: str, parameters: list[tuple[str, str]], expected: str) -> None:
    assert expected == Url.parse(f"https://host{target}").with_query(parameters).target


def test_a_host_is_no_longer_than_a_name_can_be() -> None:
    longest = "a" * 249 + ".com"

    assert longest == Url.parse(f"https://{longest}/").host
    with pytest.raises(FigwaspError):
        Url.parse(f"https://a{longest}/")
