"""
A check-up against the small API server and the small registry.

Aspects: permissions; the API server; workloads; secrets; registries and images; the clock; pull policies.
"""

import base64
from typing import Any

import pytest

from figwasp.core.diagnosis import Check, Diagnosis, State, Topic
from figwasp.embedded.api.faults import Fault
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.rbac import Needs, permissions
from figwasp.wiring import workload_kinds
from tests.app.stage import Stage
from tests.objects import NAMESPACE, container

DOCKER_CONFIG = "kubernetes.io/dockerconfigjson"
USERS = {"ann": "s3cret"}


def _of(diagnosis: Diagnosis, topic: Topic) -> list[Check]:
    return [each for each in diagnosis.checks if each.topic is topic]


def _problems(diagnosis: Diagnosis) -> list[Check]:
    return [each for each in diagnosis.checks if each.state is State.PROBLEM]


def _only(diagnosis: Diagnosis) -> Check:
    (problem,) = _problems(diagnosis)
    return problem


def _allow(stage: Stage, needs: Needs, *, without: str = "", more: tuple[dict[str, Any], ...] = ()) -> None:
    """Let whoever asks do what `needs` takes, but for one permission."""
    rules = [each.rule for each in permissions(needs, (KIND,)) if not without or not str(each).startswith(without)]
    role = {"kind": "Role", "metadata": {"namespace": NAMESPACE}, "rules": [*rules, *more]}
    stage.api.log_in("t", user="system:serviceaccount:shop:figwasp", roles=[role])
    stage.log_in("t")


@pytest.fixture
def private(stage: Stage) -> Stage:
    """A stage whose registry wants a login, with a workload that has one."""
    stage.registry.want_basic(USERS)
    stage.pull_secret("pull", "ann", "s3cret")
    stage.deploy(pull_secrets=["pull"])
    return stage


def test_where_all_is_well_everything_is_looked_at_and_nothing_is_wrong(private: Stage) -> None:
    diagnosis = private.check_up("web")

    assert (0, {State.OK}) == (diagnosis.exit_code, {each.state for each in diagnosis.checks})
    assert set(Topic) - {Topic.WORKLOAD, Topic.PULL_POLICY} == {each.topic for each in diagnosis.checks}


def test_nothing_is_changed(private: Stage) -> None:
    before = private.api.get("deployments", NAMESPACE, "web")

    private.check_up("web")

    assert before == private.api.get("deployments", NAMESPACE, "web")
    assert {"get", "list", "create"} >= {each.verb for each in private.api.requests}


@pytest.mark.parametrize("needs", [Needs(targets=(("deployment", "web"),)), Needs()], ids=["named", "labelled"])
@pytest.mark.parametrize("missing", ["list pods", "list replicasets", "update deployments", "list secrets"])
def test_one_missing_permission_is_the_only_problem(private: Stage, needs: Needs, missing: str) -> None:
    _allow(private, needs, without=missing)

    problem = _only(private.check_up(*(name for _, name in needs.targets)))

    assert problem.text.startswith(f"not allowed to {missing}")
    assert problem.remedy.rule is not None
    assert [missing.split(maxsplit=1)[0]] == problem.remedy.rule["verbs"]
    assert all("--serviceaccount=shop:figwasp" in each for each in problem.remedy.commands[1:])


def test_without_the_right_to_read_workloads_the_rest_is_said_to_be_skipped(private: Stage) -> None:
    _allow(private, Needs(), without="list deployments")

    diagnosis = private.check_up()

    assert "not allowed to list deployments" in _only(diagnosis).text
    assert [State.SKIPPED] == [each.state for each in _of(diagnosis, Topic.WORKLOAD)]


def test_a_right_to_certain_objects_suffices_for_those(private: Stage) -> None:
    _allow(private, Needs(targets=(("deployment", "web"),), pull_secrets=("pull",)))

    assert [] == _problems(private.check_up("web"))


