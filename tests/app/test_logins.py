"""Which logins count: those that a node would have for new pods, and no others."""

import pytest

from tests.app.stage import Stage
from tests.objects import Json


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
