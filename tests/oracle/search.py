"""
A search for an input on which ours and upstream's code differ.

Hypothesis draws *families* of cases: a few pieces and all their combinations, or a few texts and all edits of them.
So a hundred thousand cases need a few hundred draws, and a search takes seconds.
"""

import os
from collections.abc import Callable, Hashable, Sequence
from itertools import islice, product
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.oracle.judge import Json, Judge

CASES = 100_000
_BATCH = 10_000
_SEED_NAME = "FIGWASP_ORACLE_SEED"

Case = TypeVar("Case", bound=Hashable)
Family = Sequence[Case]


def assert_agreement(
    judge: Judge,
    do: str,
    strategies: Sequence[st.SearchStrategy[Family[Case]]],
    question: Callable[[Case], Json],
    difference: Callable[[Case, Json], str],
) -> None:
    """
    Fail with the smallest cases for which `difference` (ours, given their answer) is not empty.

    Each strategy gives an equal share of the cases: the same each time, or others by another number in
    FIGWASP_ORACLE_SEED.
    """
    start = int(os.environ.get(_SEED_NAME) or 1)
    cases: dict[Case, None] = {}
    for number, strategy in enumerate(strategies, 1):
        _fill(cases, CASES * number // len(strategies), strategy, start)
    found = [
        (case, text)
        for batch in _batches(list(cases))
        for case, text in _differ(judge, do, batch, question, difference)
    ]
    found.sort(key=lambda each: len(repr(each[0])))
    shown = "\n".join(f"  {case!r}: {text}" for case, text in found[:10])

    assert not found, f"{len(found)} of {len(cases)} cases differ ({_SEED_NAME}={start}), the smallest:\n{shown}"


def combinations(*pieces: st.SearchStrategy[str], each: int = 4) -> st.SearchStrategy[list[str]]:
    """All texts that are made of one of some `each` drawn pieces for every place."""
    return st.builds(
        lambda *drawn: ["".join(text) for text in product(*drawn)],
        *(st.lists(piece, min_size=each - 1, max_size=each + 1) for piece in pieces),
    )


def raw(alphabet: str) -> st.SearchStrategy[list[str]]:
    """Texts without any grammar, of all characters or of `alphabet`."""
    piece = st.text(max_size=4) | st.text(alphabet, max_size=8)
    return combinations(piece, piece, piece, each=5)


def mutations(corpus: Sequence[str], alphabet: str) -> st.SearchStrategy[list[str]]:
    """Texts of `corpus` with one to many characters put in, put in place of others, taken out or repeated."""
    edits = st.tuples(st.sampled_from("ixds"), st.integers(0, 300), st.sampled_from(alphabet))
    return st.builds(
        lambda texts, edits: [each for text in texts for each in _edited(text, edits)],
        st.lists(st.sampled_from(corpus), min_size=3, max_size=5),
        st.lists(edits, min_size=10, max_size=20),
    )


def _edited(text: str, edits: Sequence[tuple[str, int, str]]) -> list[str]:
    """`text` after each edit alone, and after all edits so far."""
    alone = [_edit(text, *edit) for edit in edits]
    together = []
    for edit in edits:
        text = _edit(text, *edit)
        together.append(text)
    return alone + together


def _edit(text: str, kind: str, position: int, char: str) -> str:
    position %= len(text) + 1
    head, tail = text[:position], text[position:]
    match kind:
        case "i":
            return head + char + tail
        case "x":
            return head + char + tail[1:]
        case "d":
            return head + tail[1:]
        case _:
            return head + tail[:3] * 2 + tail[3:]


def _fill(cases: dict[Case, None], count: int, strategy: st.SearchStrategy[Family[Case]], start: int) -> None:
    """Add distinct cases of `strategy` until there are `count`."""
    for extra in range(200):
        if len(cases) >= count:
            return

        @seed(start + extra)
        @settings(
            max_examples=100,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(strategy)
        def collect(family: Family[Case]) -> None:
            cases.update(dict.fromkeys(islice(family, max(0, count - len(cases)))))

        collect()
    raise AssertionError(f"only {len(cases)} of {count} distinct cases were found: the strategy is too narrow")


def _batches(cases: list[Case]) -> list[list[Case]]:
    return [cases[start : start + _BATCH] for start in range(0, len(cases), _BATCH)]


def _differ(
    judge: Judge,
    do: str,
    cases: list[Case],
    question: Callable[[Case], Json],
    difference: Callable[[Case, Json], str],
) -> list[tuple[Case, str]]:
    answers = judge.ask(do, map(question, cases))
    texts = [difference(case, answer) for case, answer in zip(cases, answers, strict=True)]
    return [(case, text) for case, text in zip(cases, texts, strict=True) if text]
