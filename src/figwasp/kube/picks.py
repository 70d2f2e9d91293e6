"""
The few fields that we read of each Kubernetes object.

Typed picks cost a fraction of the time and memory of whole models, and raw JSON stops here. They are never written
back: a change is made in the JSON as read, so that no field that we do not know is lost.
"""

from msgspec import Struct, field

from figwasp.core.record import RECORD_ANNOTATION, RESTARTED_AT_ANNOTATION
from figwasp.core.workload import IGNORE_ANNOTATION, RESTART_OWNED_ANNOTATION


class Pick(Struct, rename="camel", gc=False):
    """Base of all picks: fields have the API's camelCase names, absent ones their defaults."""


class OwnerReference(Pick):
    """Who owns an object; of several owners one is the controller."""

    uid: str
    kind: str = ""
    name: str = ""
    controller: bool | None = None


class RevisionLabel(Pick):
    """Of an object's labels the one that we read: it costs a fraction of reading all."""

    revision: str = field(default="", name="controller-revision-hash")


class Annotations(Pick, rename=None):
    """Of an object's annotations those that we read: `kubectl apply` puts a copy of the whole object into another."""

    record: str = field(default="", name=RECORD_ANNOTATION)
    ignore: str = field(default="false", name=IGNORE_ANNOTATION)
    restart_owned: str = field(default="", name=RESTART_OWNED_ANNOTATION)
    revision: str = field(default="", name="deployment.kubernetes.io/revision")


_NO_ANNOTATIONS = Annotations()


class Whose(Pick):
    """Which object it is, and of what."""

    name: str = ""
    namespace: str = ""
    owner_references: list[OwnerReference] | None = None

    @property
    def controller(self) -> OwnerReference | None:
        """The controller that owns the object; None for none."""
        return next((each for each in self.owner_references or () if each.controller), None)

    @property
    def controller_uid(self) -> str:
        """The uid of the controller that owns the object; empty for none."""
        return next((each.uid for each in self.owner_references or () if each.controller), "")


class Metadata(Whose):
    """What we read of any object's metadata."""

    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    labels: RevisionLabel | None = None
    annotations: Annotations | None = None
    creation_timestamp: str = ""
    deletion_timestamp: str | None = None

    @property
    def revision(self) -> str:
        """The revision that a pod of a StatefulSet or DaemonSet, or a ControllerRevision, is labelled with."""
        return self.labels.revision if self.labels else ""

    @property
    def annotated(self) -> Annotations:
        """The annotations that we read, with what holds where there are none."""
        return self.annotations or _NO_ANNOTATIONS


class ManagedFields(Pick):
    """Who wrote fields of an object last, and when it changed any of them; a time of zero is written as null."""

    time: str | None = None
    subresource: str = ""


class WorkloadMetadata(Metadata):
    """What we read of the metadata of workloads whose roll-outs have no deadline."""

    managed_fields: list[ManagedFields] | None = None

    @property
    def changed_at(self) -> str:
        """When anybody changed anything of it last, its controller the status too; empty where nobody knows."""
        return max((each.time or "" for each in self.managed_fields or ()), default="")

    @property
    def asked_at(self) -> str:
        """When anybody asked for anything else last, whatever its controller reported since; likewise."""
        asked = (each.time or "" for each in self.managed_fields or () if each.subresource != "status")
        return max(asked, default="")


class ContainerSpec(Pick):
    """A container as asked for."""

    name: str
    image: str = ""
    image_pull_policy: str = ""


class SecretName(Pick):
    """An entry of `imagePullSecrets`."""

    name: str = ""


class Requirement(Pick):
    """One requirement of a label selector or a node selector term."""

    key: str
    operator: str
    values: list[str] | None = None


class NodeSelectorTerm(Pick):
    """Requirements that must all be met."""

    match_expressions: list[Requirement] | None = None


class NodeSelector(Pick):
    """Terms of which one must be met."""

    node_selector_terms: list[NodeSelectorTerm] | None = None


