"""What a pass costs, exactly: requests to the API server (audit log) and to the registry (access log)."""

from collections import Counter

from testbed import OWNER, container, deployment
from tests.node.ghosts import GHOST, ghost_node, report_running
from tests.node.scene import TARGET, Scene


class Cost:
    """Counts what figwasp asks from here on."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._access = scene.bed.access(scene.registry)
        self._marks = scene.bed.audit.mark(), self._access.mark()

    @property
    def api(self) -> Counter[tuple[str, str]]:
        """By verb and resource."""
        asked = self._scene.bed.audit.requests(since=self._marks[0], user=self._scene.account.user)
        return Counter((each.asked.verb, each.asked.resource) for each in asked)

    @property
    def registry(self) -> Counter[str]:
        """By method."""
        asked = self._access.requests(since=self._marks[1], user_agent="figwasp")
        return Counter(each.call.method for each in asked)

    @property
    def statuses(self) -> list[int]:
        """The registry's answers, in order."""
        return [each.status for each in self._access.requests(since=self._marks[1], user_agent="figwasp")]


READ = {("get", "deployments"): 1, ("list", "replicasets"): 1, ("list", "pods"): 1}


def test_one_current_deployment_costs_three_reads_and_one_head(scene: Scene) -> None:
    scene.deploy(scene.image("1"))
    cost = Cost(scene)

    scene.once("web")

    assert READ == cost.api
    assert {"HEAD": 1} == cost.registry


def test_a_pull_secret_costs_one_read_and_its_registry_one_challenge(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("1"), pull_secrets=["pull"])
    cost = Cost(scene)

    scene.once("web")

    assert {**READ, ("list", "secrets"): 1} == cost.api
    assert ({"GET": 1, "HEAD": 1}, [401, 200]) == (cost.registry, cost.statuses)  # GET /v2/ asks how to log in


def test_a_restart_costs_one_get_and_one_put_a_second_head_and_two_manifests_with_their_configs(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    cost = Cost(scene)

    scene.once("web")

    assert {**READ, ("get", "deployments"): 2, ("update", "deployments"): 1} == cost.api
    assert {"HEAD": 2, "GET": 4} == cost.registry  # the tag twice; what it names, and what runs: manifest and config


def test_nothing_is_tried_that_the_originals_role_does_not_allow(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    mark = scene.bed.audit.mark()

    scene.once("web")

    refused = [each for each in scene.bed.audit.requests(since=mark, user=scene.account.user) if each.status == 403]
    assert [] == refused


PASSED_OVER = {("list", "statefulsets"): 1, ("list", "daemonsets"): 1}  # which that Role does not allow


def test_a_hundred_labelled_deployments_cost_three_lists_and_a_head_for_each_reference(labelled_scene: Scene) -> None:
    scene, repository = labelled_scene, labelled_scene.repository("shared")
    digest = repository.push(scene.image("1"), *(f"v{number}" for number in range(30)))
    names = [f"web-{number}" for number in range(100)]
    with ghost_node(scene.namespace):
        for number, name in enumerate(names):
            one = container(repository.reference(f"v{number % 30}"))
            scene.namespace.apply(deployment(name, one, labels=TARGET, nodeName=GHOST))
        report_running(scene.namespace, dict.fromkeys(names, repository.reference(digest)))
        for name in names:
            scene.namespace.wait_rolled_out(name)
        cost = Cost(scene)

        done = scene.labelled()

    assert (100, 0) == ([each["event"] for each in done.events].count("current"), done.code), done
    assert {("list", "deployments"): 1, ("list", "replicasets"): 1, ("list", "pods"): 1, **PASSED_OVER} == cost.api
    assert {"HEAD": 30} == cost.registry
