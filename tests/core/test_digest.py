"""Digests and image IDs: their text, every runtime's way to write it, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.digest import HEX_LENGTHS, Digest, ImageId, parse_image_id
from figwasp.errors import InvalidDigest
from tests.corpus import corpus
from tests.factories import digest

HEX = "a" * 64
SHA = f"sha256:{HEX}"
F = "f" * 64
CORPUS = corpus("image_ids")

digests = st.sampled_from(sorted(HEX_LENGTHS)).flatmap(
    lambda algorithm: st.builds(
        Digest,
        st.just(algorithm),
        st.text("0123456789abcdef", min_size=HEX_LENGTHS[algorithm]).map(lambda text: text[: HEX_LENGTHS[algorithm]]),
    )
)


@given(digests)
def test_the_text_of_a_digest_parses_to_the_same_digest(given_digest: Digest) -> None:
    assert Digest.parse(str(given_digest)) == given_digest


@given(st.text())
def test_any_text_is_a_digest_with_that_text_or_refused(text: str) -> None:
    try:
        parsed = str(Digest.parse(text))
    except InvalidDigest:
        return

    assert parsed == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(HEX, id="no algorithm"),
        pytest.param(f"md5:{HEX[:32]}", id="an unregistered algorithm"),
        pytest.param(f"SHA256:{HEX}", id="an algorithm in capitals"),
        pytest.param(f"sha256:{HEX.upper()}", id="hexadecimal in capitals"),
        pytest.param(f"sha256:{HEX[1:]}", id="a digit too few"),
        pytest.param(f"sha256:{HEX}a", id="a digit too many"),
        pytest.param(f"sha512:{HEX}", id="the length of another algorithm"),
        pytest.param(f"{SHA}\n", id="a line end after it"),
        pytest.param(f"sha256:{HEX[1:]}\n", id="a line end in place of a digit"),
        pytest.param(f"sha256:{HEX[1:]}٣", id="a digit that is not ASCII"),
        pytest.param(f"sha256:{HEX[1:]}g", id="a letter after f"),
    ],
)
def test_what_is_not_exactly_a_digest_is_refused(text: str) -> None:
    with pytest.raises(InvalidDigest):
        Digest.parse(text)


@pytest.mark.parametrize("algorithm", sorted(HEX_LENGTHS))
def test_a_digest_names_the_content_it_was_computed_of(algorithm: str) -> None:
    assert Digest.of(b"content", algorithm).names(b"content")


def test_a_digest_does_not_name_content_that_differs_in_one_byte() -> None:
    assert not Digest.of(b"content").names(b"content ")


def test_the_digest_of_nothing_is_the_published_one() -> None:
    published = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    assert str(Digest.of(b"")) == published


def test_a_long_foreign_text_is_cut_in_the_refusal() -> None:
    with pytest.raises(InvalidDigest) as caught:
        Digest.parse("x" * 10_000)

    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "repository", "is_local"),
    [
        pytest.param(text, *read, id=f"{runtime}: {text.replace(F, 'F')}")
        for runtime, table in CORPUS["read"].items()
        for text, read in table.items()
    ],
)
def test_an_image_id_is_read_in_every_runtimes_form(text: str, repository: str, is_local: bool) -> None:
    assert parse_image_id(text) == ImageId(repository, digest("f"), is_local)


@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_an_image_id_may_have_any_registered_algorithm(algorithm: str) -> None:
    expected = Digest.of(b"", algorithm)

    assert parse_image_id(f"web@{expected}") == ImageId("web", expected, is_local=False)


@pytest.mark.parametrize("text", CORPUS["unusable"]["texts"])
def test_any_other_image_id_says_nothing(text: str) -> None:
    assert parse_image_id(text) is None


runtimes = st.sampled_from(["", "docker://", "docker-pullable://"])
repositories = st.from_regex(r"[a-z0-9.:/\[\]-]{1,40}@", fullmatch=True) | st.just("")


@given(runtimes, repositories, digests)
def test_an_image_id_keeps_the_digest_and_the_repository(runtime: str, repository: str, given_digest: Digest) -> None:
    found = parse_image_id(f"{runtime}{repository}{given_digest}")

    assert found is not None
    assert (found.digest, found.repository) == (given_digest, repository.removesuffix("@"))


@given(st.text())
def test_no_image_id_raises(text: str) -> None:
    found = parse_image_id(text)

    assert found is None or text.endswith(found.digest.hex)


def test_a_digest_is_shown_to_people_by_its_first_12_digits() -> None:
    assert "0123456789ab" == Digest("sha256", "0123456789abcdef" * 4).short


@pytest.mark.parametrize(
    ("text", "problem"),
    [("latest", "there is no algorithm before a colon"), ("md5:0", "the algorithm is none of sha256")],
)
def test_it_is_said_why_a_text_is_no_digest(text: str, problem: str) -> None:
    with pytest.raises(InvalidDigest, match=problem):
        Digest.parse(text)
