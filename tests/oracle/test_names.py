"""Names of objects, against the validation of the API server."""

import re

from hypothesis import strategies as st

from figwasp.core.names import DNS_LABEL, DNS_NAME
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

NAMES = ["web", "a", "a.b", "web-1.example", "x" * 63, "x" * 64, ".".join(["x" * 63] * 4)[:253], "x" * 254]
ALPHABET = "a1.-_AZ \n\N{ARABIC-INDIC DIGIT ONE}ä"

parts = st.text("ab1-", max_size=6) | st.sampled_from(["A", "x" * 62, "x" * 63, "x" * 64, "x" * 100, "a_b"])
dots = st.sampled_from([".", "..", "-", ""])
grammar = combinations(parts, dots, parts, dots, parts, each=4)


def difference(name: str, theirs: Json) -> str:
    ours = {"label": is_of(DNS_LABEL, name), "subdomain": is_of(DNS_NAME, name)}
    return "" if ours == theirs else f"ours: {ours}; theirs: {theirs}"


def is_of(form: str, name: str) -> bool:
    return re.fullmatch(form, name) is not None


def test_names_are_those_that_objects_may_have(judge: Judge) -> None:
    strategies = [grammar, mutations(NAMES, ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "name", strategies, lambda name: {"text": name}, difference)
