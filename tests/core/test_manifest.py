"""Manifests and indexes from the bytes that a registry holds."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.manifest import (
    ACCEPT,
    DOCKER_INDEX,
    DOCKER_MANIFEST,
    INDEX_TYPES,
    LARGEST,
    MANIFEST_TYPES,
    OCI_INDEX,
    OCI_MANIFEST,
    USUAL_SIZE,
    Build,
    Child,
    Index,
    Manifest,
    Platform,
    parse_build,
    parse_config,
    parse_manifest,
)
from figwasp.errors import InvalidManifest
from tests.factories import digest, image, index, platform

CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": str(digest("c")), "size": 7}


def manifest_bytes(**fields: Any) -> bytes:
    body = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": []} | fields
    return json.dumps({name: value for name, value in body.items() if value != "left out"}).encode()


def index_bytes(*children: dict[str, Any], **fields: Any) -> bytes:
    body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children} | fields
    return json.dumps({name: value for name, value in body.items() if value != "left out"}).encode()


def child(label: str = "1", **on: str) -> dict[str, Any]:
    descriptor = {"mediaType": OCI_MANIFEST, "digest": str(digest(label)), "size": 7}
    return {**descriptor, "platform": on} if on else descriptor


@pytest.mark.parametrize("media_type", [*MANIFEST_TYPES, "left out", ""])
def test_a_manifest_is_read_with_its_config(media_type: str) -> None:
    assert parse_manifest(manifest_bytes(mediaType=media_type)) == Manifest(digest("c"))


@pytest.mark.parametrize("media_type", [*INDEX_TYPES, "left out", ""])
def test_an_index_is_read_with_its_children_in_order(media_type: str) -> None:
    content = index_bytes(
        child("2", os="linux", architecture="arm64"), child("1", os="linux", architecture="amd64"), mediaType=media_type
    )

    expected = Index((Child(digest("2"), Platform("linux", "arm64")), Child(digest("1"), Platform("linux", "amd64"))))
    assert parse_manifest(content) == expected


def test_an_attestation_is_a_child_but_no_image() -> None:
    found = index({"linux/amd64": image("1", "c"), "unknown/unknown": image("2", "d")})

    assert found.images == (Child(digest("1"), platform("linux/amd64")),)


CHILDREN = {
    "unknown/unknown": (child("1", os="unknown", architecture="unknown"), Child(digest("1"), None)),
    "half a platform": (child("1", os="linux"), Child(digest("1"), None)),
    "no platform": (child("1"), Child(digest("1"), None, is_unstated=True)),
    "an empty platform": (child("1") | {"platform": {}}, Child(digest("1"), None, is_unstated=True)),
    "null": (child("1") | {"platform": None}, Child(digest("1"), None, is_unstated=True)),
    "an index": (child("1") | {"mediaType": OCI_INDEX}, Child(digest("1"), None, is_index=True)),
    "Docker's index": (child("1") | {"mediaType": DOCKER_INDEX}, Child(digest("1"), None, is_index=True)),
    "no media type": (
        {"digest": str(digest("1")), "platform": {"os": "linux", "architecture": "amd64"}},
        Child(digest("1"), platform("linux/amd64")),
    ),
    "a strange media type": (
        child("1", os="linux", architecture="amd64") | {"mediaType": "application/vnd.cncf.helm"},
        Child(digest("1"), None),
    ),
}


@pytest.mark.parametrize(("written", "read"), CHILDREN.values(), ids=CHILDREN)
def test_a_child_is_read_as_runtimes_read_it(written: dict[str, Any], read: Child) -> None:
    assert parse_manifest(index_bytes(written)) == Index((read,))


def test_what_is_no_manifest_is_not_one_whose_platform_is_not_stated() -> None:
    found = parse_manifest(index_bytes(*(child() | {"mediaType": each} for each in (OCI_INDEX, "application/zip"))))

    assert isinstance(found, Index)
    assert [each.is_unstated for each in found.children] == [False, False]


def test_a_nested_index_for_a_platform_is_no_image_itself() -> None:
    nested = child("1", os="linux", architecture="amd64") | {"mediaType": OCI_INDEX}
    found = parse_manifest(index_bytes(nested))

    assert found == Index((Child(digest("1"), platform("linux/amd64"), is_index=True),))
    assert isinstance(found, Index)
    assert found.images == ()


@pytest.mark.parametrize(
    ("content", "built"),
    [
        (b'{"os":"linux","architecture":"arm","variant":"v6","config":{}}', Platform("linux", "arm", "v6")),
        (b'{"os":"linux","architecture":"aarch64"}', Platform("linux", "arm64")),
        (b'{"os":"linux"}', None),
        (b'{"os":"unknown","architecture":"unknown"}', None),
        (b"{}", None),
        (b"[]", None),
        (b"no JSON", None),
        (b"\xff", None),
        (b'{"os":5,"architecture":"amd64"}', None),
        (b'{"a":' + b"[" * 100_000, None),
    ],
)
def test_a_config_tells_for_which_platform_an_image_was_built(content: bytes, built: Platform | None) -> None:
    assert parse_config(content) == built


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        (b'"2026-11-01T12:00:00Z"', datetime(2026, 11, 1, 12, tzinfo=UTC)),
        (b'"2026-11-01T14:00:00.123456789+02:00"', datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)),
        (b'"2013-01-01T00:00:00Z"', datetime(2013, 1, 1, tzinfo=UTC)),
        (b'"2012-12-31T23:59:59Z"', None),
        (b'"1970-01-01T00:00:00Z"', None),
        (b'"0001-01-01T00:00:00Z"', None),
        (b'"2026-11-01T12:00:00"', None),
        (b'"yesterday"', None),
        (b'""', None),
        (b"7", None),
        (b"null", None),
        (b"[" * 100_000, None),
    ],
)
def test_a_config_tells_when_an_image_was_built(created: bytes, expected: datetime | None) -> None:
    assert Build(None, expected) == parse_build(b'{"created": ' + created + b"}")


def test_a_config_tells_both_or_one_of_the_two() -> None:
    both = parse_build(b'{"os": "linux", "architecture": "amd64", "created": "2026-11-01T12:00:00Z"}')

    assert Build(platform(), datetime(2026, 11, 1, 12, tzinfo=UTC)) == both
    assert Build(platform(), None) == parse_build(b'{"os": "linux", "architecture": "amd64", "created": 7}')
    assert Build(None, None) == parse_build(b"no JSON")


@pytest.mark.parametrize(
    ("stated", "normal"),
    [
        (("Linux", "AMD64", ""), Platform("linux", "amd64")),
        (("linux", "x86_64", ""), Platform("linux", "amd64")),
        (("linux", "x86-64", "v3"), Platform("linux", "amd64", "v3")),
        (("linux", "i386", "x"), Platform("linux", "386")),
        (("linux", "aarch64", ""), Platform("linux", "arm64")),
        (("linux", "aarch64", "8"), Platform("linux", "arm64")),
        (("linux", "arm64", "v9"), Platform("linux", "arm64", "v9")),
        (("linux", "arm", "7"), Platform("linux", "arm", "v7")),
        (("linux", "armhf", ""), Platform("linux", "arm", "v7")),
        (("linux", "armel", ""), Platform("linux", "arm", "v6")),
        (("linux", "arm64", "v8"), Platform("linux", "arm64")),
        (("linux", "amd64", "v1"), Platform("linux", "amd64")),
        (("linux", "amd64", "v3"), Platform("linux", "amd64", "v3")),
        (("linux", "arm", ""), Platform("linux", "arm", "v7")),
        (("linux", "arm", "v6"), Platform("linux", "arm", "v6")),
        (("windows", "amd64", ""), Platform("windows", "amd64")),
    ],
)
def test_a_variant_that_means_nothing_is_left_out(stated: tuple[str, str, str], normal: Platform) -> None:
    assert Platform.normal(*stated) == normal


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm/v7"])
def test_a_platform_is_shown_as_people_write_it(text: str) -> None:
    assert str(platform(text)) == text


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"<html>", id="no JSON"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="an empty object"),
        pytest.param(manifest_bytes(schemaVersion=1), id="schema 1"),
        pytest.param(manifest_bytes(schemaVersion="2"), id="a version that is no number"),
        pytest.param(manifest_bytes(schemaVersion="left out"), id="no version"),
        pytest.param(manifest_bytes(config="left out"), id="neither config nor manifests"),
        pytest.param(manifest_bytes(manifests=[]), id="both config and manifests"),
        pytest.param(index_bytes(layers=[]), id="both layers and manifests"),
        pytest.param(manifest_bytes(mediaType=OCI_INDEX), id="a manifest that calls itself an index"),
        pytest.param(index_bytes(mediaType=DOCKER_MANIFEST), id="an index that calls itself a manifest"),
        pytest.param(manifest_bytes(mediaType="application/vnd.cncf.helm"), id="a type that is no image"),
        pytest.param(manifest_bytes(config={}), id="a config without digest"),
        pytest.param(manifest_bytes(config={"digest": "md5:1"}), id="a config with an unknown digest"),
        pytest.param(index_bytes({"digest": 5}), id="a child whose digest is no text"),
    ],
)
def test_what_is_not_clearly_one_image_or_index_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidManifest):
        parse_manifest(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(manifest_bytes(artifactType="application/vnd.cncf.helm"), id="by its own type"),
        pytest.param(manifest_bytes(config=CONFIG | {"mediaType": "application/vnd.cncf.helm"}), id="by its config's"),
    ],
)
def test_an_artifact_is_refused_with_its_type(content: bytes) -> None:
    with pytest.raises(InvalidManifest, match=r'an artifact of type "application/vnd\.cncf\.helm"'):
        parse_manifest(content)


@pytest.mark.parametrize("field", ["mediaType", "artifactType"])
def test_no_more_of_a_type_is_quoted_than_fits_a_line(field: str) -> None:
    with pytest.raises(InvalidManifest, match=f'"{"x" * 100}"'):
        parse_manifest(manifest_bytes(**{field: "x" * 101}))


@pytest.mark.parametrize(("version", "said"), [(1, "has schema version 1"), ("left out", "has no schema version")])
def test_a_refusal_tells_the_schema_version(version: int | str, said: str) -> None:
    with pytest.raises(InvalidManifest, match=said):
        parse_manifest(manifest_bytes(schemaVersion=version))


def test_fields_that_we_do_not_know_are_passed_over() -> None:
    assert parse_manifest(manifest_bytes(annotations={"a": "b"}, subject=child())) == Manifest(digest("c"))


TAR = "application/vnd.oci.image.layer.v1.tar"
WASM = "application/vnd.wasm.content.layer.v1+wasm"


def layer(label: str, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": str(digest(label)), "size": 7}


@pytest.mark.parametrize(
    "media_type",
    [
        TAR,
        f"{TAR}+gzip",
        f"{TAR}+zstd",
        f"{TAR}+gzip+encrypted",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    ],
)
def test_layers_that_are_unpacked_are_known_by_the_config_however_they_are_packed(media_type: str) -> None:
    assert Manifest(digest("c")) == parse_manifest(manifest_bytes(layers=[layer("1", media_type)]))


def test_layers_that_are_not_unpacked_are_content_beside_the_config() -> None:
    """Spin's images had one config whatever was in them: spinframework/spin crates/oci/src/client.rs."""
    old = parse_manifest(manifest_bytes(layers=[layer("1", f"{TAR}+gzip"), layer("2", WASM), layer("3", WASM)]))
    packed = parse_manifest(manifest_bytes(layers=[layer("4", f"{TAR}+zstd"), layer("2", WASM), layer("3", WASM)]))
    new = parse_manifest(manifest_bytes(layers=[layer("1", f"{TAR}+gzip"), layer("2", WASM), layer("5", WASM)]))

    assert isinstance(old, Manifest)
    assert isinstance(packed, Manifest)
    assert isinstance(new, Manifest)
    assert [True, False, False] == [old.has(each) for each in (packed, new, Manifest(digest("c")))]
    assert [True, False] == [old.has(each) for each in (digest("c"), digest("d"))]


