"""`figwasp explain`: each container in the order in which it is judged."""

import json

from tests.app.stage import Stage
from tests.cli.program import run


def test_a_restart_is_explained_from_the_template_to_the_decision(stage: Stage, cluster: dict[str, str]) -> None:
    old = stage.deploy("old")
    new = stage.push("new")

    code, out, _ = run("explain", "web", env=cluster)

    told = [
        "shop/deployment/web",
        "settled; 1 replica",
        f"template     {stage.image()}",
        "pull policy  Always: a node asks the registry at each start",
        "pods         web-1-1 on node-1",
        f"web@{old}",
        "login        no login",
        f"the tag names {new} (application/vnd.oci.image.manifest.v1+json)",
        "rule         other-content: The config that the tag names now is not the one that runs.",
        "verdict      stale",
        "It would be restarted",
        "→ figwasp once deployment/web -n shop",
    ]
    assert 3 == code
    assert sorted(map(out.index, told)) == [out.index(each) for each in told]


def test_a_login_is_told_by_its_secrets_name_and_never_shown(stage: Stage, cluster: dict[str, str]) -> None:
    stage.registry.want_basic({"ann": "s3cret-pa55"})
    stage.pull_secret("pull", "ann", "s3cret-pa55")
    stage.deploy(pull_secrets=["pull"])

    for form in ("text", "json", "yaml"):
        code, out, err = run("explain", "web", "-o", form, env=cluster)

        assert (0, True) == (code, "secret shop/pull" in out)
        assert "s3cret" not in out + err
        assert "ann" not in out.split()


def test_what_is_left_before_anything_is_asked_says_so(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy(paused=True)

    code, out, _ = run("explain", "deploy/web", env=cluster)

    assert 0 == code
    assert "roll-out     paused; 1 replica" in out
    assert "not judged   the workload is left before anything is asked" in out
    assert "→ kubectl rollout resume deployment/web -n shop" in out
    assert [] == stage.registry.requests


def test_a_registry_without_an_answer_is_explained_with_what_to_do(stage: Stage, cluster: dict[str, str]) -> None:
    stage.registry.want_basic({"ann": "s3cret-pa55"})
    stage.deploy()

    code, out, _ = run("explain", "web", env=cluster)

    assert 1 == code
    assert "rule         not-answered: " in out
    assert "wants a login for web:latest" in out
    assert "→ add a secret with a login" in out


def test_a_workload_that_is_not_there_is_told(cluster: dict[str, str]) -> None:
    code, out, _ = run("explain", "nothere", env=cluster)

    assert 1 == code
    assert "there is no deployment nothere in namespace shop" in out


def test_the_document_names_the_container_that_is_the_reason(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.push("new")

    _, out, _ = run("explain", "web", "-o", "json", env=cluster)

    (container,) = json.loads(out)["workloads"][0]["containers"]
    assert ("stale", "other-content", True) == tuple(container[each] for each in ("verdict", "rule", "isReason"))


def test_a_name_is_needed(cluster: dict[str, str]) -> None:
    code, _, err = run("explain", env=cluster)

    assert 2 == code
    assert "NAME" in err
