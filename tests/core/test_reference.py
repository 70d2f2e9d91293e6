"""Image references: distribution/reference's cases (tests/corpus), and what holds for every text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from figwasp.core.reference import Reference
from figwasp.errors import InvalidReference
from tests.corpus import corpus
from tests.factories import digest, reference

CORPUS = corpus("references")

hosts = st.sampled_from(
    ["ghcr.io/", "docker.io/", "index.docker.io/", "localhost/", "Up/", "r.io:5000/", "[::1]:5000/"]
)
components = st.sampled_from(["a", "web", "library", "a__b", "a.b", "a_b", "a---b", "0", "f" * 64])
tags = st.text("aZ0_", min_size=1, max_size=1).flatmap(lambda first: st.text("aZ0_.-", max_size=9).map(first.__add__))
references = st.builds(
    "{}{}{}{}".format,
    hosts,
    st.lists(components, min_size=1, max_size=3).map("/".join),
    st.just("") | tags.map(":{}".format),
    st.sampled_from(["", f"@{digest()}"]),
) | st.builds("{}:{}".format, st.sampled_from(["nginx", "team/web", "a.b", "a_b"]), tags)


@pytest.mark.parametrize(("text", "canonical"), CORPUS["canonical"].items())
def test_a_reference_has_the_canonical_text_that_the_kubelet_gives_it(text: str, canonical: str) -> None:
    assert str(Reference.parse(text)) == canonical


@pytest.mark.parametrize("text", CORPUS["invalid"]["texts"])
def test_what_the_kubelet_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidReference):
        Reference.parse(text)


@given(references)
def test_canonical_text_is_a_fixed_point(text: str) -> None:
    canonical = str(Reference.parse(text))

    assert str(Reference.parse(canonical)) == canonical


@pytest.mark.parametrize(("size", "is_accepted"), [(4096, True), (4097, False)])
def test_a_reference_has_at_most_4096_characters(size: int, is_accepted: bool) -> None:
    text = "/web".rjust(size, "A")
    try:
        is_read = Reference.parse(text).repository == "web"
    except InvalidReference:
        is_read = False

    assert is_read == is_accepted


def test_a_host_with_an_underscore_is_the_registry_as_for_the_runtime() -> None:
    assert reference("foo_bar.com/app").registry == "foo_bar.com"


def test_a_host_with_an_underscore_counts_to_the_length_of_the_path() -> None:
    with pytest.raises(InvalidReference, match="longer than 255"):
        Reference.parse(f"foo_bar.com/{'a' * 244}")
    assert reference(f"foo_bar.com/{'a' * 243}").repository == "a" * 243


def test_a_repository_of_255_characters_in_many_parts_is_accepted() -> None:
    repository = "a/" * 127 + "a"

    assert Reference.parse(f"{repository}:tag").repository == repository


@given(references)
def test_the_canonical_text_parses_to_the_same_reference(text: str) -> None:
    parsed = Reference.parse(text)

    assert Reference.parse(str(parsed)) == parsed


@given(st.text() | st.text("aZ0.:/@-_[]%", max_size=40))
@example("a" * 5000)
@example("a/" * 2000)
@example("Kelvin/\N{KELVIN SIGN}")
@example("[" * 400)
@example("a-" * 120)
def test_any_text_is_a_reference_or_refused_as_one(text: str) -> None:
    try:
        parsed = Reference.parse(text)
    except InvalidReference:
        return

    assert Reference.parse(str(parsed)) == parsed


def test_a_reference_without_tag_and_digest_means_latest() -> None:
    assert reference("ghcr.io/team/web").tag == "latest"


def test_a_digest_without_a_tag_means_no_tag() -> None:
    assert reference(f"ghcr.io/team/web@{digest()}").tag == ""


@pytest.mark.parametrize("text", [f"web@{digest()}", f"web:latest@{digest()}"])
def test_a_digest_pins_whatever_the_tag_says(text: str) -> None:
    assert reference(text).is_pinned


def test_a_tag_alone_does_not_pin() -> None:
    assert not reference("web:1").is_pinned


def test_a_registry_is_asked_for_the_digest_where_there_is_one() -> None:
    assert reference(f"web:latest@{digest()}").target == str(digest())


def test_a_registry_is_asked_for_the_tag_where_there_is_no_digest() -> None:
    assert reference("web:1").target == "1"


def test_a_login_is_looked_up_without_tag_and_digest() -> None:
    assert reference(f"nginx:1@{digest()}").name == "docker.io/library/nginx"


def test_a_reference_at_a_digest_keeps_the_repository_and_drops_the_tag() -> None:
    assert str(reference("ghcr.io/team/web:1").at(digest())) == f"ghcr.io/team/web@{digest()}"


@pytest.mark.parametrize("text", ["nginx:1", "team/web:1", "ghcr.io/team/web:1", "library/foo/bar:1"])
def test_the_familiar_text_is_what_a_person_would_have_written(text: str) -> None:
    assert reference(text).familiar == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Nginx:1.2", "nginx:1.2"),
        ("ghcr.io/Team/Web:1.2", "ghcr.io/team/web:1.2"),
        ("team/WEB:WEB", "team/web:WEB"),
    ],
)
def test_a_repository_in_capitals_is_refused_with_the_name_that_was_meant(text: str, meant: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        Reference.parse(text)

    assert caught.value.hint == f'did you mean "{meant}"?'


@pytest.mark.parametrize("written", ["a^", "library/a^"])
def test_a_refusal_quotes_the_repository_as_it_was_written(written: str) -> None:
    with pytest.raises(InvalidReference, match=re.escape(f': "{written}" cannot be a repository')):
        Reference.parse(written)


def test_a_long_foreign_text_is_cut_in_the_refusal() -> None:
    with pytest.raises(InvalidReference) as caught:
        Reference.parse("registry.example/" + "!" * 4000)

    assert len(str(caught.value)) < 500
