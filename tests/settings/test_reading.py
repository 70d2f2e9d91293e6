"""Flags and environment: the original's variables, who wins, and every problem at once."""

import pytest

from figwasp.errors import UsageError
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags, Settings

KINDS = {
    "deployment": frozenset({"deploy", "deployments", "deployment.apps"}),
    "statefulset": frozenset({"sts", "statefulsets"}),
}


def settings(environment: dict[str, str] | None = None, flags: Flags = Flags()) -> Settings:  # noqa: B008 - frozen
    return read_settings(flags, environment or {}, KINDS)


def test_the_defaults_are_the_originals() -> None:
    read = settings()

    assert ((), (), 30.0, 300.0) == (
        read.targets,
        read.namespaces,
        read.client_timeout_seconds,
        read.pass_timeout_seconds,
    )


def test_without_a_target_the_label_selects() -> None:
    selection = settings().selection("")

    assert (("default",), (), "figwasp/target=true") == (selection.namespaces, selection.targets, selection.label)


def test_a_target_is_looked_at_whatever_its_labels() -> None:
    assert "" == settings({"FIGWASP_TARGET_DEPLOYMENT": "web"}).selection("").label


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("web", ["web"]),
        ("web,api", ["web", "api"]),
        (" web , api ,", ["web", "api"]),
        ("deployment/web,deploy/api,Deployment/db", ["web", "api", "db"]),
        ("web,web", ["web"]),
    ],
)
def test_targets_are_a_list_of_names_or_kinds_and_names(text: str, names: list[str]) -> None:
    assert [("deployment", name) for name in names] == list(settings({"FIGWASP_TARGET_DEPLOYMENT": text}).targets)


@pytest.mark.parametrize("text", ["", " ", ","])
def test_an_empty_target_is_wrong_usage_and_not_everything(text: str) -> None:
    with pytest.raises(UsageError, match="FIGWASP_TARGET_DEPLOYMENT is set but empty"):
        settings({"FIGWASP_TARGET_DEPLOYMENT": text})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cronjob/web", "cannot restart a cronjob (kinds: deployment, statefulset)"),
        ("deployment/", "names no workload"),
        ("a/b/c", "names no workload"),
    ],
)
def test_a_target_of_no_known_kind_is_wrong_usage(text: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings({"FIGWASP_TARGET_DEPLOYMENT": text})

    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["Web_1", "web/", "-web", "w" * 254, "\udcff", "a..b"])
def test_a_name_that_no_workload_can_have_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError):
        settings(flags=Flags(targets=(name,)))


