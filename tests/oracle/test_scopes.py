"""
What a token is asked for, against containerd's union of a challenge's scopes with its own.

Ours never asks for more than pulling, and leaves out what no scope is made of (docs/decisions/0005, "Scopes").
"""

import re

from hypothesis import strategies as st

from figwasp.core.challenge import scopes_to_pull
from tests.corpus import corpus
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

WANTED = [case["wanted"] for case in corpus("scopes")["cases"]]
ALPHABET = "repository:pull,*() aws/é\t"
OWN = "repository:team/web:pull"

kinds = st.sampled_from(["repository:", "repository(plugin):", "registry:", "aws", "", "artifact:"])
names = st.sampled_from(["team/web", "a", "quay.io:8443/a", "", "z/é"])
actions = st.sampled_from([":pull", ":pull,push", ":push", ":*", ":", "", ":pull "])
blanks = st.sampled_from([" ", "  ", ""])
grammar = combinations(kinds, names, actions, blanks, kinds, names, actions, each=2)


def difference(wanted: str, theirs: Json) -> str:
    ours, upstream = scopes_to_pull("team/web", wanted), list(theirs["scopes"])
    expected = [each for each in upstream if re.fullmatch("[!-~]+", each)]
    if all(each.count(":") < 2 or re.fullmatch("[a-z]+:[^:]+:pull", each) for each in expected):
        return "" if list(ours) == expected else f"ours: {ours}; theirs: {upstream}"
    beginnings = {each.rpartition(":")[0] for each in upstream}
    is_less = all(each in upstream or each.rpartition(":")[0] in beginnings for each in ours)
    return "" if is_less and OWN in ours else f"ours: {ours}; theirs: {upstream}"


def question(wanted: str) -> Json:
    return {"locator": "example.com/team/web", "scope": wanted}


def test_every_scope_that_is_asked_for_is_one_that_the_runtime_asks_for_or_less(judge: Judge) -> None:
    strategies = [grammar, mutations(WANTED, ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "scopes", strategies, question, difference)


def test_the_corpus_differs_from_what_the_runtime_asks_for_by_what_is_not_pulling(judge: Judge) -> None:
    answers = judge.ask("scopes", map(question, WANTED))
    differences = [difference(wanted, answer) for wanted, answer in zip(WANTED, answers, strict=True)]

    assert list(filter(None, differences)) == []