def test_of_several_named_workloads_the_rule_names_those_that_lack_it(stage: Stage) -> None:
    stage.deploy(name="web")
    stage.deploy(name="api")
    other = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["update"], "resourceNames": ["web"]}
    needs = Needs(targets=(("deployment", "web"), ("deployment", "api")))
    _allow(stage, needs, without="update", more=(other,))

    problem = _only(stage.check_up("web", "api"))

    assert problem.remedy.rule is not None
    assert ["api"] == problem.remedy.rule["resourceNames"]


def test_a_secret_that_may_be_got_need_not_be_listed(private: Stage) -> None:
    more = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    _allow(private, Needs(), without="list secrets", more=(more,))

    assert [] == _problems(private.check_up())


def test_nodes_are_only_a_hint_and_come_last(private: Stage) -> None:
    _allow(private, Needs())

    last = private.check_up().checks[-1]

    assert (State.HINT, Topic.PERMISSION) == (last.state, last.topic)
    assert last.text.startswith("not allowed to get nodes")
    assert (
        "kubectl create clusterrole figwasp-get-nodes-shop-figwasp --verb=get --resource=nodes" in last.remedy.commands
    )


def test_where_the_token_is_no_good_that_is_all_there_is_to_say(private: Stage) -> None:
    _allow(private, Needs())
    private.api.log_out("t")

    (only,) = private.check_up().checks

    assert (Topic.API_SERVER, State.PROBLEM) == (only.topic, only.state)
    assert "401" in only.text


def test_where_nothing_is_selected_that_is_a_hint(stage: Stage) -> None:
    stage.api.put("namespaces", {"metadata": {"name": NAMESPACE}})

    diagnosis = stage.check_up()

    assert 0 == diagnosis.exit_code
    assert "nothing is selected" in _of(diagnosis, Topic.WORKLOAD)[0].text


def test_a_namespace_that_is_not_there_is_a_problem(stage: Stage) -> None:
    problem = _only(stage.check_up())

    assert (Topic.WORKLOAD, f"there is no namespace {NAMESPACE}") == (problem.topic, problem.text)


def test_a_workload_that_is_missing_leaves_the_others_looked_at(stage: Stage) -> None:
    stage.deploy()

    diagnosis = stage.check_up("gone", "web")

    assert "there is no deployment gone" in _only(diagnosis).text
    assert [State.OK] == [each.state for each in _of(diagnosis, Topic.IMAGE)]


def test_a_secret_that_does_not_exist_is_a_hint_with_the_command_that_makes_it(stage: Stage) -> None:
    stage.deploy(pull_secrets=["pull"])

    (check,) = _of(stage.check_up("web"), Topic.SECRET)

    assert (State.HINT, "secret shop/pull does not exist; nodes go on without it") == (check.state, check.text)
    (command,) = check.remedy.commands
    assert f"docker-registry pull -n shop --docker-server={stage.registry.host} " in command


@pytest.mark.parametrize(
    ("kind", "content", "said", "remedy"),
    [
        ("Opaque", b"s3cret", "is of type Opaque", "kubectl create secret docker-registry 127-0-0-1-"),
        (DOCKER_CONFIG, b"{s3cret", "does not hold a valid", "kubectl create secret docker-registry pull "),
    ],
)
def test_a_secret_of_no_use_is_a_problem_that_shows_nothing_of_it(
    stage: Stage, kind: str, content: bytes, said: str, remedy: str
) -> None:
    data = {".dockerconfigjson": base64.b64encode(content).decode()}
    stage.api.put("secrets", {"metadata": {"namespace": NAMESPACE, "name": "pull"}, "type": kind, "data": data})
    stage.deploy(pull_secrets=["pull"])

    diagnosis = stage.check_up("web")

    assert said in _only(diagnosis).text
    assert _only(diagnosis).remedy.commands[0].startswith(remedy)
    assert "s3cret" not in str(diagnosis)


def test_one_unreadable_secret_leaves_other_workloads_looked_at(private: Stage) -> None:
    bad = {"metadata": {"namespace": NAMESPACE, "name": "bad"}, "type": "kubernetes.io/dockercfg"}
    private.api.put("secrets", {**bad, "data": {".dockercfg": "!"}})
    private.deploy(name="api", pull_secrets=["bad"])

    diagnosis = private.check_up("web", "api")

    assert [State.OK, State.SKIPPED] == [each.state for each in _of(diagnosis, Topic.IMAGE)]


