"""What a workload says of itself: its template, its annotations, its state; what its pods run is read by `running`."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.core.record import Record, template_hash
from figwasp.core.reference import Reference
from figwasp.core.workload import (
    IGNORE_ANNOTATION,
    Container,
    Workload,
    WorkloadKey,
)
from figwasp.errors import InvalidReference, shorten
from figwasp.kube.faults import unexpected
from figwasp.kube.kind import USUAL_GRACE, Finder, Rollout, WorkloadItem, WorkloadKind
from figwasp.kube.picks import Metadata, PodTemplate, SecretName, TemplateSpec
from figwasp.kube.pods import pull_policy
from figwasp.kube.resource import Resource


class Found(Struct, frozen=True):
    """
    A workload, and what tells its pods.

    `selector` selects (at least) them, as a LIST takes it, and `account` is their service account. `finder` makes what
    finds its current revision among the revisions that `uid` controls.
    """

    kind: WorkloadKind
    workload: Workload
    uid: str
    selector: str
    account: str
    finder: Callable[[], Finder]
    rollout: Rollout

    def at(self, now: datetime) -> "Found":
        """Give the same as it is now: a roll-out may be overdue."""
        stands = self.rollout.at(now)
        if stands is self.rollout:
            return self
        workload = msgspec.structs.replace(self.workload, rollout=stands.state, rollout_detail=stands.detail)
        return msgspec.structs.replace(self, workload=workload)


_TEMPLATES: Final = msgspec.json.Decoder(PodTemplate)  # threads must not be the first to decode a type: decision 2


def read_item(kind: WorkloadKind, item: WorkloadItem) -> Found:
    """Read what a workload says of itself; raises a KubernetesError if its pod template is none."""
    try:
        whole = _TEMPLATES.decode(item.template)
    except msgspec.ValidationError as error:
        name, namespace = item.metadata.name, item.metadata.namespace
        raise unexpected(error, Resource(kind.group, kind.version, kind.plural, namespace, name)) from error
    template = whole.spec
    stands = kind.rollout(item).given((template.termination_grace_period_seconds or 0) - USUAL_GRACE)
    return Found(
        kind=kind,
        workload=_workload(kind, item, whole, stands),
        uid=item.metadata.uid,
        selector=item.selector.text(),
        account=template.service_account_name or "default",
        finder=kind.current(item),
        rollout=stands,
    )


def _workload(kind: WorkloadKind, item: WorkloadItem, template: PodTemplate, stands: Rollout) -> Workload:
    """Read a workload from its own object; its pods are not known yet."""
    metadata = item.metadata
    record = Record.parse(metadata.annotated.record)
    return Workload(
        key=WorkloadKey(metadata.namespace, kind.name, metadata.name),
        resource_version=metadata.resource_version,
        containers=_containers(template.spec),
        pull_secrets=secret_names(template.spec.image_pull_secrets),
        is_paused=item.is_paused,
        replicas=item.replicas,
        rollout=stands.state,
        rollout_detail=stands.detail,
        template_hash=template_hash(msgspec.json.decode(item.template))
        if record.containers or record.sightings
        else "",
        record=record,
        running=None,
        is_deleting=metadata.deletion_timestamp is not None,
        strategy=item.strategy,
        ignored=_ignored(metadata),
        owned_by=_owner(metadata),
        outage=item.outage if item.replicas else "",
        restarted_at=template.restarted_at,
    )


def _ignored(metadata: Metadata) -> str:
    """How the owner wishes it to be left alone; a word that we do not know is taken for a yes."""
    said = metadata.annotated.ignore
    return "" if said.strip().lower() == "false" else f'{IGNORE_ANNOTATION}: "{shorten(said, 80)}"'


def _owner(metadata: Metadata) -> str:
    owner = metadata.controller
    if owner is None or metadata.annotated.restart_owned.strip().lower() == "true":
        return ""
    return f"{owner.kind or 'controller'} {owner.name or owner.uid}"


def _containers(template: TemplateSpec) -> tuple[Container, ...]:
    init = [
        _container(each.name, each.image, each.image_pull_policy, is_init=True)
        for each in template.init_containers or ()
    ]
    found = [*init, *(_container(each.name, each.image, each.image_pull_policy) for each in template.containers)]
    for volume in template.volumes or ():
        if volume.image is not None and volume.image.reference:
            name, image = f"volume/{volume.name}", volume.image
            found.append(_container(name, image.reference, image.pull_policy, is_volume=True))
    return tuple(found)


def _container(name: str, image: str, policy: str, *, is_init: bool = False, is_volume: bool = False) -> Container:
    reference, problem = None, ""
    try:
        reference = Reference.parse(image)
    except InvalidReference as error:
        problem = str(error)
    return Container(
        name=name,
        image=image,
        reference=reference,
        problem=problem,
        pull_policy=pull_policy(policy),
        is_init=is_init,
        is_volume=is_volume,
    )


def secret_names(secrets: Sequence[SecretName] | None) -> tuple[str, ...]:
    """The names in `imagePullSecrets`, each once."""
    return tuple(dict.fromkeys(each.name for each in secrets or () if each.name))
