"""
What Figwasp relies on of a registry: of the tests' own, of docker-registry 2.8 and, where all agree, of newer ones.

Aspects: manifests by tag and digest · what is accepted · what is not there · logins · as Figwasp reads it.
"""

from itertools import product

import pytest

from figwasp.core.credential import ANONYMOUS, Credential, Secret
from figwasp.core.credential import Login as FigwaspLogin
from figwasp.errors import AccessDenied, TagNotFound
from testbed import OWNER, Image, Index, Login, Style, index
from tests.contract.http import Answer, soon
from tests.contract.registries import STRANGER, WRONG_PASSWORD, Pushable, image

NO_DIGEST = f"sha256:{'0' * 64}"
CONTENTS = [
    pytest.param(content, id=content.media_type.rpartition("/")[2])
    for style in Style
    for content in (image(style=style), index(image(style=style), style=style))
]
JSON = "application/json; charset=utf-8"


def facts(answer: Answer) -> tuple[int, str | None, str | None]:
    return answer.status, answer.content_type, answer.headers.get("docker-content-digest")


def error(answer: Answer) -> tuple[int, str, str]:
    """Status, code and message of a refusal in the form of the distribution-spec."""
    assert JSON == answer.content_type
    (only,) = answer.json["errors"]
    return answer.status, only["code"], only["message"]


# Manifests by tag and digest


@pytest.mark.parametrize("content", CONTENTS)
def test_a_manifest_is_served_as_it_was_pushed(any_registry: Pushable, content: Image | Index) -> None:
    digest = any_registry.push(content, "1")

    answers = [any_registry.ask(*each) for each in product(("GET", "HEAD"), ("1", digest))]

    assert [(200, content.media_type, digest)] * 4 == [facts(answer) for answer in answers]
    assert [content.manifest.data] * 2 == [answer.body for answer in answers[:2]]


def test_a_head_has_the_length_of_the_body_and_no_body(any_registry: Pushable) -> None:
    any_registry.push(image(), "1")

    found, lacking = any_registry.ask("HEAD", "1"), any_registry.ask("HEAD", "2")

    assert str(len(image().manifest.data)) == found.headers.get("content-length")
    assert (200, b"", 404, b"") == (found.status, found.body, lacking.status, lacking.body)


def test_a_tag_names_what_was_pushed_last(any_registry: Pushable) -> None:
    old, new = any_registry.push(image("old"), "1"), any_registry.push(image("new"), "1")

    assert (200, image().media_type, new) == facts(any_registry.ask("HEAD", "1"))
    assert (200, image().media_type, old) == facts(any_registry.ask("HEAD", old))


# What is accepted


@pytest.mark.parametrize("accept", ["", "*/*", ", ".join(Style.DOCKER.value[:2])], ids=["none", "any", "docker"])
def test_an_oci_manifest_is_not_there_for_who_does_not_accept_it(registry: Pushable, accept: str) -> None:
    one, both = registry.push(image(), "one"), registry.push(index(image()), "both")

    answers = [error(registry.ask("GET", target, accept=accept)) for target in ("one", one, "both", both)]

    found = "found, but accept header does not support OCI"
    manifest = (404, "MANIFEST_UNKNOWN", f"OCI manifest {found} manifests")
    listed = (404, "MANIFEST_UNKNOWN", f"OCI index {found} indexes")
    assert [manifest, manifest, listed, listed] == answers


def test_an_accepted_type_may_be_one_of_several_and_have_parameters(registry: Pushable) -> None:
    registry.push(image(), "1")

    assert 200 == registry.ask("GET", "1", accept=f"application/json,{image().media_type};q=0.5").status


def test_a_docker_list_is_another_digest_for_who_does_not_accept_it(registry: Pushable) -> None:
    child = image(style=Style.DOCKER)
    both = registry.push(index(child, style=Style.DOCKER), "1")

    by_tag = registry.ask("HEAD", "1", accept=child.media_type)
    by_digest = registry.ask("HEAD", both, accept=child.media_type)

    assert (200, child.media_type, child.digest) == facts(by_tag)
    assert (200, Style.DOCKER.value[0], both) == facts(by_digest)


# What is not there


def test_an_unknown_tag_is_404(registry: Pushable) -> None:
    registry.push(image(), "1")

    answer = registry.ask("GET", "2")

    assert (404, "MANIFEST_UNKNOWN", "manifest unknown") == error(answer)
    assert {"Tag": "2"} == answer.json["errors"][0]["detail"]


def test_an_unknown_digest_is_404(registry: Pushable) -> None:
    registry.push(image(), "1")

    answer = registry.ask("GET", NO_DIGEST)

    assert (404, "MANIFEST_UNKNOWN", "manifest unknown") == error(answer)
    assert {"Name": registry.name, "Revision": NO_DIGEST} == answer.json["errors"][0]["detail"]


