"""What happens in `figwasp demo`, told as it happens."""

import signal
import sys
import threading
from collections.abc import Iterator
from shlex import quote
from typing import NoReturn

from figwasp.cli import render
from figwasp.cli.demo.stage import NAME, REPLICAS, Demo, PodState, short
from figwasp.cli.demo.view import View
from figwasp.core.report import Report


def tell(one: Demo, view: View, runtime: str) -> Report:
    """Let the story happen; gives the report of the last pass."""
    api, registry = one.places
    view.say("Figwasp at work, on this machine and without a cluster. Only this process is touched.")
    view.simulated(f"a Kubernetes API server at {api}, with a node that runs {runtime}")
    view.simulated(f"a registry at {registry}")
    view.real("figwasp: the pass that a CronJob runs, which speaks HTTP to both")

    view.title(f"A team deploys {NAME} with {REPLICAS} replicas of {one.image}")
    old = one.push()
    one.deploy()
    view.simulated(f"{REPLICAS} pods run {short(old)}, as their node reports it")

    view.title("Then it pushes another image under the same tag")
    new = one.push()
    view.simulated(f"the tag names {short(new)} now")
    before = one.pods()
    view.simulated(f"and nothing happens: the {len(before)} pods go on with {short(old)}")

    view.title("$ figwasp once")
    _report(one.run_pass(), view, verbose=False)

    view.title("Kubernetes replaces the pods, one by one")
    one.watch(before, lambda pod: view.simulated(_told(pod)))

    view.title("$ figwasp once -v")
    last = one.run_pass()
    _report(last, view, verbose=True)
    return last


def _report(report: Report, view: View, *, verbose: bool) -> None:
    for line in render.text_lines(report, verbose=verbose):
        view.real(line)


def _told(pod: PodState) -> str:
    match pod.phase:
        case "Running":
            return f"pod {pod.name} runs {short(pod.runs)}"
        case phase:
            return f"pod {pod.name}: {phase}"


def next_commands(one: Demo, figwasp: str, *, keep: bool) -> Iterator[str]:
    """What to try after the story; `figwasp` is how this very program is called."""
    yield ""
    if not keep:
        yield "Try next:"
        yield "  # the same, left running: try plan, explain, resolve and kubectl on it"
        yield f"  {figwasp} demo --keep"
        yield "  # what a pass would do in your own cluster; changes nothing"
        yield f"  {figwasp} plan --all"
        yield "  # the YAML that lets it do so every minute"
        yield f"  {figwasp} manifests cronjob --image registry.example.com/figwasp:3"
        return
    yield "It is left running, until Ctrl-C; Enter pushes another image."
    yield "In another terminal:"
    yield f"  export KUBECONFIG={quote(str(one.kubeconfig))} FIGWASP_CONFIG={quote(str(one.config))}"
    yield f"  {figwasp} plan"
    yield f"  {figwasp} explain web"
    yield f"  {figwasp} resolve {one.image}"
    yield "  kubectl get deployments,replicasets,pods"
    yield "  kubectl rollout status deployment/web"


def end_cleanly_on_sigterm() -> None:
    """Let SIGTERM end the process as Ctrl-C does, so that nothing is left behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def keep_running(one: Demo) -> NoReturn:
    """Push another image at each Enter, for ever."""
    for _ in sys.stdin:
        print(f"pushed {short(one.push())} as {one.image}", flush=True)  # noqa: T201 - the person at the terminal
    while True:  # without a terminal there is nothing to read
        threading.Event().wait()
