"""
What mends a cluster, as it would be pasted.

Aspects: a Role · a Role of the whole cluster · who it is given to · secrets · logins of workloads · pull policies.
"""

import json
import shlex
from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.core.permission import Permission
from figwasp.core.remedy import Remedy, grant, log_in, make_secret, pull_always
from tests.factories import key, workload

ACCOUNT = "system:serviceaccount:tools:figwasp"
LOGIN = "--docker-username=USER --docker-password=PASSWORD"


def permission(
    resource: str = "deployments", *, group: str = "apps", names: tuple[str, ...] = (), is_cluster_wide: bool = False
) -> Permission:
    """To get one resource."""
    return Permission(
        verb="get", group=group, resource=resource, names=names, why="see it", is_cluster_wide=is_cluster_wide
    )


def pod_patch(command: str) -> dict[str, Any]:
    """What a shell hands to `kubectl patch`: the part for the pods."""
    spec: dict[str, Any] = json.loads(shlex.split(command)[-1])["spec"]["template"]["spec"]
    return spec


def role_of(remedy: Remedy) -> str:
    """The name of the Role that the first command makes, as a shell reads it."""
    return shlex.split(remedy.commands[0])[3]


def test_a_role_of_a_namespace_is_made_and_bound_there() -> None:
    make, bind = grant(permission(), "shop", ACCOUNT).commands

    assert make == "kubectl create role figwasp-get-deployments -n shop --verb=get --resource=deployments.apps"
    assert bind == (
        "kubectl create rolebinding figwasp-get-deployments -n shop --role=figwasp-get-deployments"
        " --serviceaccount=tools:figwasp"
    )


def test_a_grant_shows_the_rule_and_says_which_role_it_belongs_to() -> None:
    remedy = grant(permission(), "shop", ACCOUNT)

    assert "add this rule to its Role in namespace shop" == remedy.words
    assert permission().rule == remedy.rule


@pytest.mark.parametrize(
    ("needed", "namespace"), [(permission(is_cluster_wide=True), "shop"), (permission(), "")], ids=["nodes", "all"]
)
def test_a_role_of_the_whole_cluster_is_one_for_each_account(needed: Permission, namespace: str) -> None:
    remedy = grant(needed, namespace, ACCOUNT)
    role = "figwasp-get-deployments-tools-figwasp"

    assert "add this rule to its ClusterRole" == remedy.words
    assert remedy.commands == (
        f"kubectl create clusterrole {role} --verb=get --resource=deployments.apps",
        f"kubectl create clusterrolebinding {role} --clusterrole={role} --serviceaccount=tools:figwasp",
    )


def test_a_role_of_the_whole_cluster_names_no_owner_who_is_no_account() -> None:
    assert "figwasp-get-deployments" == role_of(grant(permission(), "", "alice"))


def test_a_permission_for_names_is_given_for_these_alone() -> None:
    make, _ = grant(permission("secrets", group="", names=("a", "b")), "shop", ACCOUNT).commands

    assert make == (
        "kubectl create role figwasp-get-secrets-a-b -n shop --verb=get --resource=secrets"
        " --resource-name=a --resource-name=b"
    )


def test_a_name_that_a_shell_would_act_on_is_quoted() -> None:
    name = "a;reboot $(id)"
    make, bind = grant(permission("secrets", group="", names=(name,)), "shop", ACCOUNT).commands

    assert f"--resource-name={name}" == shlex.split(make)[-1]
    assert [f"figwasp-get-secrets-{name}"] * 2 == [shlex.split(each)[3] for each in (make, bind)]
    assert f"--role=figwasp-get-secrets-{name}" in shlex.split(bind)


def test_a_role_is_called_by_no_longer_name_than_may_be() -> None:
    remedy = grant(permission(names=("n" * 400,)), "shop", ACCOUNT)

    assert ("figwasp-get-deployments-" + "n" * 400)[:250] == role_of(remedy)


