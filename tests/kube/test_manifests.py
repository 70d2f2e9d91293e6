from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.core.yaml_text import plain
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.manifests import CronJobOptions, cronjob
from figwasp.kube.rbac import Needs
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags

OPTIONS = CronJobOptions(name="figwasp", image="registry.example/figwasp:3", schedule="* * * * *", needs=Needs())
NAMED = Needs(targets=(("deployment", "web"), ("deployment", "api")))


def _made(options: CronJobOptions) -> dict[str, Any]:
    return {each["kind"]: each for each in plain(cronjob(options, (KIND,)))}


def _pod(options: CronJobOptions) -> Any:
    return _made(options)["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def _environment(options: CronJobOptions) -> dict[str, str]:
    return {each["name"]: each.get("value", "shop") for each in _pod(options)["containers"][0]["env"]}


def test_it_is_a_service_account_a_role_its_binding_and_the_cron_job() -> None:
    assert ["ServiceAccount", "Role", "RoleBinding", "CronJob"] == list(_made(OPTIONS))


def test_nodes_bring_a_cluster_role_whose_name_no_other_namespace_has() -> None:
    made = _made(replace(OPTIONS, namespace="shop", needs=Needs(nodes=True)))

    assert "figwasp-shop-nodes" == made["ClusterRole"]["metadata"]["name"]
    assert [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}] == made["ClusterRole"]["rules"]
    assert "shop" == made["ClusterRoleBinding"]["subjects"][0]["namespace"]
    assert "nodes" not in str(made["Role"])


def test_its_environment_is_read_as_the_targets_it_was_made_for() -> None:
    settings = read_settings(Flags(), _environment(replace(OPTIONS, needs=NAMED)), {"deployment": frozenset()})

    assert (NAMED.targets, ("shop",)) == (settings.targets, settings.namespaces)


def test_the_job_outlives_the_pass_which_ends_by_itself_with_a_report() -> None:
    job = _made(OPTIONS)["CronJob"]["spec"]["jobTemplate"]["spec"]
    settings = read_settings(Flags(), _environment(OPTIONS), {})

    assert job["activeDeadlineSeconds"] > settings.pass_timeout_seconds
    assert 0 == job["backoffLimit"]


def test_a_config_map_of_certificates_is_mounted_where_the_setting_points() -> None:
    options = replace(OPTIONS, registry_ca="authority")
    (mount,) = _pod(options)["containers"][0]["volumeMounts"]

    assert f"{mount['mountPath']}/ca.crt" == _environment(options)["FIGWASP_REGISTRY_CA"]
    assert "authority" == _pod(options)["volumes"][0]["configMap"]["name"]


def test_a_config_map_of_settings_is_mounted_beside_it_where_the_setting_points() -> None:
    options = replace(OPTIONS, registry_ca="authority", settings="registries")
    mounts = {each["name"]: each["mountPath"] for each in _pod(options)["containers"][0]["volumeMounts"]}

    assert f"{mounts['config']}/figwasp.toml" == _environment(options)["FIGWASP_CONFIG"]
    assert ["authority", "registries"] == [each["configMap"]["name"] for each in _pod(options)["volumes"]]


@pytest.mark.parametrize("namespace", ["", "shop"])
def test_every_object_is_in_the_namespace_that_was_asked_for(namespace: str) -> None:
    made = _made(replace(OPTIONS, namespace=namespace))

    assert {namespace} == {each["metadata"].get("namespace", "") for each in made.values()}


def test_secrets_for_its_own_image_belong_to_its_service_account() -> None:
    made = _made(replace(OPTIONS, image_pull_secrets=("registry",)))

    assert [{"name": "registry"}] == made["ServiceAccount"]["imagePullSecrets"]


def test_a_right_to_all_secrets_says_how_to_narrow_it() -> None:
    (role,) = [each for each in cronjob(OPTIONS, (KIND,)) if each["kind"] == "Role"]

    assert "--pull-secret NAME" in role["rules"][-1].notes[-1]


def test_its_pod_has_no_more_than_it_needs() -> None:
    pod = _pod(OPTIONS)
    context = pod["containers"][0]["securityContext"]

    assert (True, "RuntimeDefault") == (
        pod["securityContext"]["runAsNonRoot"],
        pod["securityContext"]["seccompProfile"]["type"],
    )
    assert (True, False, ["ALL"]) == (
        context["readOnlyRootFilesystem"],
        context["allowPrivilegeEscalation"],
        context["capabilities"]["drop"],
    )
