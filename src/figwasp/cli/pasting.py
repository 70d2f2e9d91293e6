"""Commands that are printed to be pasted: they must act on the cluster that was looked at, and ask what was asked."""

import re
from collections.abc import Sequence

from figwasp.settings.values import Flags


def options(flags: Flags) -> str:
    """The options that chose the cluster, each behind a blank; empty where the default was taken."""
    return _written([("--context", flags.context), ("--kubeconfig", flags.kubeconfig)])


def own_options(flags: Flags) -> str:
    """The same for a command of ours, with those that chose how registries are asked."""
    files = [("--registry-ca", each) for each in flags.registry_ca]
    return options(flags) + _written([*files, ("--config", flags.config)])


def _written(chosen: Sequence[tuple[str, str]]) -> str:
    import shlex  # noqa: PLC0415 - a CronJob's pass has no such options

    return "".join(f" {option} {shlex.quote(value)}" for option, value in chosen if value)


def pasted(text: str, flags: Flags) -> str:
    """Let every kubectl command in `text` act on the cluster that `flags` chose."""
    if not (flags.context or flags.kubeconfig):
        return text
    added = options(flags)
    return re.sub(r"\bkubectl (?=[a-z])", lambda _: f"kubectl{added} ", text)