@pytest.mark.parametrize("namespace", ["Bad NS", "..", "a/b", "\udcff"])
def test_a_namespace_that_cannot_be_is_wrong_usage(namespace: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a namespace"):
        settings(flags=Flags(namespaces=(namespace,)))


def test_arguments_may_have_commas_too() -> None:
    assert (("deployment", "web"), ("deployment", "api")) == settings(flags=Flags(targets=("web,api",))).targets


def test_every_problem_is_reported_at_once() -> None:
    environment = {
        "FIGWASP_TARGET_DEPLOYMENT": "",
        "FIGWASP_CLIENT_TIMEOUT": "30",
        "FIGWASP_PASS_TIMEOUT": "soon",
        "FIGWASP_LOG_FORMAT": "xml",
    }

    with pytest.raises(UsageError) as raised:
        read_settings(Flags(), environment, KINDS, reads_log_format=True)

    assert 4 == len(raised.value.problems)
    assert 'FIGWASP_CLIENT_TIMEOUT: "30" has no unit (say "30s")' in raised.value.problems


@pytest.mark.parametrize(
    ("flag", "variable", "context"), [("f", "v", "c"), ("", "v", "c"), ("", "", "c"), ("", "", "")]
)
def test_the_namespace_is_the_flags_then_the_environments_then_the_contexts(
    flag: str, variable: str, context: str
) -> None:
    read = settings({"FIGWASP_TARGET_NAMESPACE": variable}, Flags(namespaces=(flag,) if flag else ()))

    assert ((flag or variable or context or "default"),) == read.selection(context).namespaces


def test_targets_on_the_command_line_win_over_the_environment() -> None:
    read = settings({"FIGWASP_TARGET_DEPLOYMENT": "web"}, Flags(targets=("api",)))

    assert (("deployment", "api"),) == read.targets


@pytest.mark.parametrize("targets", [("",), (",",), ("", "")])
def test_an_empty_argument_never_means_every_labelled_workload(targets: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="an empty name was given"):
        settings(flags=Flags(targets=targets))


def test_a_kind_and_a_name_with_a_blank_between_are_understood_and_refused() -> None:
    with pytest.raises(UsageError, match="did you mean deployment/web"):
        settings(flags=Flags(targets=("Deploy", "web")))


@pytest.mark.parametrize(
    ("variable", "flags", "namespaces"),
    [
        ("a,b", (), ("a", "b")),
        (" a , b ,a,", (), ("a", "b")),
        ("a", ("c", "b,d"), ("c", "b", "d")),
        (",", (), ("default",)),
    ],
)
def test_there_may_be_several_namespaces(variable: str, flags: tuple[str, ...], namespaces: tuple[str, ...]) -> None:
    read = settings({"FIGWASP_TARGET_NAMESPACE": variable}, Flags(namespaces=flags))

    assert namespaces == read.selection("").namespaces


def test_all_namespaces_are_none_that_is_named() -> None:
    read = settings({"FIGWASP_TARGET_NAMESPACE": "a"}, Flags(all_namespaces=True))

    assert () == read.selection("context").namespaces


@pytest.mark.parametrize(
    ("variable", "flags", "kinds"),
    [
        ("", (), ()),
        ("sts", (), ("statefulset",)),
        ("deploy,Sts", (), ("deployment", "statefulset")),
        ("deployment", ("statefulsets",), ("statefulset",)),
    ],
)
def test_kinds_are_asked_for_by_any_of_their_names(
    variable: str, flags: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    assert kinds == settings({"FIGWASP_TARGET_KIND": variable}, Flags(kinds=flags)).selection("").kinds


def test_whoever_asks_for_a_kind_means_those_with_the_label_and_not_the_named_ones() -> None:
    selection = settings({"FIGWASP_TARGET_DEPLOYMENT": "web"}, Flags(kinds=("sts",))).selection("")

    assert ((), ("statefulset",), "figwasp/target=true") == (selection.targets, selection.kinds, selection.label)


def test_whoever_names_workloads_is_not_kept_from_them_by_the_environments_kinds() -> None:
    selection = settings({"FIGWASP_TARGET_KIND": "sts"}, Flags(targets=("web",))).selection("")

    assert ((("deployment", "web"),), ()) == (selection.targets, selection.kinds)


@pytest.mark.parametrize(
    ("variable", "flag", "most"), [("", None, None), ("3", None, 3), ("3", "5", 5), ("", "1", 1), ("007", "1", 1)]
)
def test_the_number_of_restarts_is_not_limited_unless_somebody_says_so(
    variable: str, flag: str | None, most: int | None
) -> None:
    assert most == settings({"FIGWASP_MAX_RESTARTS": variable}, Flags(max_restarts=flag)).restraint.max_restarts


@pytest.mark.parametrize("text", ["0", "-1", "ten", "1.5", "1" * 40, " "])
def test_a_limit_that_is_no_number_of_workloads_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match=r"^FIGWASP_MAX_RESTARTS: .* is not a number of workloads: say 1 or more"):
        settings({"FIGWASP_MAX_RESTARTS": text})


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (Flags(namespaces=("",)), "-n was given an empty name"),
        (Flags(namespaces=(",",)), "-n was given an empty name"),
        (Flags(kinds=("",)), "-k was given an empty kind"),
        (Flags(max_restarts=""), '--max-restarts: "" is not a number of workloads'),
    ],
)
def test_an_option_whose_value_is_empty_is_wrong_usage_and_not_left_out(flags: Flags, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        settings({"FIGWASP_TARGET_NAMESPACE": "shop"}, flags)

    assert said in str(raised.value)


def test_a_format_of_the_log_troubles_only_those_who_have_one() -> None:
    assert "xml" == settings({"FIGWASP_LOG_FORMAT": "xml"}).log_format
    with pytest.raises(UsageError, match='FIGWASP_LOG_FORMAT: "xml" is none of text, json'):
        read_settings(Flags(), {"FIGWASP_LOG_FORMAT": "xml"}, KINDS, reads_log_format=True)


def test_a_malformed_selector_is_wrong_usage_with_its_place() -> None:
    with pytest.raises(UsageError, match=r'-l "app=web\)" is no label selector: at character 8 a comma was expected'):
        settings(flags=Flags(label="app=web)"))
    assert "app in (web, api)" == settings(flags=Flags(label="app in (web, api)")).label


@pytest.mark.parametrize(
    ("variable", "flag", "seconds"), [("", None, 0), ("10m", None, 600), ("10m", "1h", 3600), ("", "90s", 90)]
)
def test_restarts_of_one_workload_have_no_least_interval_unless_somebody_says_so(
    variable: str, flag: str | None, seconds: int
) -> None:
    restraint = settings({"FIGWASP_MIN_INTERVAL": variable}, Flags(min_interval=flag)).restraint

    assert seconds == restraint.min_interval.total_seconds()


@pytest.mark.parametrize(
    ("variable", "flag", "seconds"), [("", None, 0), ("10m", None, 600), ("10m", "0s", 0), ("", "90s", 90)]
)
def test_moves_are_given_no_time_to_settle_unless_somebody_says_so(
    variable: str, flag: str | None, seconds: int
) -> None:
    assert seconds == settings({"FIGWASP_SETTLE": variable}, Flags(settle=flag)).restraint.settle.total_seconds()


@pytest.mark.parametrize("name", ["FIGWASP_MIN_INTERVAL", "FIGWASP_SETTLE"])
def test_a_delay_that_is_no_duration_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError, match=f'{name}: "10" has no unit'):
        settings({name: "10"})


@pytest.mark.parametrize(
    ("variable", "flag", "seconds"), [("", None, 0), ("10/1m", None, 6), ("10/m", "1/90s", 90), ("", "4/h", 900)]
)
def test_restarts_are_not_spaced_unless_somebody_says_so(variable: str, flag: str | None, seconds: int) -> None:
    restraint = settings({"FIGWASP_RESTART_RATE": variable}, Flags(restart_rate=flag)).restraint

    assert seconds == restraint.spacing.total_seconds()


@pytest.mark.parametrize("text", ["10", "0/1m", "/1m", "10/", "ten/1m", "10/1", "-1/1m", "1/1m/1m", "10/0s", " "])
def test_a_rate_that_is_none_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="FIGWASP_RESTART_RATE"):
        settings({"FIGWASP_RESTART_RATE": text})
