"""
The kubelet of one machine: brings its pods up container by container, reports them, and ends them.

Containers do nothing: an init container ends well at once, every other one is ready from its start until its pod ends.
But one whose command ends in `false` ends badly at once, and is started again and again.

Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod; pkg/kubelet/images/image_manager.go.
"""

import secrets
from concurrent.futures import Executor, Future
from typing import Final

from msgspec.structs import replace

from figwasp.core.credential import Entry, Keyring, parse_pull_secret
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.embedded.node.cluster import Cluster
from figwasp.embedded.node.images import ImageStore, Pulled
from figwasp.embedded.node.machine import ADDRESS, Machine
from figwasp.embedded.node.objects import Json, is_ending
from figwasp.embedded.node.pod_status import State, pod_status
from figwasp.embedded.node.pods import pull_policy
from figwasp.embedded.node.pull import Puller, PullFailed
from figwasp.embedded.node.runtimes import Named
from figwasp.errors import InvalidReference, PullSecretError

_SOURCE: Final = "kubelet"
_LONGEST_BACK_OFF_SECONDS: Final = 300.0
_MOST_IMAGES: Final = 50
_MOST_NAMES: Final = 5


class _Container:
    """A container and what became of it so far."""

    def __init__(self, spec: Json, *, field: str, is_init: bool) -> None:
        self.spec = spec
        self.path = f"spec.{field}{{{spec['name']}}}"
        self.is_sidecar = is_init and spec.get("restartPolicy") == "Always"
        self.ends = is_init and not self.is_sidecar
        self.state = State(name=spec["name"], image=spec["image"], is_sidecar=self.is_sidecar)
        self.pull: Future[Pulled] | None = None
        self.is_told = True
        """Whether the event of the last pull's end is written."""
        self.failures = 0
        self.crashes = 0
        self.next_try = 0.0
        self.config: Digest | None = None
        self.created = Named("", "")


class _Pod:
    """A pod of the machine. `ready_at` and `gone_at` are when its sandbox is there and when it is gone."""

    def __init__(self, pod: Json, ready_at: float, address: str) -> None:
        spec = pod["spec"]
        self.inits = [
            _Container(each, field="initContainers", is_init=True) for each in spec.get("initContainers") or ()
        ]
        self.mains = [_Container(each, field="containers", is_init=False) for each in spec["containers"]]
        self.ready_at = ready_at
        self.gone_at: float | None = None
        self.address = address


