"""`figwasp resolve`: what an image's tag names now."""

import json

import pytest

from figwasp.embedded.registry.server import digest_of, image
from tests.app.stage import Stage
from tests.cli.program import run

INDEX = "application/vnd.oci.image.index.v1+json"


def push_index(stage: Stage) -> tuple[str, str, str]:
    """Push an index of two platforms and an attestation; its digest, and those of the two."""
    children = [stage.push("amd"), stage.push("arm"), stage.push("proof")]
    platforms = [("linux", "amd64", ""), ("linux", "arm", "v7"), ("unknown", "unknown", "")]
    listed = [
        {"digest": digest, "platform": {"os": os, "architecture": architecture, "variant": variant}}
        for digest, (os, architecture, variant) in zip(children, platforms, strict=True)
    ]
    index = stage.registry.put("web", "multi", json.dumps({"schemaVersion": 2, "manifests": listed}).encode(), INDEX)
    return index, children[0], children[1]


def resolve(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    """Run it without any cluster."""
    return run("resolve", *arguments, env={key: value for key, value in env.items() if key != "KUBECONFIG"})


def test_a_tag_is_told_with_what_it_cost_and_without_a_cluster(stage: Stage, cluster: dict[str, str]) -> None:
    digest = stage.push("new")

    code, out, err = resolve(cluster, stage.image())

    assert (0, "") == (code, err)
    assert [stage.image(), f"  digest      {digest}"] == out.splitlines()[:2]
    assert f"  config      {digest_of(b'new')}" in out
    assert "  requests    1 HEAD, 1 GET" in out


def test_an_index_is_told_by_platform(stage: Stage, cluster: dict[str, str]) -> None:
    index, amd64, arm = push_index(stage)

    _, out, _ = resolve(cluster, f"{stage.registry.host}/web:multi")

    lines = out.splitlines()
    assert (f"  digest      {index}", f"  media type  {INDEX}") == (lines[1], lines[2])
    assert f"linux/amd64   {amd64}" in out or f"linux/amd64  {amd64}" in out
    assert f"linux/arm/v7  {arm}" in out


def test_one_platform_can_be_asked_for(stage: Stage, cluster: dict[str, str]) -> None:
    _, _, arm = push_index(stage)

    code, out, _ = resolve(cluster, f"{stage.registry.host}/web:multi", "--platform", "linux/arm", "-o", "json")

    resolved = json.loads(out)
    assert (0, "figwasp/resolve.v1") == (code, resolved["schema"])
    assert [{"platform": "linux/arm/v7", "digest": arm}] == resolved["children"]


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("multi", "it has linux/amd64, linux/arm/v7"),
        ("lost", "is a single image, whose platform could not be read: "),
        ("arm", "is a single image for linux/arm64, not for linux/s390x"),
        ("silent", "is a single image, whose config does not say for which platform it is"),
    ],
)
def test_a_platform_that_is_not_there_is_an_error(stage: Stage, cluster: dict[str, str], tag: str, said: str) -> None:
    push_index(stage)
    stage.registry.put_image("web", "arm", json.dumps({"os": "linux", "architecture": "arm64"}).encode())
    stage.registry.put_image("web", "silent", b"{}")
    stage.registry.put("web", "lost", stage.manifest("lost"))

    code, out, err = resolve(cluster, f"{stage.registry.host}/web:{tag}", "--platform", "linux/s390x")

    assert (1, "") == (code, out)
    assert said in err


def test_the_platform_of_a_single_image_is_read_from_its_config(stage: Stage, cluster: dict[str, str]) -> None:
    config = json.dumps({"os": "linux", "architecture": "arm64"}).encode()
    digest = stage.registry.put_image("web", "arm", config)

    code, out, err = resolve(cluster, f"{stage.registry.host}/web:arm", "--platform", "linux/arm64")

    lines = [line.split() for line in out.splitlines()]
    assert (0, "") == (code, err)
    assert [["digest", digest], ["platform", "linux/arm64"]] == [lines[1], lines[4]]
    assert "requests    1 HEAD, 2 GET" in out


def test_the_logins_of_a_workload_can_be_used(stage: Stage, cluster: dict[str, str]) -> None:
    stage.registry.want_basic({"ann": "s3cret-pa55"})
    stage.pull_secret("pull", "ann", "s3cret-pa55")
    stage.deploy(pull_secrets=["pull"])

    refused, _, why = resolve(cluster, stage.image())
    code, out, _ = run("resolve", stage.image(), "--as", "web", env=cluster)

    assert (1, 0) == (refused, code)
    assert "--as KIND/NAME" in why
    assert "  login       secret shop/pull" in out


def test_what_a_reference_pins_is_shown_too(stage: Stage, cluster: dict[str, str]) -> None:
    digest = stage.push("new")

    code, out, _ = resolve(cluster, f"{stage.registry.host}/web@{digest}")

    assert (0, True) == (code, f"  digest      {digest}" in out)


def test_what_is_no_image_is_told_with_its_digest(stage: Stage, cluster: dict[str, str]) -> None:
    chart = image(b"chart", artifactType="application/vnd.cncf.helm.config.v1+json")
    digest = stage.registry.put("web", "chart", chart)

    code, out, _ = resolve(cluster, f"{stage.registry.host}/web:chart")

    assert 1 == code
    assert digest in out
    assert "it is no image but an artifact of type" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Web:1"], 'did you mean "web:1"?'),
        (["web", "--platform", "linux"], "say os/architecture"),
        ([], "missing argument 'image'"),
    ],
)
def test_wrong_usage_is_told(cluster: dict[str, str], arguments: list[str], said: str) -> None:
    code, out, err = resolve(cluster, *arguments)

    assert (2, "") == (code, out)
    assert said.lower() in err.lower()


def test_one_namespace_is_taken_and_help_says_no_other_thing(home: dict[str, str]) -> None:
    code, _, err = run("resolve", "nginx", "--as", "web", "-n", "shop", "-n", "bank", env=home)
    _, help_text, _ = run("resolve", "--help", env=home)

    assert 2 == code
    assert "it takes one namespace" in err
    assert "-n, --namespace NAME      Namespace of the workload of --as." in help_text


@pytest.mark.parametrize("option", ["--as", "--platform"])
def test_an_empty_value_is_not_taken_for_none(home: dict[str, str], option: str) -> None:
    assert 2 == run("resolve", "nginx", option, "", env=home)[0]