@pytest.mark.parametrize("target", ["1", NO_DIGEST], ids=["tag", "digest"])
def test_an_unknown_repository_is_like_one_without_the_manifest(registry: Pushable, target: str) -> None:
    answer = registry.ask("GET", target, repository="nobody/nothing")

    assert (404, "MANIFEST_UNKNOWN", "manifest unknown") == error(answer)


def test_a_deleted_manifest_is_gone_with_its_tags(registry: Pushable) -> None:
    digest, other = registry.push(image("1"), "1"), registry.push(image("2"), "2")
    registry.delete(digest)

    gone = [registry.ask(*each) for each in product(("GET", "HEAD"), ("1", digest))]

    assert [404] * 4 == [answer.status for answer in gone]
    assert (404, "MANIFEST_UNKNOWN", "manifest unknown") == error(gone[0]) == error(gone[1])
    assert (200, image().media_type, other) == facts(registry.ask("HEAD", "2"))


def test_a_path_that_names_no_manifest_is_404_without_an_error(registry: Pushable) -> None:
    answer = registry.ask("GET", "1/2")

    assert (404, "text/plain; charset=utf-8") == (answer.status, answer.content_type)
    assert b"404 page not found\n" == answer.body


# Logins


def test_a_registry_says_that_it_is_one(registry: Pushable) -> None:
    answer = registry.root()

    assert (200, JSON, {}) == (answer.status, answer.content_type, answer.json)


@pytest.mark.parametrize(
    "login",
    ["", WRONG_PASSWORD, STRANGER, "Basic", "Basic !!!", "Bearer nonsense"],
    ids=["nothing", "wrong password", "stranger", "no proof", "no base64", "token"],
)
def test_who_does_not_log_in_rightly_is_challenged(private: Pushable, login: Login | str) -> None:
    private.push(image(), "1")

    got, head = (private.ask(method, "1", login=login) for method in ("GET", "HEAD"))

    assert (401, "UNAUTHORIZED", "authentication required") == error(got)
    pull = {"Type": "repository", "Class": "", "Name": private.name, "Action": "pull"}
    assert [pull] == got.json["errors"][0]["detail"]
    assert (401, b"") == (head.status, head.body)
    assert [f'Basic realm="{private.realm}"'] == head.headers.get_all("www-authenticate")
    assert head.headers.get_all("www-authenticate") == got.headers.get_all("www-authenticate")


def test_what_is_not_there_is_only_told_to_who_logs_in(private: Pushable) -> None:
    assert 401 == private.ask("GET", "1").status
    assert (404, "MANIFEST_UNKNOWN", "manifest unknown") == error(private.ask("GET", "1", login=OWNER))


def test_the_owner_is_served(private: Pushable) -> None:
    digest = private.push(image(), "1")

    assert (200, image().media_type, digest) == facts(private.ask("HEAD", "1", login=OWNER))
    assert image().manifest.data == private.ask("GET", digest, login=OWNER).body


def test_a_registry_that_wants_a_login_says_so_at_its_root(private: Pushable) -> None:
    refused = private.root()

    assert (401, "UNAUTHORIZED", "authentication required") == error(refused)
    assert f'Basic realm="{private.realm}"' == refused.headers.get("www-authenticate")
    assert 200 == private.root(OWNER).status


# As Figwasp reads it


@pytest.mark.parametrize("content", CONTENTS)
def test_figwasp_reads_what_a_tag_names_and_its_manifest(any_registry: Pushable, content: Image | Index) -> None:
    digest = any_registry.push(content, "1")
    client = any_registry.as_figwasp()

    named = client.resolve(any_registry.reference("1"), ANONYMOUS, soon()).digest
    manifest = client.manifest(any_registry.reference(digest), ANONYMOUS, soon())

    assert (digest, content.manifest.data) == (str(named), manifest)


@pytest.mark.parametrize("target", ["2", NO_DIGEST], ids=["tag", "digest"])
def test_figwasp_knows_what_is_not_there(any_registry: Pushable, target: str) -> None:
    client, reference = any_registry.as_figwasp(), any_registry.reference(target)

    with pytest.raises(TagNotFound, match=r"does not have .* \(404"):
        client.manifest(reference, ANONYMOUS, soon()) if ":" in target else client.resolve(reference, ANONYMOUS, soon())


def test_figwasp_logs_in(any_private: Pushable) -> None:
    digest = any_private.push(image(), "1")
    login = FigwaspLogin((Credential(OWNER.user, Secret(OWNER.password), "secret shop/pull"),))

    assert digest == str(any_private.as_figwasp().resolve(any_private.reference("1"), login, soon()).digest)


def test_figwasp_knows_that_its_login_is_refused(any_private: Pushable) -> None:
    any_private.push(image(), "1")
    wrong = FigwaspLogin((Credential(OWNER.user, Secret("wrong"), "secret shop/pull"),))

    with pytest.raises(AccessDenied, match="with the login from secret shop/pull"):
        any_private.as_figwasp().resolve(any_private.reference("1"), wrong, soon())
    with pytest.raises(AccessDenied, match=r"wants a login|without a login"):
        any_private.as_figwasp().resolve(any_private.reference("1"), ANONYMOUS, soon())
