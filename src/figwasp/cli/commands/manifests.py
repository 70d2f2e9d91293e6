"""`figwasp manifests`, as it is typed."""

from typing import Any

import click

from figwasp.cli import options


@click.group("manifests", invoke_without_command=True)
@click.pass_context
def COMMAND(context: click.Context) -> int:  # noqa: N802 - click makes it a value
    """Print the YAML that installs Figwasp, with no more rights than it needs."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        return 2
    return 0


@COMMAND.command("cronjob", short_help="As a CronJob, with its service account and Role.")
@click.option("--image", default="", help="Figwasp's own image (required).", metavar="IMAGE")
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="A workload to look after; may be given several times.",
    metavar="[KIND/]NAME",
)
@click.option("--label", is_flag=True, help='Look after those labelled figwasp/target: "true" (the default).')
@click.option(
    "-k",
    "--kind",
    "kinds",
    multiple=True,
    callback=options.all_filled,
    help="Look after labelled ones of this kind only; may be given several times. Without it, of every kind: "
    "Deployments, StatefulSets and DaemonSets.",
    metavar="KIND",
)
@click.option(
    "--max-restarts",
    type=click.IntRange(1),
    help="A pass restarts at most N workloads, and leaves the others to the next.",
    metavar="N",
    default=None,
)
@options.text("--restart-rate", meaning="Restart N workloads in DURATION, evenly spaced.", metavar="N/DURATION")
@options.text("--min-interval", meaning="Least time between two restarts of one workload.", metavar="DURATION")
@options.text(
    "--settle", meaning="How long a tag must have named the same digest before a restart.", metavar="DURATION"
)
@options.one_namespace("Namespace of it all; else as of kubectl apply.")
@click.option("--schedule", default="* * * * *", help="When to look.", metavar="CRON", show_default=True)
@options.text("--timezone", meaning="Time zone of the schedule.", metavar="NAME")
@click.option("--name", default="figwasp", help="Name of every object.", metavar="NAME", show_default=True)
@click.option(
    "--pull-secret",
    "pull_secrets",
    multiple=True,
    help="The only secret that it may read, for logins to registries; may be given several times.",
    metavar="NAME",
)
@click.option("--no-pull-secrets", is_flag=True, help="It may read no secret: all images are public.")
@click.option(
    "--image-pull-secret",
    "image_pull_secrets",
    multiple=True,
    help="Secret with a login for Figwasp's own image.",
    metavar="NAME",
)
@options.text("--registry-ca", meaning="ConfigMap whose ca.crt to trust for registries.", metavar="NAME")
@options.text("--config", meaning="ConfigMap whose figwasp.toml has settings for single registries.", metavar="NAME")
@click.option("--nodes", is_flag=True, help="It may ask for the platform of nodes (a ClusterRole).")
def _cronjob(namespaces: tuple[str, ...], **flags: Any) -> int:
    """
    Print a CronJob that runs figwasp once, its service account, Role and RoleBinding.

    It needs to list secrets for the imagePullSecrets of your workloads, and reads those only; but Kubernetes lets
    whoever may list secrets read all of them. --pull-secret NAME narrows that to the ones that you name.

    \b
    figwasp manifests cronjob --image registry.example.com/figwasp:3 -n shop | kubectl apply -f -
    """  # noqa: D301 - click's mark for a paragraph that is not wrapped
    from figwasp.cli import manifests  # noqa: PLC0415 - a second of help need not import it

    flags["max_restarts"] = flags["max_restarts"] or 0
    return manifests.run(manifests.CronJobFlags(namespace="".join(namespaces), **flags))
