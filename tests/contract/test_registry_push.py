"""
What those who push rely on of a registry, of the tests' own and of the real one (docker-registry 2.8).

Aspects: blobs in one piece and in several · mounts · uploads that go wrong · manifests · deleting · tags · logins.
"""

import json
from typing import Any

import pytest

from testbed import OWNER, Image, Index, Style, index
from testbed.images import Blob
from tests.contract.http import Answer
from tests.contract.registries import Pushable, image

NO_DIGEST = f"sha256:{'0' * 64}"
OCI_INDEX, OCI_MANIFEST, _, _ = Style.OCI.value
DOCKER_LIST, DOCKER_MANIFEST, _, _ = Style.DOCKER.value
OCTETS = "application/octet-stream"
BLOB = Blob(b"content")


def start(registry: Pushable, query: str = "") -> str:
    """Begin an upload; where it goes on."""
    answer = registry.call("POST", f"blobs/uploads/{query}")
    assert 202 == answer.status
    return location(answer)


def location(answer: Answer) -> str:
    return answer.headers.get("location") or ""


def finish(upload: str, digest: str) -> str:
    return f"{upload}{'&' if '?' in upload else '?'}digest={digest}"


def put_blob(registry: Pushable, blob: Blob) -> Answer:
    return registry.call("PUT", finish(start(registry), blob.digest), blob.data, content_type=OCTETS)


def put(registry: Pushable, target: str, content: bytes, media_type: str = OCI_MANIFEST) -> Answer:
    return registry.call("PUT", f"manifests/{target}", content, content_type=media_type)


def manifest(*, media_type: str = OCI_MANIFEST, **more: Any) -> bytes:
    """A manifest whose only blob is BLOB."""
    config = {"mediaType": OCTETS, "digest": BLOB.digest, "size": len(BLOB.data)}
    described = {"mediaType": media_type} if media_type else {}
    return json.dumps({"schemaVersion": 2, **described, "config": config, "layers": [], **more}).encode()


def codes(answer: Answer) -> tuple[int, list[tuple[str, str]]]:
    """The status of a refusal, and code and message of each error."""
    return answer.status, [(each["code"], each["message"]) for each in answer.json["errors"]]


def one_code(status: int, code: str, message: str) -> tuple[int, list[tuple[str, str]]]:
    return status, [(code, message)]


