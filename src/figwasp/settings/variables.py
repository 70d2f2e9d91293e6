"""The environment variables that are read: which option beats each, what holds without both, and what it means."""

from msgspec import Struct

OWN = "FIGWASP_"
"""How the names of our own begin."""

TARGETS = "FIGWASP_TARGET_DEPLOYMENT"
NAMESPACE = "FIGWASP_TARGET_NAMESPACE"
KIND = "FIGWASP_TARGET_KIND"
MAX_RESTARTS = "FIGWASP_MAX_RESTARTS"
MIN_INTERVAL = "FIGWASP_MIN_INTERVAL"
SETTLE = "FIGWASP_SETTLE"
RESTART_RATE = "FIGWASP_RESTART_RATE"
CLIENT_TIMEOUT = "FIGWASP_CLIENT_TIMEOUT"
PASS_TIMEOUT = "FIGWASP_PASS_TIMEOUT"  # noqa: S105 - a time, not a password
REGISTRY_CA = "FIGWASP_REGISTRY_CA"
CONFIG = "FIGWASP_CONFIG"
LOG_FORMAT = "FIGWASP_LOG_FORMAT"
TIMINGS = "FIGWASP_TIMINGS"


class Variable(Struct, frozen=True):
    """
    An environment variable that is read: the option that beats it, if there is one, and what holds without both.

    `default` is what is read in its place where that is a value, else it says in words what is then done.
    """

    name: str
    option: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        TARGETS,
        "arguments",
        "the label",
        "names, or `kind/name`, with commas (or blanks, as arguments) between; set but empty is an error",
    ),
    Variable(
        NAMESPACE,
        "`-n`, `-A`",
        "the context's, else `default`",
        "where the workloads are; several with commas between, or `-n` several times",
    ),
    Variable(
        KIND,
        "`-k`",
        "every kind that may be listed",
        "kinds to look at where no workload is named: `deployment`, `statefulset`, `daemonset`, with commas between",
    ),
    Variable(
        MAX_RESTARTS,
        "`--max-restarts`",
        "any number",
        "how many workloads one pass restarts, those first that waited longest; the others are left to the next",
    ),
    Variable(
        RESTART_RATE,
        "`--restart-rate`",
        "as fast as it goes",
        "how many workloads are restarted in how long, such as `10/1m`: one after the other, evenly spaced; those for "
        "which a pass has no time are left to the next",
    ),
    Variable(
        MIN_INTERVAL,
        "`--min-interval`",
        "none",
        "the least time between two restarts of one workload, such as `10m`; until then it is left",
    ),
    Variable(
        SETTLE,
        "`--settle`",
        "none",
        "how long a tag must have named the same digest before a restart: the pass that sees it first writes that into "
        "the workload's `figwasp/record`, and a later one restarts",
    ),
    Variable(CLIENT_TIMEOUT, "", "30s", "bounds each request"),
    Variable(PASS_TIMEOUT, "", "5m", "bounds the whole pass, which ends with its report all the same"),
    Variable(
        REGISTRY_CA,
        "`--registry-ca`",
        "",
        "CA certificates (PEM) to trust for registries, besides the system's; files with `:` between",
    ),
    Variable(CONFIG, "`--config`", "", "a file (TOML) with [settings for single registries](docs/configuration.md)"),
    Variable(LOG_FORMAT, "`--log-format`", "text", "`text`, or `json`: one object a line (`once` only)"),
    Variable(TIMINGS, "`--timings`", "", "not empty: say where time and requests went, behind the report"),
    Variable(
        "KUBECONFIG",
        "`--kubeconfig`, `--context`",
        "the pod's service account, else `~/.kube/config`",
        "how the cluster is reached",
    ),
)
"""Every variable of ours; `SSL_CERT_FILE`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read as Go programs do."""

DEFAULTS = {each.name: each.default for each in VARIABLES}

LOG_FORMATS = ("text", "json")
