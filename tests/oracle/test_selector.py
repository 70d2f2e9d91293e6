"""Label selectors, against the parser of the API server."""

from hypothesis import strategies as st

from figwasp.core.selector import check_selector
from tests.core.test_selector import BAD, GOOD
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

ALPHABET = "xa1,()=!<> in.-_/\t\n\N{NO-BREAK SPACE}ä"

blanks = st.sampled_from(["", "", " ", "\t", "\n", "\N{NO-BREAK SPACE}"])
keys = st.sampled_from(
    ["x", "in", "notin", "a/b", "!x", "! in", "!", "", "p" * 64 + ".q/x", "p" * 254 + "/x", "-x", "a" * 64]
)
values = st.sampled_from(
    ["a", "in", "", "0", "9223372036854775807", "9223372036854775808", "-1", "007", "a" * 64, "a/b"]
)
signs = st.sampled_from(["=", "==", "!=", "<", ">", "=!", "===", "", " "])
commas = st.text(",", max_size=5)
sets = st.builds("({}{}{}{})".format, commas, values, commas, values) | st.builds("({}{})".format, values, commas)
exact = combinations(keys, blanks, signs, values, blanks, st.sampled_from(["", ",", ",x", "a"]), each=3)
of_sets = combinations(
    keys, blanks, st.sampled_from(["in", "notin", "not in", "IN"]), sets, st.sampled_from(["", ",", ",x", ")"])
)


def difference(text: str, theirs: Json) -> str:
    """What holds a NUL is left out: theirs ends there, and no command line can have one."""
    try:
        check_selector(text)
    except ValueError as error:
        return "" if "error" in theirs or "\0" in text else f"ours: {error}; theirs takes it"
    return f"ours takes it; theirs: {theirs}" if "error" in theirs else ""


def test_what_the_api_server_takes_for_a_selector_is_one_and_nothing_else(judge: Judge) -> None:
    strategies = [exact, of_sets, mutations([*GOOD, *BAD], ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "selector", strategies, lambda text: {"text": text}, difference)