class Kubelet:
    """
    Takes one step for a pod of its machine at a time; what it must wait for, it asks the cluster to look at again.

    `pace_seconds` is how long making room for a pod takes, and ending one. Pulls are done by `pulls`.
    """

    def __init__(
        self,
        cluster: Cluster,
        machine: Machine,
        *,
        puller: Puller,
        pulls: Executor,
        pace_seconds: float,
        back_off_seconds: float,
    ) -> None:
        self.images = ImageStore()
        self.machine = machine
        self._cluster = cluster
        self._puller, self._pulls = puller, pulls
        self._pace_seconds, self._back_off_seconds = pace_seconds, back_off_seconds
        self._pods: dict[str, _Pod] = {}
        self._made = 0
        self._are_images_told = True

    def forget_but(self, uids: set[str]) -> None:
        """Drop what is known of pods that are there no more."""
        self._pods = {uid: pod for uid, pod in self._pods.items() if uid in uids}

    @property
    def is_pulling(self) -> bool:
        """Whether an image is being pulled; to be asked between steps only."""
        found = [(pod, each) for pod in self._pods.values() for each in (*pod.inits, *pod.mains)]
        # A pod that is being ended takes no notice of what was pulled for it.
        return any(not each.is_told or (each.pull and pod.gone_at is None) for pod, each in found)

    def step(self, pod: Json) -> None:
        """
        Take one step for a pod that is bound to this machine.

        Raises:
            Changed: somebody else wrote the pod, or the machine's Node, meanwhile.
        """
        if not self._are_images_told:
            self._tell_images()
        known = self._known(pod)
        if is_ending(pod):
            self._end(pod, known)
            return
        if (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}:
            return
        has_sandbox = self._is_due(known.ready_at)
        if has_sandbox and self._advance(pod, known):
            self._look_up_names(known)
        self._report(pod, known, has_sandbox=has_sandbox)

    def _known(self, pod: Json) -> _Pod:
        uid = pod["metadata"]["uid"]
        if uid not in self._pods:
            self._made += 1
            address = f"10.244.{self._made // 250}.{self._made % 250 + 1}"
            self._pods[uid] = _Pod(pod, self._cluster.now() + self._pace_seconds, address)
        return self._pods[uid]

    def _is_due(self, at: float) -> bool:
        if self._cluster.now() >= at:
            return True
        self._cluster.look_again_at(at)
        return False

    def _end(self, pod: Json, known: _Pod) -> None:
        if known.gone_at is None:
            known.gone_at = self._cluster.now() + self._pace_seconds
            for each in known.mains:
                if each.state.is_running:
                    self._tell(pod, each, "Killing", f"Stopping container {each.state.name}")
        if self._is_due(known.gone_at):
            self._cluster.delete(pod)
            del self._pods[pod["metadata"]["uid"]]

    def _advance(self, pod: Json, known: _Pod) -> bool:
        """Bring up what may run now; tells whether any container started."""
        started = 0
        for each in known.inits:
            started += self._bring_up(pod, each)
            if not each.state.has_started_or_ended:
                return started > 0
        return started + sum(self._bring_up(pod, each) for each in known.mains) > 0

    def _bring_up(self, pod: Json, one: _Container) -> bool:
        if one.state.started_at:
            return False
        crashes = one.crashes
        if one.pull is not None:
            if one.pull.done():
                self._take(pod, one, one.pull)
        elif self._cluster.now() >= one.next_try:
            self._try(pod, one)
        else:
            self._back_off(pod, one)
        return bool(one.state.started_at) or one.crashes > crashes

    def _try(self, pod: Json, one: _Container) -> None:
        image = one.spec["image"]
        try:
            reference = Reference.parse(image)
        except InvalidReference as error:
            why = f'Failed to apply default image tag "{image}": couldn\'t parse image name "{image}": {error}'
            self._wait(one, "InvalidImageName", why)
            return
        policy, found = one.spec.get("imagePullPolicy") or pull_policy(image), self.images.find(_known_as(reference))
        if policy == "Never" and found is None:
            self._wait(one, "ErrImageNeverPull", f'Container image "{image}" is not present with pull policy of Never')
        elif policy == "Always" or found is None:
            self._start_pull(pod, one, reference)
        else:
            self._tell(pod, one, "Pulled", f'Container image "{image}" already present on machine')
            self._start(pod, one, _known_as(reference), found)

    def _start_pull(self, pod: Json, one: _Container, reference: Reference) -> None:
        try:
            login = self._keyring(pod).login(reference.name)
        except PullSecretError as error:
            self._fail(one, str(error))
            return
        self._tell(pod, one, "Pulling", f'Pulling image "{one.spec["image"]}"')
        one.is_told = False
        one.pull = self._pulls.submit(self._puller.pull, _known_as(reference), login, self.machine)
        one.pull.add_done_callback(lambda pull: self._tell_end_of_pull(pod, one, pull))

    def _keyring(self, pod: Json) -> Keyring:
        namespace = pod["metadata"]["namespace"]
        entries: list[Entry] = []
        for named in pod["spec"].get("imagePullSecrets") or ():
            secret = self._cluster.find("secrets", namespace, named["name"])
            if secret is not None:
                source = f"secret {namespace}/{named['name']}"
                entries += parse_pull_secret(secret.get("type", ""), secret.get("data") or {}, source=source)
        return Keyring.of(tuple(entries))

    def _tell_end_of_pull(self, pod: Json, one: _Container, pull: Future[Pulled]) -> None:
        """Record how a pull ended, which also wakes up the node. Runs in the thread of the pull."""
        if pull.cancelled():
            return
        if (error := pull.exception()) is None:
            self._tell(pod, one, "Pulled", f'Successfully pulled image "{one.spec["image"]}"')
        else:
            self._tell(pod, one, "Failed", f'Failed to pull image "{one.spec["image"]}": {error}', is_bad=True)
        one.is_told = True

    def _take(self, pod: Json, one: _Container, pull: Future[Pulled]) -> None:
        one.pull = None
        try:
            pulled = pull.result()
        except PullFailed as error:
            self._fail(one, str(error))
            return
        self.images.add(pulled)
        self._are_images_told = False
        self._start(pod, one, pulled.reference, pulled.config)

    def _fail(self, one: _Container, why: str) -> None:
        seconds = min(self._back_off_seconds * 2**one.failures, _LONGEST_BACK_OFF_SECONDS)
        one.failures += 1
        one.next_try = self._cluster.now() + seconds
        self._wait(one, "ErrImagePull", why)
        self._cluster.look_again_at(one.next_try)

    def _back_off(self, pod: Json, one: _Container) -> None:
        self._cluster.look_again_at(one.next_try)
        if one.state.waits_for == "ErrImagePull":
            why = f'Back-off pulling image "{one.spec["image"]}"'
            self._wait(one, "ImagePullBackOff", f"{why}: ErrImagePull: {one.state.message}")
            self._tell(pod, one, "BackOff", why)

    def _wait(self, one: _Container, reason: str, message: str) -> None:
        one.state = replace(one.state, waits_for=reason, message=message)

    def _start(self, pod: Json, one: _Container, reference: Reference, config: Digest) -> None:
        runtime, now = self.machine.runtime, self._cluster.timestamp()
        one.config, one.created = config, runtime.at_creation(self.images, reference, config)
        one.state = replace(
            one.state,
            waits_for="",
            message="",
            container_id=f"{runtime.value}://{secrets.token_hex(32)}",
            started_at=now,
            finished_at=now if one.ends else "",
            restarts=one.crashes,
        )
        self._tell(pod, one, "Created", f"Created container: {one.state.name}")
        self._tell(pod, one, "Started", f"Started container {one.state.name}")
        command = " ".join((*(one.spec.get("command") or ()), *(one.spec.get("args") or ())))
        if (command or self.images.program(config)).endswith("false"):
            self._crash(pod, one)

    def _crash(self, pod: Json, one: _Container) -> None:
        """
        End a container badly: it is started again, the first time at once, and then after longer and longer waits.

        Source: kubernetes pkg/kubelet/kuberuntime/kuberuntime_manager.go, doBackOff.
        """
        seconds = min(self._back_off_seconds * 2 ** (one.crashes - 1), _LONGEST_BACK_OFF_SECONDS) if one.crashes else 0
        one.next_try, metadata, at = self._cluster.now() + seconds, pod["metadata"], one.state.started_at
        named = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        one.state = replace(
            one.state,
            waits_for="CrashLoopBackOff" if one.crashes else "",
            message=f"back-off {seconds:g}s restarting failed container={one.state.name} pod={named}",
            started_at="",
            finished_at="",
            ended={
                "exitCode": 1,
                "reason": "Error",
                "startedAt": at,
                "finishedAt": at,
                "containerID": one.state.container_id,
            },
        )
        one.crashes += 1
        self._cluster.look_again_at(one.next_try)

    def _report(self, pod: Json, known: _Pod, *, has_sandbox: bool) -> None:
        before = pod.get("status") or {}
        inits, mains = [each.state for each in known.inits], [each.state for each in known.mains]
        status = pod_status(before, inits, mains, has_sandbox=has_sandbox, now=self._cluster.timestamp())
        status |= {"hostIP": ADDRESS, "hostIPs": [{"ip": ADDRESS}]}
        if has_sandbox:
            status |= {"podIP": known.address, "podIPs": [{"ip": known.address}]}
        if status != before:
            self._cluster.update_status({**pod, "status": status})

    def _tell_images(self) -> None:
        """
        Tell the names of all images in the Node's status; a real kubelet does so within ten seconds.

        Source: kubernetes pkg/kubelet/nodestatus/setters.go, Images.
        """
        names = [self.machine.runtime.names(self.images, each) for each in self.images.configs()]
        images = [{"names": each[:_MOST_NAMES]} for each in names[:_MOST_IMAGES]]
        one = self._cluster.find("nodes", "", self.machine.name)
        if one is not None:
            self._cluster.update_status({**one, "status": {**one["status"], "images": images}})
        self._are_images_told = True

    def _look_up_names(self, known: _Pod) -> None:
        """
        Ask the runtime how it names the pod's images: as in the kubelet, only when one of its containers has started.

        Source: kubernetes pkg/kubelet/pleg/generic.go, Relist.
        """
        for each in (*known.inits, *known.mains):
            if each.config is not None:
                named = self.machine.runtime.now(self.images, each.config, each.created)
                each.state = replace(each.state, image=named.image, image_id=named.image_id)

    def _tell(self, pod: Json, one: _Container, reason: str, message: str, *, is_bad: bool = False) -> None:
        self._cluster.event(pod, reason, message, source=_SOURCE, is_bad=is_bad, field=one.path)


def _known_as(reference: Reference) -> Reference:
    """The reference that runtimes keep: where there is a digest, the tag is dropped."""
    return reference.at(reference.digest) if reference.digest is not None else reference
