"""
The test bed itself: what the other tests on the node rely on.

Aspects: the commands; what images look like on the node; counting API and registry requests;
logins and mirrors; running as in a pod; what an ended, a killed and a failed bed leave behind.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from testbed import (
    NO_SUCH_PROGRAM,
    OWNER,
    ApiError,
    Asked,
    Bed,
    Call,
    Namespace,
    PartFailed,
    Site,
    StillWaiting,
    Style,
    TestbedError,
    alone,
    attestation,
    container,
    daemon_set,
    deployment,
    down,
    image,
    index,
    leftovers,
    lifecycle,
    pki,
    processes,
    stateful_set,
    status,
    up,
    wait_for,
)
from testbed.parts.containerd import bundles
from testbed.parts.etcd import etcd
from testbed.parts.registry import Registry, registry_part
from tests.node.second_site import second_site

_LIST_PODS = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
_SUPERVISOR = """
import os, signal, sys
from pathlib import Path
from testbed import Site, lifecycle
from testbed.parts.etcd import etcd
site = Site(Path(sys.argv[1]), int(sys.argv[2]))
site.claim()
lifecycle.start_together([etcd(site)], site)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def site() -> Iterator[Site]:
    """The place of a second bed, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="testbed-") as folder:
        site = second_site(Path(folder))
        yield site
        leftovers.remove(site)


def _testbed(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "testbed", command, *arguments]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


# The commands


def test_two_runs_of_tests_never_use_a_bed_at_once(bed: Bed) -> None:
    with pytest.raises(TestbedError, match="another run of tests is at work"), alone(bed.site, "run of tests"):
        pass


def test_a_second_up_says_that_it_is_up(bed: Bed) -> None:
    second = _testbed("up")

    assert (0, f"already up: {bed.site.root}\n") == (second.returncode, second.stdout)


def test_status_names_every_part(bed: Bed) -> None:
    said = _testbed("status")

    assert said.returncode == 0
    assert set(status(bed.site)) == {line.split()[0] for line in said.stdout.splitlines()[:-1]}


def test_status_of_no_bed_is_a_sentence_and_exit_1(site: Site) -> None:
    said = _testbed("status", "--dir", str(site.root))

    assert (1, f"not up: {site.root}\n") == (said.returncode, said.stdout)


def test_ports_that_are_taken_are_a_sentence_and_exit_1(bed: Bed, site: Site) -> None:
    said = _testbed("up", "--dir", str(site.root), "--port", str(bed.site.base_port))

    assert (1, "") == (said.returncode, said.stdout)
    assert said.stderr.startswith(f"testbed: port {bed.site.base_port}, wanted for etcd, is in use: ")
    assert not site.root.exists()


# Images on the node


@pytest.mark.parametrize("style", list(Style))
def test_a_pod_reports_the_digest_that_was_pushed(bed: Bed, namespace: Namespace, style: Style) -> None:
    app = bed.repository(f"reports-{style.name.lower()}")
    digest = app.push(image(style.name, style=style), "1.2")
    namespace.apply(deployment("web", container(app.reference("1.2")), replicas=2))

    namespace.wait_rolled_out("web")

    assert {app.reference(digest)} == namespace.image_ids("web")
    assert {digest} == namespace.running_digests("web")


def test_a_tag_names_what_was_pushed_last(bed: Bed) -> None:
    app = bed.repository("moves")
    first = app.push(image("1"), "latest")
    second = app.push(image("2"), "latest", "2")

    assert first != second
    assert second == app.digest("latest") == app.digest("2")


def test_an_annotation_changes_the_manifest_and_not_the_config() -> None:
    plain, annotated = image(), image(annotations={"a": "b"})

    assert plain.config == annotated.config
    assert plain.digest != annotated.digest


def test_a_label_changes_the_config_and_not_the_layers() -> None:
    plain, labelled = image(), image(labels={"a": "b"})

    assert plain.layers == labelled.layers
    assert plain.config != labelled.config


@pytest.mark.parametrize("style", list(Style))
def test_the_node_pulls_its_platform_from_an_index(bed: Bed, namespace: Namespace, style: Style) -> None:
    app = bed.repository(f"multi-{style.name.lower()}")
    ours = image(f"multi {style.name}", style=style)
    provenance = (attestation(ours),) if style is Style.OCI else ()
    digest = app.push(index(image(platform="linux/arm64/v8", style=style), ours, *provenance, style=style), "1")
    namespace.apply(deployment("web", container(app.reference("1"))))

    namespace.wait_rolled_out("web")

    assert {digest} == namespace.running_digests("web")


def test_an_image_without_its_program_never_rolls_out_and_the_error_says_why(bed: Bed, namespace: Namespace) -> None:
    app = bed.repository("broken")
    app.push(image(entrypoint=NO_SUCH_PROGRAM), "1")
    namespace.apply(deployment("web", container(app.reference("1"))))

    assert _comes_to_say(namespace, "web", "no such file or directory")


def test_a_deleted_manifest_is_gone_with_its_tags(bed: Bed) -> None:
    app = bed.repository("deleted")
    app.delete(app.push(image(), "1"))

    assert not app.digest("1")


def test_every_kind_of_workload_rolls_out(bed: Bed, namespace: Namespace) -> None:
    app = bed.repository("kinds")
    digest = app.push(image("kinds"), "1")
    web = container(app.reference("1"))
    namespace.apply(stateful_set("set", web, replicas=2), daemon_set("daemon", web))

    for name, kind in {"set": "StatefulSet", "daemon": "DaemonSet"}.items():
        namespace.wait_rolled_out(name, kind)
        assert {digest} == namespace.running_digests(name, kind)


# Counting requests


def test_the_audit_log_counts_a_users_requests_with_their_query(bed: Bed, namespace: Namespace) -> None:
    namespace.apply(deployment("web", container("example.org/web"), replicas=0))
    mark = bed.audit.mark()

    namespace.get("Deployment", "web")
    namespace.objects("Secret", fieldSelector="metadata.name=login")

    expected = {
        Asked("get", "deployments", "", namespace.name, "web"): 1,
        Asked("list", "secrets", "", namespace.name, "login"): 1,
    }
    assert expected == bed.audit.count(since=mark, user="admin")
    assert "fieldSelector=metadata.name%3Dlogin" in bed.audit.requests(since=mark, user="admin")[1].uri


def test_the_access_log_counts_requests_with_their_status(bed: Bed) -> None:
    app = bed.repository("counted")
    app.push(image(), "1")
    log = bed.access(bed.registry)
    mark = log.mark()

    for tag in ("1", "1", "2"):
        app.digest(tag)

    assert {Call("HEAD", "/v2/counted/manifests/1"): 2, Call("HEAD", "/v2/counted/manifests/2"): 1} == log.count(
        since=mark, user_agent="testbed"
    )
    assert [request.status for request in log.requests(since=mark, user_agent="testbed")] == [200, 200, 404]


# Logins and mirrors


def test_the_private_registry_serves_only_a_pod_with_its_pull_secret(bed: Bed, namespace: Namespace) -> None:
    app = bed.repository("team/web", bed.private)
    digest = app.push(image("private"), "1")
    namespace.pull_secret("login", bed.private.host, OWNER)
    web = container(app.reference("1"))
    namespace.apply(deployment("with", web, pull_secrets=["login"]), deployment("without", web))

    namespace.wait_rolled_out("with")

    assert {digest} == namespace.running_digests("with")
    assert _comes_to_say(namespace, "without", "401 Unauthorized")


@pytest.mark.parametrize("tls", [True, False])
def test_a_node_behind_a_mirror_runs_what_the_mirror_has(bed: Bed, namespace: Namespace, tls: bool) -> None:
    app = bed.repository("mirrored")
    with bed.another_registry("mirror", tls=tls) as mirror, bed.mirror(bed.registry, by=mirror):
        old = bed.repository("mirrored", mirror).push(image(f"old {tls}"), "1")
        new = app.push(image("new"), "1")
        namespace.apply(deployment("web", container(app.reference("1"))))
        namespace.wait_rolled_out("web")

        assert app.reference(old) in namespace.image_ids("web")
        assert new == app.digest("1")


def test_after_a_mirror_the_node_asks_the_registry_itself(bed: Bed, namespace: Namespace) -> None:
    app = bed.repository("mirrored")
    with bed.another_registry("mirror") as mirror, bed.mirror(bed.registry, by=mirror):
        pass
    digest = app.push(image("asked itself"), "2")
    namespace.apply(deployment("web", container(app.reference("2"))))
    namespace.wait_rolled_out("web")

    assert {digest} == namespace.running_digests("web")


# As in a pod


def test_a_service_account_may_do_what_its_role_says_and_no_more(bed: Bed, namespace: Namespace) -> None:
    account = namespace.service_account("reader", _LIST_PODS)
    kubeconfig = f"--kubeconfig={account.kubeconfig}"

    assert not bed.kubectl(kubeconfig, "get", "pods")
    with pytest.raises(TestbedError, match="Forbidden"):
        bed.kubectl(kubeconfig, "get", "secrets")


def test_a_program_finds_a_pods_files_and_variables(bed: Bed, namespace: Namespace) -> None:
    account = namespace.service_account("reader", _LIST_PODS)
    script = "cd /var/run/secrets/kubernetes.io/serviceaccount; cat namespace; ls; echo $KUBERNETES_SERVICE_PORT"

    ran = account.run_as_in_a_pod("sh", "-c", script)

    assert f"{namespace.name}ca.crt\nnamespace\ntoken\n{bed.site.port('kube-apiserver')}\n" == ran.stdout
    assert not Path("/var/run/secrets/kubernetes.io").exists()


def test_an_api_error_carries_its_status(bed: Bed) -> None:
    with pytest.raises(ApiError) as error:
        bed.api.get("Pod", "nobody")

    assert error.value.status == 404


# What is left behind


def test_a_killed_bed_with_running_pods_leaves_nothing(site: Site) -> None:
    """The runtime is killed first, so that its shims and containers have lost whoever could end them."""
    up(site)
    bed = Bed(site)
    app, namespace = bed.repository("app"), bed.namespace()
    app.push(image(), "1")
    namespace.apply(deployment("web", container(app.reference("1")), replicas=2))
    namespace.wait_rolled_out("web")
    containers = [folder.name for folder in bundles(site)]
    assert len(_pod_routes(site)) == 2
    processes.stop(site, "containerd")

    down(site)

    assert len(containers) == 4
    assert not processes.of_bed(site)
    assert not site.root.exists()
    # Other than Path.glob this takes no offence at a folder that goes meanwhile: the other bed's pods come and go.
    assert not [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if Path(folder).name in containers]
    wait_for(lambda: not _pod_routes(site), "the end of the pods' interfaces")


def test_what_a_killed_up_had_started_is_ended(site: Site) -> None:
    supervisor = [sys.executable, "-c", _SUPERVISOR, str(site.root), str(site.base_port)]
    killed = subprocess.run(supervisor, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert processes.is_running(site, "etcd")

    leftovers.remove(site)

    assert not processes.of_bed(site)
    assert not site.root.exists()


def test_a_pid_that_went_to_another_process_is_not_killed(site: Site) -> None:
    site.claim()
    (site.run / "etcd.pid").write_text(f"{os.getpid()}\n1\n")

    assert not processes.is_running(site, "etcd")
    processes.stop(site, "etcd")


def test_a_directory_that_holds_something_else_is_refused_and_not_removed(site: Site) -> None:
    site.root.mkdir()
    (site.root / "thesis.txt").touch()

    with pytest.raises(TestbedError, match="not empty"):
        up(site)
    down(site)

    assert (site.root / "thesis.txt").exists()


def test_a_part_that_fails_is_named_with_the_end_of_its_log(bed: Bed, site: Site) -> None:
    # Without TLS: else the bed's own registry, on that port, would answer for it.
    taken = Registry(name="third", port=bed.registry.port, tls=False)
    site.claim()

    with pytest.raises(PartFailed, match=r"(?s)third ended.*address already in use"):
        lifecycle.start_together([etcd(site), registry_part(taken, site, pki.Pki(bed.site.pki))], site)


def _comes_to_say(namespace: Namespace, name: str, why: str) -> str:
    """Ask for the roll-out of a Deployment that never ends until the error says why; answers the error."""

    def error() -> str:
        with pytest.raises(StillWaiting) as caught:
            namespace.wait_rolled_out(name, timeout=0)
        return str(caught.value) if why in str(caught.value) else ""

    return wait_for(error, f"the error to say {why}", 60)


def _pod_routes(site: Site) -> list[str]:
    """The destinations of the machine's routes to pods of the bed, in hexadecimal, last byte first."""
    ours = ip_network(site.pod_subnet).network_address.packed[:3]
    routes = Path("/proc/net/route").read_text().splitlines()[1:]
    return [route.split()[1] for route in routes if bytes.fromhex(route.split()[1])[::-1][:3] == ours]
