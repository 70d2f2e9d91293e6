"""The rules that give verdicts, as people are told of them."""

from figwasp.core.verdict import RULES, Rule


def test_every_rule_says_what_it_is() -> None:
    assert list(Rule) == list(RULES)


def test_every_rule_says_it_in_a_sentence() -> None:
    assert [] == [rule for rule, (_, words) in RULES.items() if not words.endswith(".") or not words[0].isupper()]
