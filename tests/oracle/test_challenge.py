"""
Challenges, against containerd's reader of WWW-Authenticate.

Ours reads on where theirs stops (docs/decisions/0005, "A challenge that is not well-formed"), so for such lines it must
say all that theirs says; for well-formed ones exactly that.
"""

import re

from hypothesis import strategies as st

from figwasp.core.challenge import parse_challenges
from tests.corpus import corpus
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

LINES = [line for case in corpus("challenges")["cases"] for line in case["lines"]]
ALPHABET = 'aBx019 \t,="\\/:;.-_~é\N{KELVIN SIGN}\0'
_WORD = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf'{_WORD}=(?:{_WORD}|"(?:[^"\\]|\\.)*"|)'
WELL_FORMED = re.compile(rf"(?s:{_WORD}|{_WORD} +{_PARAMETER}(?:[ \t]*,[ \t]*{_PARAMETER})*)")

schemes = st.sampled_from(["Basic", "BEARER", "bearer", "Digest", "Negotiate", "NTLM abc=", "Basic,", "bearer;", ""])
names = st.sampled_from([" realm", ",service", ", scope", " , Realm", " x", ",a b", "", " error"])
equals = st.sampled_from(["=", "=", "=", " = ", "", "=="])
values = st.one_of(
    st.sampled_from(
        ['"https://auth.example.com/token"', '"repository:a/b:pull,push"', "plain", '""', "", '"open', r'"a\"b\\"']
    ),
    st.text(ALPHABET, max_size=6).map('"{}"'.format),
)
grammar = combinations(schemes, names, equals, values, names, equals, values, each=2)


def difference(line: str, theirs: Json) -> str:
    ours = parse_challenges([line])
    upstream = [each for each in theirs["challenges"] if each["scheme"] != "digest"]
    read = [{"scheme": each.scheme, "parameters": dict(each.parameters)} for each in ours]
    if WELL_FORMED.fullmatch(line):
        return "" if read == upstream else f"ours: {read}; theirs: {upstream}"
    is_said = all(any(says(mine, each, line) for mine in read) for each in upstream)
    return "" if is_said else f"ours: {read}; theirs: {upstream}"


def says(ours: Json, theirs: Json, line: str) -> bool:
    """
    Whether `ours` says all that `theirs` does.

    They have an empty value where they stop. Where a name comes again after that place, values differ.
    """
    return bool(ours["scheme"] == theirs["scheme"]) and all(
        not value
        or ours["parameters"].get(name) == value
        or len(re.findall(rf"{re.escape(name)}\s*=", line, re.IGNORECASE)) > 1
        for name, value in theirs["parameters"].items()
    )


def test_every_challenge_says_what_it_says_to_the_runtime(judge: Judge) -> None:
    strategies = [grammar, mutations(LINES, ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "challenge", strategies, lambda line: {"lines": [line]}, difference)


def test_several_lines_are_sorted_as_the_runtime_sorts_them(judge: Judge) -> None:
    lines = [['Basic realm="1"', 'Bearer realm="2"', "Digest a=b", 'Basic realm="3"', 'bearer realm="4"']]
    (theirs,) = judge.ask("challenge", [{"lines": lines[0]}])
    realms = [each["parameters"]["realm"] for each in theirs["challenges"] if each["scheme"] != "digest"]

    assert [each.parameters["realm"] for each in parse_challenges(lines[0])] == realms == ["2", "4", "1", "3"]


def test_the_corpus_is_what_the_runtime_says(judge: Judge) -> None:
    answers = judge.ask("challenge", [{"lines": [line]} for line in LINES])
    differences = [difference(line, answer) for line, answer in zip(LINES, answers, strict=True)]

    assert list(filter(None, differences)) == []