@pytest.mark.parametrize("layers", [None, "left out"])
def test_a_manifest_may_have_no_layers(layers: object) -> None:
    assert Manifest(digest("c")) == parse_manifest(manifest_bytes(layers=layers))


@pytest.mark.parametrize("layers", [7, {}, ["x"], [{"digest": 7}], [{"mediaType": 7}]])
def test_a_manifest_is_refused_where_its_layers_are_none(layers: object) -> None:
    with pytest.raises(InvalidManifest):
        parse_manifest(manifest_bytes(layers=layers))


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\u0000"', '""'])
def test_a_layer_of_any_name_is_passed_over_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidManifest):
        parse_manifest(manifest_bytes(layers="LAYERS").replace(b'"LAYERS"', f'[{{"digest": {text}}}]'.encode()))


def test_a_manifest_of_too_many_commas_is_not_taken_apart() -> None:
    with pytest.raises(InvalidManifest, match="more than 65536 commas, which is no image"):
        parse_manifest(manifest_bytes(layers="LAYERS").replace(b'"LAYERS"', b"[" + b"{}," * 65537 + b"{}]"))


@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode))
def test_any_bytes_are_a_manifest_or_refused_as_one(content: bytes) -> None:
    with pytest.raises(InvalidManifest):
        parse_manifest(content)


