"""
Which logins count: those that a node would have for new pods, and no others.

Aspects: entries that are no login; what pods were given beside their template; what they were given and is no
more; a login that is withheld.
"""

import pytest

from figwasp.core.decision import Leave, Why
from figwasp.core.diagnosis import State
from figwasp.core.report import Left
from tests.app.stage import Stage
from tests.objects import NAMESPACE, Json


def left(stage: Stage) -> Leave:
    """Run a pass that restarts nothing, and tell why."""
    (only,) = stage.sweep("web").outcomes
    assert isinstance(only, Left), only
    assert "" == stage.restarted_at()
    return only.decision


# Entries that are no login


@pytest.mark.parametrize("auth", [{}, {"auth": ""}, {"username": "", "password": ""}])
def test_an_empty_entry_is_no_login_so_that_what_anybody_gets_counts(stage: Stage, auth: Json) -> None:
    stage.deploy("old", pull_secrets=["empty"])
    stage.push("new")
    stage.registry.want_token({"ann": "pw"}, public={"web"})
    stage.pull_secret_of("empty", {stage.registry.host: auth})
    stage.sweep("web")

    assert "" != stage.restarted_at()
    assert {"", "Bearer"} == {each.scheme for each in stage.registry.requests}


def test_a_secret_with_an_empty_entry_is_checked_up_on_as_one_without_a_login(stage: Stage) -> None:
    stage.deploy(pull_secrets=["empty"])
    stage.pull_secret_of("empty", {stage.registry.host: {}})

    texts = [each.text for each in stage.check_up("web").checks]

    assert "secret shop/empty has no login in it" in texts


# What pods were given beside their template


@pytest.fixture
def moved(stage: Stage) -> Stage:
    """A stage with a workload whose tag moved, whose template names a login for another registry."""
    stage.deploy("old", pull_secrets=["elsewhere"])
    stage.pull_secret("elsewhere", "ann", "pw", host="other.example")
    stage.push("new")
    return stage


def give(stage: Stage, *secrets: str) -> None:
    """Let the workload's pod have these pull secrets."""
    old = stage.registry.put("web", "", stage.manifest("old"))
    stage.run_pod(old, imagePullSecrets=[{"name": each} for each in secrets])


def test_a_login_that_pods_were_given_beside_their_templates_opens_their_image(moved: Stage) -> None:
    moved.registry.want_basic({"ann": "pw"})
    moved.pull_secret("added", "ann", "pw")
    give(moved, "elsewhere", "added")
    moved.sweep("web")

    assert "" != moved.restarted_at()


def test_a_login_that_pods_were_given_and_that_is_refused_restarts_nothing(moved: Stage) -> None:
    # The kubelet does not fall back to nobody's.
    moved.registry.want_token({"ann": "pw"}, public={"web"})
    moved.pull_secret("added", "ann", "expired")
    give(moved, "elsewhere", "added")

    assert "secret shop/added" in left(moved).words


# What they were given and is no more: a service account names another, it may be


@pytest.fixture
def given(stage: Stage) -> Stage:
    """A stage with a workload whose tag moved, and whose pods were given secrets of which `gone` is there no more."""
    stage.deploy("old")
    stage.push("new")
    stage.registry.want_token({"ann": "pw"}, public={"web"})
    stage.pull_secret("kept", "ann", "pw", host="other.example")
    give(stage, "gone", "kept")
    return stage


def account(stage: Stage, *secrets: str) -> None:
    """Let the workload's service account give new pods these pull secrets."""
    names = [{"name": each} for each in secrets]
    metadata = {"namespace": NAMESPACE, "name": "default"}
    stage.api.put("serviceaccounts", {"metadata": metadata, "imagePullSecrets": names})


def test_what_new_pods_would_be_given_instead_restarts_nothing_where_it_is_not_known(given: Stage) -> None:
    decision = left(given)

    assert Why.UNKNOWN is decision.why
    assert "its pods were given secret shop/gone as they were made, which does not exist any more" in decision.words
    assert "serviceaccounts/default" in decision.hint


def test_what_new_pods_would_be_given_instead_is_what_counts(given: Stage) -> None:
    account(given, "renamed", "kept")
    given.pull_secret("renamed", "ann", "expired")
    assert "secret shop/renamed" in left(given).words

    given.pull_secret("renamed", "ann", "pw")
    given.sweep("web")
    assert "" != given.restarted_at()


def test_what_new_pods_would_be_given_as_well_nodes_pass_over(given: Stage) -> None:
    account(given, "gone", "kept")
    given.sweep("web")

    assert "" != given.restarted_at()


def test_what_pods_have_from_elsewhere_new_pods_may_have_too(given: Stage) -> None:
    account(given, "renamed")

    assert Why.UNKNOWN is left(given).why


def test_what_a_template_with_secrets_of_its_own_was_given_no_service_account_tells(moved: Stage) -> None:
    account(moved, "gone", "elsewhere")
    give(moved, "elsewhere", "gone")

    decision = left(moved)

    assert "secret shop/gone" in decision.words
    assert "serviceaccounts" not in decision.hint
    assert "serviceaccounts" not in {each.resource for each in moved.api.requests}


def test_what_its_template_names_and_does_not_exist_nodes_pass_over(stage: Stage) -> None:
    stage.deploy("old", pull_secrets=["gone"])
    stage.push("new")
    stage.sweep("web")

    assert "" != stage.restarted_at()


def test_where_nothing_differs_no_service_account_is_asked_for(given: Stage) -> None:
    given.push("old")

    assert Why.CURRENT is left(given).why
    assert "serviceaccounts" not in {each.resource for each in given.api.requests}


def test_an_image_that_pods_lost_the_login_for_is_opened_by_what_new_pods_would_be_given(given: Stage) -> None:
    given.registry.want_basic({"ann": "pw"})
    account(given, "renamed", "kept")
    given.pull_secret("renamed", "ann", "pw")
    given.sweep("web")

    assert "" != given.restarted_at()


# A login that is withheld


def test_a_login_that_its_registry_wants_shown_elsewhere_is_not_told_to_be_made_anew(stage: Stage) -> None:
    stage.deploy(pull_secrets=["own"])
    stage.pull_secret("own", "ann", "pw")
    stage.registry.want_token({"ann": "pw"})
    stage.registry.realm = "https://auth.other.example/token"

    (problem,) = (each for each in stage.check_up("web").checks if each.state is State.PROBLEM)

    assert "shown to the token server https://auth.other.example" in problem.text
    assert 'token_server = "auth.other.example"' in problem.remedy.words
    assert () == problem.remedy.commands
