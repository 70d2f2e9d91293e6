"""One login in pull secrets of several namespaces, as tools copy it: what is asked once for all, and what is not."""

from figwasp.core.decision import Leave
from figwasp.core.report import Left
from tests.app.stage import Stage
from tests.objects import pull_secret

NAMESPACES = tuple(f"team-{number}" for number in range(5))


def deploy(stage: Stage, passwords: dict[str, str]) -> None:
    """Run one image in each namespace, where a pull secret has a login with this password."""
    for namespace, password in passwords.items():
        stage.deploy("old", namespace=namespace, pull_secrets=["copy"])
        one = pull_secret("copy", {stage.registry.host: {"username": "ann", "password": password}})
        stage.api.put("secrets", {**one, "metadata": {**one["metadata"], "namespace": namespace}})
    stage.registry.want_token({"ann": "pw"})


def decisions(stage: Stage) -> list[Leave]:
    """Make a pass that restarts nothing; what was decided, by namespace."""
    outcomes = stage.sweep(namespaces=NAMESPACES).outcomes
    return [each.decision for each in outcomes if isinstance(each, Left)]


def test_a_login_that_was_copied_asks_once_and_has_one_token(stage: Stage) -> None:
    deploy(stage, dict.fromkeys(NAMESPACES, "pw"))
    found = decisions(stage)

    assert [f"secret {each}/copy" for each in NAMESPACES] == [each.findings[0].login for each in found]
    assert ["GET /v2/", "GET /token", "HEAD /v2/web/manifests/latest"] == [
        f"{each.method} {each.path}" for each in stage.registry.requests
    ]


def test_what_is_read_to_compare_is_read_once_for_all_copies(stage: Stage) -> None:
    deploy(stage, dict.fromkeys(NAMESPACES, "pw"))
    stage.push("new")
    stage.sweep(namespaces=NAMESPACES)

    gets = [each.path for each in stage.registry.requests if each.method == "GET" and "sha256" in each.path]
    assert 3 == len(gets) == len(set(gets))  # two manifests, and a config


def test_a_refusal_names_the_secret_of_each_namespace(stage: Stage) -> None:
    deploy(stage, dict.fromkeys(NAMESPACES, "expired"))

    said = [each.detail for each in decisions(stage)]
    assert len(NAMESPACES) == len(said)
    assert all(f"secret {namespace}/copy" in detail for namespace, detail in zip(NAMESPACES, said, strict=True))


def test_another_password_is_another_login(stage: Stage) -> None:
    deploy(stage, dict.fromkeys(NAMESPACES, "pw") | {NAMESPACES[1]: "expired"})
    found = decisions(stage)

    assert ["SAME_DIGEST", "NOT_ANSWERED", "SAME_DIGEST"] == [each.findings[0].rule.name for each in found[:3]]
    assert f"secret {NAMESPACES[1]}/copy" in found[1].detail
