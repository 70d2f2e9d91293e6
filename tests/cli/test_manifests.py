import re
from datetime import timedelta
from zoneinfo import available_timezones

import pytest
import yaml

from figwasp.cli.manifests import CronJobFlags, lines
from figwasp.core.restraint import Restraint
from figwasp.errors import UsageError
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags
from tests.cli.program import run

IMAGE = "registry.example.com/figwasp:3"


def _problems(flags: CronJobFlags) -> tuple[str, ...]:
    with pytest.raises(UsageError) as refused:
        lines(flags)
    return refused.value.problems


def test_it_prints_yaml_that_says_what_it_looks_after() -> None:
    text = "\n".join(lines(CronJobFlags(image=IMAGE)))

    assert ["ServiceAccount", "Role", "RoleBinding", "CronJob"] == [each["kind"] for each in yaml.safe_load_all(text)]
    assert '# It looks after workloads of any kind labelled figwasp/target: "true"' in text


def test_it_may_look_after_one_kind_only() -> None:
    text = "\n".join(lines(CronJobFlags(image=IMAGE, kinds=("sts",), max_restarts=2)))

    made = {each["kind"]: each for each in yaml.safe_load_all(text)}
    assert {"statefulsets", "pods", "secrets"} == {each for rule in made["Role"]["rules"] for each in rule["resources"]}
    env = made["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
    values = {each["name"]: each.get("value") for each in env}
    assert ("statefulset", "2") == (values["FIGWASP_TARGET_KIND"], values["FIGWASP_MAX_RESTARTS"])


def test_what_makes_restarts_wait_is_set_as_the_settings_take_it() -> None:
    flags = CronJobFlags(image=IMAGE, max_restarts=3, restart_rate="10/1m", min_interval="1h", settle="10m")
    (made,) = (each for each in yaml.safe_load_all("\n".join(lines(flags))) if each["kind"] == "CronJob")

    env = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
    settings = read_settings(Flags(), {each["name"]: each.get("value", "") for each in env}, {})
    wanted = Restraint(
        max_restarts=3,
        spacing=timedelta(seconds=6),
        min_interval=timedelta(hours=1),
        settle=timedelta(minutes=10),
    )
    assert wanted == settings.restraint


def test_targets_are_read_as_everywhere_else() -> None:
    text = "\n".join(lines(CronJobFlags(image=IMAGE, targets=("web,deploy/api", "web"))))

    assert 'value: "deployment/web,deployment/api"' in text


def test_without_an_image_it_says_how_to_get_one() -> None:
    (problem,) = _problems(CronJobFlags())

    assert "make image" in problem
    assert "--image registry.example.com/figwasp:" in problem


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (CronJobFlags(image="Web:1"), 'did you mean "web:1"?'),
        (CronJobFlags(image=IMAGE, targets=("cronjob/web",)), "cannot restart a cronjob"),
        (CronJobFlags(image=IMAGE, targets=("web",), label=True), "--target and --label"),
        (CronJobFlags(image=IMAGE, targets=("web",), kinds=("sts",)), "--target and --kind"),
        (CronJobFlags(image=IMAGE, kinds=("cronjob",)), "--kind: "),
        (CronJobFlags(image=IMAGE, schedule="daily"), "--schedule: "),
        (CronJobFlags(image=IMAGE, timezone="CET; rm"), "--timezone: "),
        (CronJobFlags(image=IMAGE, timezone="Local"), "--timezone: "),
        (CronJobFlags(image=IMAGE, name="a" * 53), "at most 52"),
        (CronJobFlags(image=IMAGE, name="Figwasp"), "--name: "),
        (CronJobFlags(image=IMAGE, namespace="my_shop"), "--namespace: "),
        (CronJobFlags(image=IMAGE, nodes=True), "--nodes needs --namespace"),
        (CronJobFlags(image=IMAGE, pull_secrets=("a b",)), "--pull-secret: "),
        (CronJobFlags(image=IMAGE, image_pull_secrets=("",)), "--image-pull-secret: "),
        (CronJobFlags(image=IMAGE, pull_secrets=("a",), no_pull_secrets=True), "exclude each other"),
        (CronJobFlags(image=IMAGE, registry_ca="Ca"), "--registry-ca: "),
        (CronJobFlags(image=IMAGE, config="a/b"), "--config: "),
        (CronJobFlags(image=IMAGE, restart_rate="ten"), "--restart-rate: "),
        (CronJobFlags(image=IMAGE, min_interval="10"), "--min-interval: "),
        (CronJobFlags(image=IMAGE, settle="soon"), "--settle: "),
    ],
)
def test_what_the_api_server_would_refuse_is_wrong_usage(flags: CronJobFlags, said: str) -> None:
    (problem,) = _problems(flags)

    assert said in problem


@pytest.mark.skipif(not available_timezones(), reason="this machine knows no time zones")
@pytest.mark.parametrize("name", ["Europe", "Europe/Berlni"])
def test_a_time_zone_that_does_not_exist_is_wrong_usage(name: str) -> None:
    (problem,) = _problems(CronJobFlags(image=IMAGE, timezone=name))

    assert f'"{name}" is not the name of a time zone' in problem


def test_all_problems_are_told_at_once() -> None:
    assert 4 == len(_problems(CronJobFlags(schedule="never", name="_", namespace="_")))


@pytest.mark.parametrize("second", [("-n", "bank"), ("--namespace", "bank")])
def test_a_second_namespace_is_refused_since_it_makes_the_objects_of_one(
    home: dict[str, str], second: tuple[str, str]
) -> None:
    code, out, err = run("manifests", "cronjob", "--image", IMAGE, "-n", "shop", *second, env=home)

    assert (2, "") == (code, out)
    assert "it takes one namespace" in err


@pytest.mark.parametrize(
    "option",
    [
        *("-n", "-k", "--settle", "--min-interval", "--restart-rate", "--max-restarts", "--config", "--registry-ca"),
        *("--timezone", "--schedule", "--name", "--image", "--target", "--pull-secret", "--image-pull-secret"),
    ],
)
def test_the_value_of_a_variable_that_is_not_set_is_no_value(home: dict[str, str], option: str) -> None:
    code, out, _ = run("manifests", "cronjob", "--image", IMAGE, option, "", env=home)

    assert (2, "") == (code, out)


def test_every_label_is_short_enough_for_the_api_server() -> None:
    text = "\n".join(lines(CronJobFlags(image=IMAGE, name="f" * 52, namespace="n" * 63, nodes=True)))

    labels = [value for each in yaml.safe_load_all(text) for value in each["metadata"]["labels"].values()]
    assert [] == [value for value in labels if not re.fullmatch(r"[a-z0-9]([-a-z0-9_.]{0,61}[a-z0-9])?", value)]