UNKNOWN_UPLOAD = one_code(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
INVALID_UPLOAD = one_code(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")
UNKNOWN_BLOB = one_code(404, "BLOB_UNKNOWN", "blob unknown to registry")
WRONG_DIGEST = one_code(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
INVALID_MANIFEST = one_code(400, "MANIFEST_INVALID", "manifest invalid")


# Blobs


def test_a_blob_is_served_as_it_was_pushed(registry: Pushable) -> None:
    pushed = put_blob(registry, BLOB)

    got, head = (registry.call(method, f"blobs/{BLOB.digest}") for method in ("GET", "HEAD"))

    assert (201, registry.location(f"blobs/{BLOB.digest}")) == (pushed.status, location(pushed))
    assert [BLOB.digest] * 3 == [each.headers.get("docker-content-digest") for each in (pushed, got, head)]
    assert (200, OCTETS, BLOB.data) == (got.status, got.content_type, got.body)
    assert (200, str(len(BLOB.data)), b"") == (head.status, head.headers.get("content-length"), head.body)


def test_a_blob_may_come_in_pieces(registry: Pushable) -> None:
    first = registry.call("PATCH", start(registry), BLOB.data[:3])
    second = registry.call("PATCH", location(first), BLOB.data[3:5], content_type=OCTETS)
    third = registry.call("PUT", finish(location(second), BLOB.digest), BLOB.data[5:])

    assert [202, 202, 201] == [each.status for each in (first, second, third)]
    assert ["0-2", "0-4"] == [each.headers.get("range") for each in (first, second)]
    assert BLOB.data == registry.call("GET", f"blobs/{BLOB.digest}").body


def test_the_last_piece_may_be_empty(registry: Pushable) -> None:
    upload = location(registry.call("PATCH", start(registry), BLOB.data))

    assert 201 == registry.call("PUT", finish(upload, BLOB.digest)).status
    assert BLOB.data == registry.call("GET", f"blobs/{BLOB.digest}").body


def test_an_upload_tells_how_far_it_is(registry: Pushable) -> None:
    begun = registry.call("POST", "blobs/uploads/")
    under_way = registry.call("PATCH", location(begun), BLOB.data)

    told = registry.call("GET", location(under_way))

    assert (204, "0-6") == (told.status, told.headers.get("range"))
    assert "0-0" == begun.headers.get("range")
    assert begun.headers.get("docker-upload-uuid") == told.headers.get("docker-upload-uuid")


def test_a_post_with_a_digest_begins_an_upload_like_any_other(registry: Pushable) -> None:
    upload = start(registry, f"?digest={BLOB.digest}")

    assert 201 == registry.call("PUT", finish(upload, BLOB.digest), BLOB.data).status


def test_a_blob_is_in_no_repository_but_its_own(registry: Pushable) -> None:
    put_blob(registry, BLOB)

    answer = registry.call("GET", f"/v2/nobody/nothing/blobs/{BLOB.digest}")

    assert UNKNOWN_BLOB == codes(answer)
    assert BLOB.digest == answer.json["errors"][0]["detail"]


def test_a_blob_can_be_mounted_from_another_repository(registry: Pushable) -> None:
    put_blob(registry, BLOB)
    other = f"/v2/{registry.name}-other/blobs"

    mounted = registry.call("POST", f"{other}/uploads/?mount={BLOB.digest}&from={registry.name}")

    assert (201, f"{registry.url}{other}/{BLOB.digest}") == (mounted.status, location(mounted))
    assert BLOB.digest == mounted.headers.get("docker-content-digest")
    assert BLOB.data == registry.call("GET", f"{other}/{BLOB.digest}").body


@pytest.mark.parametrize("source", ["nobody/nothing", "NO NAME"])
def test_what_cannot_be_mounted_is_to_be_uploaded(registry: Pushable, source: str) -> None:
    upload = start(registry, f"?mount={BLOB.digest}&from={source.replace(' ', '%20')}")

    assert 201 == registry.call("PUT", finish(upload, BLOB.digest), BLOB.data).status


# Uploads that go wrong


def test_a_blob_that_is_not_what_its_digest_says_is_not_kept(registry: Pushable) -> None:
    answer = registry.call("PUT", finish(start(registry), NO_DIGEST), BLOB.data)

    assert WRONG_DIGEST == codes(answer)
    assert UNKNOWN_BLOB == codes(registry.call("GET", f"blobs/{NO_DIGEST}"))
    assert UNKNOWN_BLOB == codes(registry.call("GET", f"blobs/{BLOB.digest}"))


@pytest.mark.parametrize("query", ["", "&digest=nonsense"], ids=["none", "nonsense"])
def test_an_upload_needs_a_digest_at_its_end(registry: Pushable, query: str) -> None:
    assert WRONG_DIGEST == codes(registry.call("PUT", start(registry) + query, BLOB.data))


def test_a_piece_goes_where_the_last_answer_said(registry: Pushable) -> None:
    upload = start(registry)
    registry.call("PATCH", upload, BLOB.data[:3])

    assert INVALID_UPLOAD == codes(registry.call("PATCH", upload, BLOB.data[3:]))
    assert INVALID_UPLOAD == codes(registry.call("PATCH", upload.partition("?")[0], BLOB.data[3:]))


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_an_upload_ends_once(registry: Pushable, method: str) -> None:
    done, given_up = start(registry), start(registry)
    assert 201 == registry.call("PUT", finish(done, BLOB.digest), BLOB.data).status
    assert 204 == registry.call("DELETE", given_up).status

    for upload in (done, given_up):
        assert UNKNOWN_UPLOAD == codes(registry.call(method, finish(upload, BLOB.digest), b""))


def test_a_piece_is_octets(registry: Pushable) -> None:
    answer = registry.call("PATCH", start(registry), BLOB.data, content_type="text/plain")

    assert one_code(500, "UNKNOWN", "unknown error") == codes(answer)


# Manifests


def test_a_pushed_manifest_has_an_address(registry: Pushable) -> None:
    put_blob(registry, BLOB)
    digest = Blob(manifest()).digest

    by_tag, by_digest = put(registry, "1", manifest()), put(registry, digest, manifest())

    assert [(201, registry.location(f"manifests/{digest}"))] * 2 == [
        (a.status, location(a)) for a in (by_tag, by_digest)
    ]
    assert [digest] * 2 == [each.headers.get("docker-content-digest") for each in (by_tag, by_digest)]
    assert manifest() == registry.ask("GET", "1").body


def test_the_media_type_may_have_parameters_and_be_missing_in_the_oci_manifest(registry: Pushable) -> None:
    put_blob(registry, BLOB)

    assert 201 == put(registry, "1", manifest(media_type=""), f"{OCI_MANIFEST}; charset=utf-8").status
    assert OCI_MANIFEST == registry.ask("HEAD", "1").content_type


def test_a_manifest_pushed_by_another_digest_is_refused(registry: Pushable) -> None:
    put_blob(registry, BLOB)

    assert WRONG_DIGEST == codes(put(registry, NO_DIGEST, manifest()))
    assert 404 == registry.ask("HEAD", NO_DIGEST).status


def test_a_manifest_needs_all_its_blobs(registry: Pushable) -> None:
    layer = {"mediaType": OCTETS, "digest": NO_DIGEST, "size": 3}

    answer = put(registry, "1", manifest(layers=[layer]))

    unknown = ("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
    assert (400, [unknown, unknown]) == codes(answer)
    assert [BLOB.digest, NO_DIGEST] == [each["detail"] for each in answer.json["errors"]]
    assert 404 == registry.ask("HEAD", "1").status


@pytest.mark.parametrize("style", list(Style))
def test_an_index_needs_all_its_children(registry: Pushable, style: Style) -> None:
    both: Index = index(image(style=style), style=style)

    answer = put(registry, "1", both.manifest.data, both.media_type)

    assert one_code(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry") == codes(answer)
    assert both.children[0].digest == answer.json["errors"][0]["detail"]


@pytest.mark.parametrize("style", list(Style))
def test_an_index_may_lie_in_an_index(registry: Pushable, style: Style) -> None:
    inner: Index = index(image(style=style), style=style)
    outer = index(inner, style=style)

    refused = put(registry, "1", outer.manifest.data, outer.media_type)
    digest = registry.push(outer, "1")

    assert one_code(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry") == codes(refused)
    assert inner.digest == refused.json["errors"][0]["detail"]
    assert (outer.digest, outer.manifest.data) == (digest, registry.ask("GET", "1").body)


def test_a_layer_that_lies_elsewhere_need_not_be_there(registry: Pushable) -> None:
    put_blob(registry, BLOB)
    foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layer = {"mediaType": foreign, "digest": NO_DIGEST, "size": 3, "urls": ["https://example.com/layer"]}

    assert 201 == put(registry, "1", manifest(layers=[layer])).status


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param(b"", OCI_MANIFEST, id="nothing"),
        pytest.param(b"nonsense", OCI_MANIFEST, id="no JSON"),
        pytest.param(b"[1]", OCI_MANIFEST, id="no object"),
        pytest.param(b'{"config": 3, "layers": "x"}', OCI_MANIFEST, id="other types"),
        pytest.param(manifest(), "", id="no media type"),
        pytest.param(manifest(), "text/plain", id="another media type"),
        pytest.param(manifest(), OCI_INDEX, id="a manifest as an index"),
        pytest.param(manifest(), DOCKER_MANIFEST, id="an OCI manifest as Docker's"),
        pytest.param(manifest(media_type=DOCKER_MANIFEST), OCI_MANIFEST, id="Docker's as an OCI manifest"),
        pytest.param(manifest(media_type=""), DOCKER_MANIFEST, id="Docker's without its media type"),
    ],
)
def test_what_is_no_manifest_of_its_media_type_is_refused(registry: Pushable, content: bytes, media_type: str) -> None:
    put_blob(registry, BLOB)

    assert INVALID_MANIFEST == codes(put(registry, "1", content, media_type))
    assert 404 == registry.ask("HEAD", "1").status


def test_a_manifest_over_4_mib_is_refused(registry: Pushable) -> None:
    put_blob(registry, BLOB)
    largest = manifest().ljust(4 * 1024 * 1024)

    assert 201 == put(registry, "1", largest).status
    assert INVALID_MANIFEST == codes(put(registry, "2", largest + b" "))


# Deleting


def test_a_blob_is_deleted_once(registry: Pushable) -> None:
    put_blob(registry, BLOB)

    first, second = (registry.call("DELETE", f"blobs/{BLOB.digest}") for _ in range(2))

    assert (202, b"") == (first.status, first.body)
    assert UNKNOWN_BLOB == codes(second) == codes(registry.call("GET", f"blobs/{BLOB.digest}"))


def test_a_manifest_is_deleted_by_its_digest_and_once(registry: Pushable) -> None:
    digest = registry.push(image(), "1")

    first, second = (registry.call("DELETE", f"manifests/{digest}") for _ in range(2))

    assert (202, b"") == (first.status, first.body)
    assert one_code(404, "MANIFEST_UNKNOWN", "manifest unknown") == codes(second)


def test_a_tag_is_not_deleted_by_its_name(registry: Pushable) -> None:
    digest = registry.push(image(), "1")

    assert WRONG_DIGEST == codes(registry.call("DELETE", "manifests/1"))
    assert digest == registry.ask("HEAD", "1").headers.get("docker-content-digest")


# Tags


def test_tags_are_listed(registry: Pushable) -> None:
    for tag in ("2", "1", "latest"):
        registry.push(image(tag), tag)

    listed = registry.call("GET", "tags/list")

    assert (200, registry.name) == (listed.status, listed.json["name"])
    assert ["1", "2", "latest"] == sorted(listed.json["tags"])


def test_a_repository_without_tags_has_no_list_or_none_any_more(registry: Pushable) -> None:
    never = registry.call("GET", "tags/list")
    registry.delete(registry.push(image(), "1"))

    assert one_code(404, "NAME_UNKNOWN", "repository name not known to registry") == codes(never)
    assert {"name": registry.name} == never.json["errors"][0]["detail"]
    assert {"name": registry.name, "tags": None} == registry.call("GET", "tags/list").json


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "manifests/1", "DELETE, GET, HEAD, PUT"),
        ("PUT", f"blobs/{NO_DIGEST}", "DELETE, GET, HEAD"),
        ("HEAD", "tags/list", "GET"),
    ],
)
def test_what_cannot_be_done_is_405(registry: Pushable, method: str, path: str, allowed: str) -> None:
    answer = registry.call(method, path)

    assert (405, allowed) == (answer.status, answer.headers.get("allow"))


@pytest.mark.parametrize("path", ["/v2/Team/blobs/uploads/", "blobs/nonsense", "manifests/a!b", "tags"])
def test_a_path_that_means_nothing_is_404_without_an_error(registry: Pushable, path: str) -> None:
    answer = registry.call("POST", path)

    assert (404, b"404 page not found\n") == (answer.status, answer.body)


# Logins


@pytest.mark.parametrize(
    ("method", "path", "actions"),
    [
        ("POST", "blobs/uploads/", ["pull", "push"]),
        ("PUT", "manifests/1", ["pull", "push"]),
        ("DELETE", f"manifests/{NO_DIGEST}", ["delete"]),
        ("HEAD", f"blobs/{NO_DIGEST}", ["pull"]),
        ("GET", "tags/list", ["pull"]),
    ],
)
def test_who_is_not_logged_in_is_told_what_it_takes(
    private: Pushable, method: str, path: str, actions: list[str]
) -> None:
    answer = private.call(method, path)

    needed = [{"Type": "repository", "Class": "", "Name": private.name, "Action": action} for action in actions]
    assert (401, f'Basic realm="{private.realm}"') == (answer.status, answer.headers.get("www-authenticate"))
    if method != "HEAD":
        assert needed == answer.json["errors"][0]["detail"]


def test_a_mount_takes_a_pull_from_the_other_repository(private: Pushable) -> None:
    answer = private.call("POST", f"blobs/uploads/?mount={NO_DIGEST}&from=other/app")

    needed = [(private.name, "pull"), (private.name, "push"), ("other/app", "pull")]
    assert needed == [(each["Name"], each["Action"]) for each in answer.json["errors"][0]["detail"]]


@pytest.mark.parametrize("content", [image(), index(image())], ids=["image", "index"])
def test_the_owner_pushes(private: Pushable, content: Image | Index) -> None:
    digest = private.push(content, "1")

    assert digest == private.ask("HEAD", "1", login=OWNER).headers.get("docker-content-digest")
