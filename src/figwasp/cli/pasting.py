"""Commands that are printed to be pasted: they must act on the cluster that was looked at."""

import re

from figwasp.settings.values import Flags


def options(flags: Flags) -> str:
    """The options that chose the cluster, each behind a blank; empty where the default was taken."""
    import shlex  # noqa: PLC0415 - a CronJob's pass has no such options

    chosen = (("--context", flags.context), ("--kubeconfig", flags.kubeconfig))
    return "".join(f" {option} {shlex.quote(value)}" for option, value in chosen if value)


def pasted(text: str, flags: Flags) -> str:
    """Let every kubectl command in `text` act on the cluster that `flags` chose."""
    if not (flags.context or flags.kubeconfig):
        return text
    added = options(flags)
    return re.sub(r"\bkubectl (?=[a-z])", lambda _: f"kubectl{added} ", text)