def test_the_login_of_an_image_is_told_by_the_name_of_its_secret_only(private: Stage) -> None:
    diagnosis = private.check_up("web")

    (check,) = _of(diagnosis, Topic.IMAGE)
    assert "with the login from secret shop/pull (container web of shop/deployment/web)" in check.text
    assert "s3cret" not in str(diagnosis)


def test_an_image_of_several_containers_is_asked_for_once(stage: Stage) -> None:
    stage.deploy()
    stage.api.edit(
        "deployments",
        NAMESPACE,
        "web",
        lambda one: one["spec"]["template"]["spec"].update(
            containers=[container(image=stage.image()), container("again", image=stage.image())]
        ),
    )

    (check,) = _of(stage.check_up("web"), Topic.IMAGE)

    assert "and 1 more" in check.text
    assert 1 == stage.registry.asked("HEAD")


def test_a_wrong_password_is_mended_by_making_the_secret_anew(private: Stage) -> None:
    private.pull_secret("pull", "ann", "wrong")

    problem = _only(private.check_up("web"))

    assert Topic.IMAGE is problem.topic
    assert problem.remedy.commands[0].startswith("kubectl create secret docker-registry pull -n shop ")


def test_a_secret_with_other_logins_is_not_told_to_be_made_anew(private: Stage) -> None:
    auths = {host: {"username": "ann", "password": "wrong"} for host in (private.registry.host, "other.example")}
    private.pull_secret_of("pull", auths)

    assert () == _only(private.check_up("web")).remedy.commands


def test_a_workload_without_a_login_is_told_how_to_get_one(stage: Stage) -> None:
    stage.registry.want_basic(USERS)
    stage.deploy()

    make, attach = _only(stage.check_up("web")).remedy.commands

    assert f"--docker-server={stage.registry.host} " in make
    assert attach.startswith("kubectl patch deployment/web -n shop -p ")


def test_a_missing_secret_that_would_have_the_login_is_to_be_made(stage: Stage) -> None:
    stage.registry.want_basic(USERS)
    stage.deploy(pull_secrets=["pull"])

    (command,) = _only(stage.check_up("web")).remedy.commands

    assert command.startswith("kubectl create secret docker-registry pull -n shop ")


def test_a_silent_registry_is_one_problem_however_many_images_it_has(stage: Stage) -> None:
    stage.deploy(name="web")
    stage.deploy(name="api")
    stage.registry.close()

    diagnosis = stage.check_up("web", "api")

    assert Topic.REGISTRY is _only(diagnosis).topic
    assert [] == _of(diagnosis, Topic.IMAGE)


def test_a_tag_that_is_not_there_is_a_problem_of_the_image(stage: Stage) -> None:
    stage.deploy()
    stage.registry.answer("/v2/web/manifests/latest", status=404)

    assert (Topic.IMAGE, 1) == (_only(stage.check_up("web")).topic, stage.check_up("web").exit_code)


def test_an_image_that_is_no_reference_is_a_problem(stage: Stage) -> None:
    stage.deploy()
    bad = [container(image="Web:1")]
    stage.api.edit("deployments", NAMESPACE, "web", lambda one: one["spec"]["template"]["spec"].update(containers=bad))

    assert '"Web:1" is not an image reference' in _only(stage.check_up("web")).text


@pytest.mark.parametrize(("minutes", "said"), [(10, "ahead of"), (-10, "behind")])
def test_a_clock_that_is_wrong_is_a_problem(stage: Stage, minutes: int, said: str) -> None:
    stage.api.put("namespaces", {"metadata": {"name": NAMESPACE}})

    problem = _only(stage.check_up(minutes_ahead=minutes))

    assert Topic.CLOCK is problem.topic
    assert said in problem.text


