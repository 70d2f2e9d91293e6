"""How owners and states keep workloads from being restarted."""

from typing import Any

from figwasp.core.decision import Why

HOLDS: dict[str, tuple[Why, dict[str, Any], dict[str, Any]]] = {
    "paused": (Why.PAUSED, {"paused": True}, {"paused": False}),
    "scaled to zero": (Why.SCALED_TO_ZERO, {"replicas": 0}, {"replicas": 2}),
    "on delete": (
        Why.ON_DELETE,
        {"updateStrategy": {"type": "OnDelete"}},
        {"updateStrategy": {"type": "RollingUpdate"}},
    ),
    "partition": (
        Why.PARTITION,
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}},
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
    ),
    "half a partition": (
        Why.CURRENT,
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}},
        {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
    ),
    "ignored": (Why.IGNORED, {}, {}),
}
"""How workloads are held: what a pass says then, and what is changed in their spec, and back."""

HOLDS_OF = {
    "Deployment": ("paused", "scaled to zero", "ignored"),
    "StatefulSet": ("scaled to zero", "on delete", "partition", "half a partition", "ignored"),
    "DaemonSet": ("on delete", "ignored"),
}