@pytest.mark.parametrize(
    ("caller", "subject"),
    [
        (ACCOUNT, "--serviceaccount=tools:figwasp"),
        ("system:serviceaccount:tools:fig.wasp-2", "--serviceaccount=tools:fig.wasp-2"),
        ("alice@example.com", "--user=alice@example.com"),
        ("system:node:n1", "--user=system:node:n1"),
        ("Alice; reboot", "--user=NAME"),
        ("", "--user=NAME"),
    ],
)
def test_a_role_is_bound_to_the_caller_whose_name_no_shell_acts_on(caller: str, subject: str) -> None:
    _, bind = grant(permission(), "shop", caller).commands

    assert bind.endswith(f" {subject}")


def test_a_secret_is_made_where_there_is_none() -> None:
    remedy = make_secret("shop", "pull", "registry.example")

    assert "make the secret" == remedy.words
    assert remedy.commands == (
        f"kubectl create secret docker-registry pull -n shop --docker-server=registry.example {LOGIN}",
    )


def test_a_secret_that_is_of_no_use_is_replaced_and_not_made() -> None:
    made = make_secret("shop", "pull", "registry.example")
    anew = make_secret("shop", "pull", "registry.example", is_there=True)

    assert "make the secret anew" == anew.words
    assert anew.commands == (f"{made.commands[0]} --dry-run=client -o yaml | kubectl replace --force -f -",)


def test_the_name_of_a_secret_is_one_word_to_a_shell() -> None:
    (command,) = make_secret("shop", "pull; reboot", "registry.example").commands

    assert "pull; reboot" == shlex.split(command)[4]


@pytest.mark.parametrize(
    ("host", "server"),
    [
        ("docker.io", "https://index.docker.io/v1/"),
        ("registry.example:5000", "registry.example:5000"),
        ("", "HOST"),
        ("a b;c", "a b;c"),
    ],
)
def test_a_secret_is_for_the_server_that_the_kubelet_looks_up(host: str, server: str) -> None:
    (command,) = make_secret("shop", "pull", host).commands

    assert f"--docker-server={server}" in shlex.split(command)


@pytest.mark.parametrize(
    ("host", "secret"),
    [
        ("Registry.Example:5000", "registry-example-5000-login"),
        ("[::1]:5000", "1-5000-login"),
        ("[::]", "registry-login"),
        ("h" * 80, "h" * 50 + "-login"),
    ],
)
def test_a_login_is_kept_in_a_secret_that_is_called_after_its_registry(host: str, secret: str) -> None:
    make, _ = log_in(workload(), host).commands

    assert ["kubectl", "create", "secret", "docker-registry", secret, "-n", "shop"] == shlex.split(make)[:7]


def test_secrets_that_the_pods_have_already_are_kept() -> None:
    remedy = log_in(replace(workload(), pull_secrets=("first", "second")), "ghcr.io")

    assert "give the workload a login for ghcr.io; the second command rolls it out" == remedy.words
    assert remedy.commands[1].startswith("kubectl patch deployment/web -n shop -p ")
    assert {"imagePullSecrets": [{"name": "first"}, {"name": "second"}, {"name": "ghcr-io-login"}]} == pod_patch(
        remedy.commands[1]
    )


@pytest.mark.parametrize(("are_init", "field"), [(False, "containers"), (True, "initContainers")])
def test_containers_are_told_to_pull_in_the_list_that_they_are_in(field: str, *, are_init: bool) -> None:
    remedy = pull_always(key("web"), ("one", "two"), are_init=are_init)
    always = {"imagePullPolicy": "Always"}

    assert "let it pull at each start; this rolls it out" == remedy.words
    assert {field: [{"name": "one", **always}, {"name": "two", **always}]} == pod_patch(remedy.commands[0])


def test_what_a_patch_says_is_one_word_to_a_shell() -> None:
    (command,) = pull_always(key("web"), ("it's $HOME",), are_init=False).commands

    assert ["kubectl", "patch", "deployment/web", "-n", "shop", "-p"] == shlex.split(command)[:-1]
    assert "it's $HOME" == pod_patch(command)["containers"][0]["name"]