@pytest.mark.parametrize(
    ("field", "name"), [("containers", "web"), ("initContainers", "first")], ids=["container", "init container"]
)
def test_a_policy_that_does_not_pull_again_is_a_hint_with_its_patch(stage: Stage, field: str, name: str) -> None:
    stage.deploy()
    kept = [container(name, image=stage.image(), pull_policy="IfNotPresent")]
    stage.api.edit("deployments", NAMESPACE, "web", lambda one: one["spec"]["template"]["spec"].update({field: kept}))
    stage.api.delete("pods", NAMESPACE, "web-1-1")

    (check,) = _of(stage.check_up("web"), Topic.PULL_POLICY)

    assert State.HINT is check.state
    patch = f'{{"{field}":[{{"name":"{name}","imagePullPolicy":"Always"}}]}}'
    assert patch in check.remedy.commands[0]


def test_an_image_that_is_pinned_is_a_hint(stage: Stage) -> None:
    digest = stage.deploy()
    pinned = [container(image=f"{stage.image()}@{digest}")]
    stage.api.edit(
        "deployments", NAMESPACE, "web", lambda one: one["spec"]["template"]["spec"].update(containers=pinned)
    )

    (check,) = _of(stage.check_up("web"), Topic.PULL_POLICY)

    assert "pinned by digest" in check.text


def test_a_login_is_given_beside_those_that_the_pods_have(stage: Stage) -> None:
    stage.deploy()
    stage.api.edit("pods", NAMESPACE, "web-1-1", lambda one: one["spec"].update(imagePullSecrets=[{"name": "sa-pull"}]))
    stage.pull_secret("sa-pull", "ann", "s3cret", host="elsewhere.example")
    stage.registry.want_basic({"ann": "s3cret"})

    problem = _only(stage.check_up("web"))

    assert '"imagePullSecrets":[{"name":"sa-pull"},{"name":"127-0-0-1-' in problem.remedy.commands[1]


def test_a_silent_registry_is_told_with_who_uses_it(stage: Stage) -> None:
    stage.deploy()
    stage.registry.answer("/v2/web/manifests/latest", reset=True)

    problem = _only(stage.check_up("web"))

    assert Topic.REGISTRY is problem.topic
    assert "(container web of shop/deployment/web)" in problem.text


def test_pods_that_cannot_be_read_are_a_problem(stage: Stage) -> None:
    stage.deploy()
    stage.api.fault("list", "pods", Fault.NOT_JSON)

    diagnosis = stage.check_up("web")

    assert 1 == diagnosis.exit_code
    assert any("pods" in each.text for each in _of(diagnosis, Topic.WORKLOAD))


def test_kinds_that_nobody_asked_for_and_may_not_be_listed_are_a_hint(private: Stage) -> None:
    private.kinds = workload_kinds()
    _allow(private, Needs())

    diagnosis = private.check_up()

    (hint,) = [each for each in diagnosis.checks if each.state is State.HINT and each.topic is Topic.WORKLOAD]
    assert [] == _problems(diagnosis)
    assert "statefulsets and daemonsets were not looked at" in hint.text


def test_all_that_the_other_kinds_need_is_checked_where_they_may_be_listed(private: Stage) -> None:
    private.kinds = workload_kinds()
    revisions = [each for each in permissions(Needs(), private.kinds) if each.resource == "controllerrevisions"]
    rules = [each.rule for each in permissions(Needs(), private.kinds) if each not in revisions]
    role = {"kind": "Role", "metadata": {"namespace": NAMESPACE}, "rules": rules}
    private.api.log_in("t", user="system:serviceaccount:shop:figwasp", roles=[role])
    private.log_in("t")

    problem = _only(private.check_up())

    assert "not allowed to list controllerrevisions" in problem.text


def test_the_right_to_a_secret_that_workloads_share_is_checked_where_it_is(stage: Stage) -> None:
    stage.deploy()
    _allow(stage, Needs())

    problems = [each.text for each in _problems(stage.check_up(shared_secret=("logins", "shared")))]

    assert any(each.startswith("not allowed to list secrets (shared) in namespace logins") for each in problems)


def test_the_right_to_a_secret_of_a_registry_that_nobody_uses_is_not_missed(stage: Stage) -> None:
    _allow(stage, Needs())

    assert [] == _problems(stage.check_up(shared_secret=("logins", "shared")))