@pytest.mark.parametrize("child", [b"1", b"{}", b'{"digest": 1}', b'{"digest": "\xff"}', b'{"digest": "\\ud800"}'])
def test_an_index_is_refused_whole_where_one_of_its_parts_is_none(child: bytes) -> None:
    with pytest.raises(InvalidManifest):
        parse_manifest(b'{"schemaVersion": 2, "manifests": [' + child + b"]}")


def test_deeply_nested_bytes_are_refused_as_no_manifest() -> None:
    with pytest.raises(InvalidManifest):
        parse_manifest(b'{"annotations":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def test_a_registry_is_asked_for_exactly_what_containerd_asks_for() -> None:
    """Another set is answered with another digest by some registries."""
    assert ACCEPT.split(", ") == [DOCKER_MANIFEST, DOCKER_INDEX, OCI_MANIFEST, OCI_INDEX, "*/*"]


def test_an_index_lists_a_thousand_parts_and_no_more() -> None:
    most = parse_manifest(index_bytes(*[child(str(number)) for number in range(1024)]))

    assert isinstance(most, Index)
    assert len(most.children) == 1024
    with pytest.raises(InvalidManifest, match="it lists 1025 images, which is more than 1024"):
        parse_manifest(index_bytes(*[child(str(number)) for number in range(1025)]))


@pytest.mark.parametrize(("os", "labels"), [("linux", "ac"), ("windows", "abc")])
def test_a_node_is_given_the_first_image_of_a_platform_and_of_windows_any(os: str, labels: str) -> None:
    on, other = platform(f"{os}/amd64"), platform(f"{os}/arm64")
    both = Index((Child(digest("a"), on), Child(digest("b"), on), Child(digest("c"), other)))

    assert [each.digest for each in both.images] == [digest(each) for each in labels]


def test_an_index_of_too_many_commas_is_not_taken_apart() -> None:
    children = json.loads(index_bytes(child("a")))["manifests"]
    usual = {**children[0], "annotations": {f"org.example.{number}": "x,y" for number in range(20)}}
    whole = {"schemaVersion": 2, "manifests": [usual] * 1024}

    assert isinstance(parse_manifest(json.dumps(whole).encode()), Index)
    with pytest.raises(InvalidManifest, match="more than 65536 commas"):
        parse_manifest(b'{"schemaVersion":2,"manifests":[' + b"0," * 65537 + b"0]}")
    with pytest.raises(InvalidManifest, match="lists 65537 images"):
        parse_manifest(b'{"schemaVersion":2,"manifests":[' + b"0," * 65536 + b"0]}")


def test_content_is_read_up_to_what_registries_take_and_as_usual_up_to_a_part_of_it() -> None:
    assert (4_194_304, 262_144) == (LARGEST, USUAL_SIZE)


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        (Child(digest("1"), None, is_unstated=True), True),
        (Child(digest("1"), None, is_index=True), True),
        (Child(digest("1"), platform(), is_index=True), False),
        (Child(digest("1"), platform()), False),
        (Child(digest("1"), None), False),
    ],
)
def test_a_part_states_nothing_only_where_it_may_be_for_any_platform(child: Child, expected: bool) -> None:
    assert child.states_nothing is expected