class NodeAffinity(Pick):
    """To which nodes a pod is drawn; only what is required counts."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None


class Affinity(Pick):
    """Where a pod may be scheduled, by node and by other pods."""

    node_affinity: NodeAffinity | None = None


class Namespace(Pick):
    """A namespace."""

    metadata: Metadata


class ImageVolume(Pick):
    """An image that a volume mounts."""

    reference: str = ""
    pull_policy: str = ""


class Volume(Pick):
    """A volume, of whatever kind."""

    name: str
    image: ImageVolume | None = None


class PodSpec(Pick):
    """What a pod asks for, in a template and in a live pod."""

    containers: list[ContainerSpec]
    init_containers: list[ContainerSpec] | None = None
    image_pull_secrets: list[SecretName] | None = None
    node_name: str = ""
    node_selector: dict[str, str] | None = None
    affinity: Affinity | None = None

    @property
    def all_containers(self) -> list[ContainerSpec]:
        """Init containers and containers."""
        return [*(self.init_containers or ()), *self.containers]


class TemplateSpec(PodSpec):
    """What a template asks for, with what we need not know of a live pod."""

    service_account_name: str = ""
    termination_grace_period_seconds: int | None = None
    volumes: list[Volume] | None = None


class TemplateAnnotations(Pick, rename=None):
    """Of a pod template's annotations the one that we write."""

    restarted_at: str = field(default="", name=RESTARTED_AT_ANNOTATION)


class TemplateMetadata(Pick):
    """What we read of a pod template's metadata."""

    annotations: TemplateAnnotations | None = None


class PodTemplate(Pick):
    """The pod template of a workload."""

    spec: TemplateSpec
    metadata: TemplateMetadata | None = None

    @property
    def restarted_at(self) -> str:
        """When we restarted its pods, as it stands there; empty for never."""
        annotations = self.metadata.annotations if self.metadata else None
        return annotations.restarted_at if annotations else ""


class ServiceAccount(Pick):
    """A service account, by whose pull secrets pods without their own are given some."""

    image_pull_secrets: list[SecretName] | None = None


class ContainerStatus(Pick):
    """What a node reports of a container."""

    name: str
    image_id: str = field(default="", name="imageID")  # not imageId
    ready: bool = False


class PodStatus(Pick):
    """What a node reports of a pod."""

    phase: str = ""
    container_statuses: list[ContainerStatus] | None = None
    init_container_statuses: list[ContainerStatus] | None = None


class Pod(Pick):
    """A live pod."""

    metadata: Metadata
    spec: PodSpec
    status: PodStatus = field(default_factory=PodStatus)


class LabelSelector(Pick):
    """A selector of pods by their labels."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[Requirement] | None = None

    def text(self) -> str:
        """The selector as a LIST takes it."""
        terms = [f"{key}={value}" for key, value in (self.match_labels or {}).items()]
        for each in self.match_expressions or ():
            values = ",".join(each.values or ())
            match each.operator:
                case "In":
                    terms.append(f"{each.key} in ({values})")
                case "NotIn":
                    terms.append(f"{each.key} notin ({values})")
                case "Exists":
                    terms.append(each.key)
                case _:
                    terms.append(f"!{each.key}")
        return ",".join(terms)


class SecretMetadata(Pick):
    """A Secret's name, and no annotation: `kubectl apply` puts the content into one."""

    name: str = ""


class Secret(Pick):
    """A Secret; its values are base64."""

    metadata: SecretMetadata
    type: str = ""
    data: dict[str, str] | None = None

    def __repr__(self) -> str:
        return f"Secret({self.metadata.name!r}, {self.type!r}, ***)"


class NodeInfo(Pick):
    """What the kubelet tells of its machine."""

    operating_system: str = ""
    architecture: str = ""


class NodeImage(Pick):
    """An image in a node's store, with its names: digests first, then tags, five at most."""

    names: list[str] | None = None


class NodeStatus(Pick):
    """What a node reports of itself."""

    node_info: NodeInfo
    images: list[NodeImage] | None = None


class Node(Pick):
    """A node."""

    status: NodeStatus
