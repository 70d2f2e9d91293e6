"""What one may do, asked at the small API server by the one who wants to do it."""

import re
from collections.abc import Sequence

from figwasp.embedded.api.bodies import read_object
from figwasp.embedded.api.call import Call
from figwasp.embedded.api.protobuf import CONTENT_TYPE, read_review
from figwasp.embedded.api.resources import REVIEWS, Json
from figwasp.embedded.api.rules import Asked, Rule, may_all
from figwasp.embedded.api.status import bad_request, invalid, not_allowed

OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/version/")
"""What everybody may read, logged in or not."""

_PATHS = ("/api", "/api/*", "/apis", "/apis/*", *OPEN_PATHS[:2], "/openapi", "/openapi/*", *OPEN_PATHS[2:])
"""What all who are logged in may read."""


def is_review(call: Call) -> bool:
    """Whether a request asks what one may do, which all may who are logged in."""
    return call.asked.verb == "create" and call.route.resource in REVIEWS.values() and not call.route.name


def answer_review(call: Call, rules: Sequence[Rule]) -> tuple[int, Json]:
    """
    Answer by the rules of the one who asks; the code and body.

    Raises:
        Refusal: it is another request, or no question.
    """
    if not is_review(call):
        raise not_allowed()
    resource = call.route.resource
    if call.content_type == CONTENT_TYPE:
        sent = read_review(resource, call.body)
    else:
        sent = read_object(resource, call.body, call.content_type)
    spec = sent.get("spec") or {}
    match resource.kind:
        case "SelfSubjectAccessReview":
            answer: Json = {"spec": spec, "status": {"allowed": _allows(spec, call.asked.user, rules)}}
        case "SelfSubjectRulesReview":
            if not spec.get("namespace"):
                raise bad_request("no namespace on request")
            answer = {"spec": {}, "status": _listed(spec["namespace"], rules)}
        case _:
            user = {"username": call.asked.user, "groups": ["system:authenticated"]}
            answer = {"status": {"userInfo": user}}
    return 201, {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": {}, **answer}


def may_read(path: str, user: str) -> bool:
    """Whether one may read what is no resource."""
    paths = OPEN_PATHS if user == "system:anonymous" else _PATHS
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), path) for each in paths)


def _allows(spec: Json, user: str, rules: Sequence[Rule]) -> bool:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if bool(resource) == bool(path):
        why = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        raise invalid("", "authorization.k8s.io", "", ("spec.resourceAttributes", "FieldValueInvalid", why))
    if path:
        return may_all(rules) or (path.get("verb") == "get" and may_read(path.get("path", ""), user))
    resource = resource or {}
    parts = (resource.get("resource", ""), resource.get("subresource", ""))
    asked = Asked(
        verb=resource.get("verb", ""),
        group=resource.get("group", ""),
        resource="/".join(part for part in parts if part),
        namespace=resource.get("namespace", ""),
        name=resource.get("name", ""),
    )
    open_to_all = any(
        (each.group, each.plural) == (asked.group, asked.resource) and asked.verb == "create"
        for each in REVIEWS.values()
    )
    return open_to_all or any(rule.allows(asked) for rule in rules)


def _listed(namespace: str, rules: Sequence[Rule]) -> Json:
    resources: list[Json] = []
    for group in sorted({each.group for each in REVIEWS.values()}):
        plurals = [each.plural for each in REVIEWS.values() if each.group == group]
        resources.append({"verbs": ["create"], "apiGroups": [group], "resources": plurals})
    for rule in rules:
        if rule.namespace in ("", namespace):
            names = {"resourceNames": sorted(rule.names)} if rule.names else {}
            facts = {"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}
            resources.append({**{key: sorted(value) for key, value in facts.items()}, **names})
    paths: list[Json] = [{"verbs": ["get"], "nonResourceURLs": list(each)} for each in (OPEN_PATHS, _PATHS)]
    if may_all(rules):
        paths.append({"verbs": ["*"], "nonResourceURLs": ["*"]})
    return {"resourceRules": resources, "nonResourceRules": paths, "incomplete": False}
