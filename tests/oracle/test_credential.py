"""Logins, against the kubelet's own key ring."""

import base64
import json
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import Any

from hypothesis import strategies as st

from figwasp.core.credential import Credential, Keyring, parse_pull_secret
from figwasp.core.reference import Reference
from figwasp.errors import InvalidReference, PullSecretError
from tests.corpus import corpus
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations

Secret = tuple[str, str, str]
"""A pull secret: its type, the key of its data, and what that holds."""

Case = tuple[tuple[Secret, ...], str]
"""The pull secrets of a pod, and an image's registry and repository."""

CORPUS = corpus("keyring")
KINDS = [
    ("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
    ("kubernetes.io/dockerconfigjson", ".dockerconfigjson"),
    ("kubernetes.io/dockercfg", ".dockercfg"),
    ("kubernetes.io/dockercfg", ".dockerconfigjson"),
    ("Opaque", ".dockerconfigjson"),
]
KEYS = [
    "https://index.docker.io/v1/",
    "index.docker.io",
    "docker.io",
    "docker.io/library",
    "https://quay.io/v1/",
    "http://quay.io/v2/team",
    "*.docker.io:8888/path:1111",
    "prefix.*.io/path",
    "user:p%40ss@quay.io/team",
    "[::1]:5000",
    "[fd00::1]:5000/team",
    "quay.io:443",
    "quay.io/te%61m?query#fragment",
    "*-good.kubernetes.io",
    "k[a-z]*.io",
]
NAMES = [
    "docker.io/library/nginx",
    "docker.io/team/web",
    "quay.io/team/web",
    "quay.io/te",
    "quay.io:443/team/web",
    "prefix.docker.io:8888/path",
    "prefix.docker.io/path/web",
    "a-good.kubernetes.io/web",
    "[::1]:5000/web",
    "[::1]/web",
    "[fd00::1]:5000/team/web",
    "localhost/web",
    "LOCAL/web",
    "k.io/web",
]
ENTRIES = [
    '{"auth": "Zm9vOmJhcg=="}',
    '{"auth": "Zm9vOmJhcg"}',
    '{"auth": "Zm9vOm\\nJhcg==\\n", "email": "a@b.c"}',
    '{"auth": "cGFudHM="}',
    '{"auth": "pants"}',
    '{"auth": "/zr+"}',
    '{"auth": "Og=="}',
    '{"username": "foo", "password": "b\\u00e4r"}',
    '{"username": "foo", "password": "bar", "auth": "cGluZzpwb25n"}',
    '{"USERNAME": "foo", "Password": "bar", "AUTH": null, "identitytoken": "t"}',
    '{"u\N{LATIN SMALL LETTER LONG S}ername": "long", "password": 1}',
    "{}",
    "null",
    "[]",
]


@cache
def is_name(text: str) -> bool:
    """Whether `text` is what a reference has before its tag."""
    try:
        return Reference.parse(text).name == text
    except InvalidReference:
        return False


labels = st.sampled_from(["*", "a", "ab", "a*", "*b", "io", "i*", "quay", "**", "Quay", "A*", "[a-z]", "_", ""])
hosts = st.lists(labels, min_size=1, max_size=3).map(".".join) | st.sampled_from(
    ["[::1]", "docker.io", "index.docker.io"]
)
ports = st.sampled_from(["", "", "", ":5000", ":443", ":", ":*"])
paths = st.sampled_from(
    ["", "", "/", "/v1/", "/v2/", "/v1", "/v1/te", "/te", "/team", "/team/", "/team/web", "/*", "//te"]
)
schemes = st.sampled_from(["", "", "https://", "http://", "HTTPS://", "user@"])
keys = st.builds("{}{}{}{}".format, schemes, hosts, ports, paths)
names = combinations(
    st.sampled_from(["a.io", "ab.io", "a.ab.io", "quay.io", "docker.io", "Quay.io", "localhost", "A", "[::1]"]),
    st.sampled_from(["", "", ":5000", ":443"]),
    st.sampled_from(["/team/web", "/te", "/web", "/v1/te", "/team"]),
)


def secret(kind: tuple[str, str], auths: str) -> Secret:
    return *kind, f'{{"auths": {auths}}}' if kind[0].endswith("json") else auths


def login_of(number: int, key: str) -> str:
    return json.dumps({"username": f"user-{number}", "password": key})


def secrets_of(drawn: list[tuple[tuple[str, str], list[str]]]) -> tuple[Secret, ...]:
    auths = [
        ", ".join(f"{json.dumps(key)}: {login_of(number, key)}" for key in dict.fromkeys(keys))
        for number, (_, keys) in enumerate(drawn)
    ]
    return tuple(secret(kind, f"{{{text}}}") for (kind, _), text in zip(drawn, auths, strict=True))


several = st.lists(
    st.tuples(st.sampled_from(KINDS), st.lists(keys | st.sampled_from(KEYS), min_size=1, max_size=8)),
    min_size=1,
    max_size=3,
).map(secrets_of)
rings = st.builds(
    lambda secrets, names: [(secrets, name) for name in dict.fromkeys([*names, *NAMES]) if is_name(name)],
    several,
    names,
)
edited_keys = st.builds(
    lambda keys, names: [(secrets_of([(KINDS[0], [key])]), name) for key, name in product(keys, names)],
    mutations(KEYS, "*a.:/@[]?#%2F5v1\\é \n\0"),
    st.lists(st.sampled_from(NAMES), min_size=2, max_size=3),
)
edited_entries = st.builds(
    lambda kind, entries: [((secret(kind, f'{{"quay.io": {entry}}}'),), "quay.io/web") for entry in entries],
    st.sampled_from(KINDS[1:3]),
    mutations(ENTRIES, '{}[]":,\\=+/Aau01é \n\0'),
)


@cache
def keyring(secrets: tuple[Secret, ...]) -> Keyring | None:
    """Our key ring, None where a secret is refused; each entry's source is the number of its secret."""
    data = [{key: base64.b64encode(content.encode()).decode()} for _, key, content in secrets]
    try:
        read = [
            parse_pull_secret(kind, data[number], source=str(number)) for number, (kind, _, _) in enumerate(secrets)
        ]
    except PullSecretError:
        return None
    return Keyring.of(tuple(entry for entries in read for entry in entries))


def question(case: Case) -> Json:
    secrets, name = case
    data = [{key: base64.b64encode(content.encode()).decode()} for _, key, content in secrets]
    passed = [{"type": kind, "data": each} for (kind, _, _), each in zip(secrets, data, strict=True)]
    return {"secrets": passed, "names": [name]}


def pairs(credentials: Iterable[Credential]) -> list[list[str]]:
    """User names and passwords as the oracle writes them."""
    return [
        [
            base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
            for text in (each.username, each.password.reveal())
        ]
        for each in credentials
    ]


def difference(case: Case, theirs: Json) -> str:
    secrets, name = case
    ring = keyring(secrets)
    if ring is None or "error" in theirs:
        is_agreed = (ring is None) == ("error" in theirs) or any(map(has_odd_json, secrets))
        return "" if is_agreed else f"ours: {ring}; theirs: {theirs}"
    ours, (upstream,) = pairs(ring.credentials(name)), theirs["logins"]
    if has_equal_keys(ring):
        ours, upstream = sorted(ours), sorted(upstream)
    return "" if ours == upstream or is_known(ring, case, ours, upstream) else f"ours: {ours}; theirs: {upstream}"


def has_equal_keys(ring: Keyring) -> bool:
    """Whether keys of one secret mean the same ("The order of keys that mean the same": theirs is a random one)."""
    counted = Counter((entry.credential.source, entry.key) for entry in ring.entries)
    return max(counted.values(), default=1) > 1


def is_known(ring: Keyring, case: Case, ours: list[list[str]], theirs: list[list[str]]) -> bool:
    """Whether docs/decisions/0005 names this difference. In all of them we show a login less, or another password."""
    secrets, name = case
    is_for_the_hub = not set(".:") & set(name.partition("/")[0])
    if is_for_the_hub and not ours:  # "A login for Docker Hub"
        hub = (entry.credential for entry in ring.entries if entry.key == "index.docker.io")
        return sorted(theirs) == sorted(pairs(hub))
    if not Counter(map(tuple, ours)) - Counter(map(tuple, theirs)):  # "A key whose path hides a ?, # or %"
        return any(re.search("%(23|25|3f)", content, re.IGNORECASE) for _, _, content in secrets)
    return any(map(has_odd_json, secrets))


@cache
def has_odd_json(secret: Secret) -> bool:
    """Whether an object names something twice, or a text has half of a surrogate pair ("JSON that no tool writes")."""
    repeated: list[str] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = Counter(name for name, _ in pairs)
        repeated.extend(name for name, count in names.items() if count > 1)
        return dict(pairs)

    try:
        read = json.loads(secret[2], object_pairs_hook=note)
        str(read).encode()
    except UnicodeEncodeError:
        return True
    except ValueError:
        return False
    return bool(repeated)


def test_every_image_gets_the_logins_that_the_kubelet_would_try_in_its_order(judge: Judge) -> None:
    assert_agreement(judge, "logins", [rings, edited_keys, edited_entries], question, difference)


def test_the_corpus_is_what_the_kubelet_says(judge: Judge) -> None:
    tables = (CORPUS["fits"], CORPUS["misses"])
    cases = [
        (secrets_of([(KINDS[0], [key])]), name) for table in tables for key, names in table.items() for name in names
    ]
    answers = judge.ask("logins", map(question, cases))
    differences = [difference(case, answer) for case, answer in zip(cases, answers, strict=True)]

    assert list(filter(None, differences)) == []


def test_the_corpus_of_entries_is_what_the_kubelet_says(judge: Judge) -> None:
    unreadable = CORPUS["unreadable"]
    entries = [
        *CORPUS["entries"],
        *unreadable["entries"],
        *(json.dumps({"auth": auth}) for auth in unreadable["auths"]),
    ]
    auths = [f'{{"auths": {{"quay.io": {entry}}}}}' for entry in entries] + unreadable["contents"]
    cases: list[Case] = [(((*KINDS[0], content),), "quay.io/web") for content in auths]
    answers = judge.ask("logins", map(question, cases))
    differences = [difference(case, answer) for case, answer in zip(cases, answers, strict=True)]

    assert list(filter(None, differences)) == []
