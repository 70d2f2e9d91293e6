"""Which texts are label selectors, as the parser of Kubernetes has it (apimachinery, pkg/labels/selector.go)."""

import pytest

from figwasp.core.selector import check_selector

GOOD = [
    "", "x=a,y=b,z=c", "x!=a,y=b", "x=", "x= ", "x=,z= ", "x= ,z= ", "x", "x,y", "!x", "x>1", "x>1,z<5",
    "x in (a)", "x notin (a,b)",
    "x in ()", "x in (,)", "x in (a,,b)", "x in (a,)", "x,y notin ()", "!x,y in (in, notin)", "in in (in)", "notin=in",
    "x in (,,a)", "x in (a,,,)", "x in (,,,)", "x>9223372036854775807", "x<007", "p" * 100 + ".example/x",
    "app.kubernetes.io/name==web", "  x  =  a  ", "x in (foo,,baz),y,z notin ()", "x\tin\n(a)", "!in",
]  # fmt: skip
BAD = {
    "x=a||y=b": 3,
    "x==a==b": 5,
    "!x=a": 3,
    "x=a,": 5,
    ",x": 1,
    "x,,y": 3,
    "x in": 5,
    "x in (a": 8,
    "x in a": 6,
    "x in (a b)": 9,
    "x notin (=)": 10,
    "x in (,,)": 9,
    "x in (a,,)": 10,
    "x notin (a,,,,)": 15,
    "x in (,,": 9,
    "x>a": 3,
    "x>9223372036854775808": 3,
    "x<-1": 3,
    "x>" + "0" * 64: 3,
    "x>": 3,
    "x y": 3,
    "=a": 1,
    "/x=a": 1,
    "a/b/c=d": 1,
    "UPPER.example/x": 1,
    "-x": 1,
    "x=a/b": 3,
    "x=-a": 3,
    "x=" + "a" * 64: 3,
    "x=ä": 3,
    "!": 2,
    "!!x": 2,
    "(x)": 1,
    "x=a)": 4,
}


@pytest.mark.parametrize("text", GOOD)
def test_what_kubernetes_takes_is_taken(text: str) -> None:
    check_selector(text)


@pytest.mark.parametrize(("text", "position"), BAD.items())
def test_what_kubernetes_refuses_is_refused_with_the_place(text: str, position: int) -> None:
    with pytest.raises(ValueError, match=f"^at character {position} "):
        check_selector(text)


def test_the_message_says_what_was_expected_and_what_was_found() -> None:
    with pytest.raises(ValueError, match=r'at character 6 "[(]" was expected, and "a" stands there'):
        check_selector("x in a")
    with pytest.raises(ValueError, match="at character 5 the key of a label was expected, and it ends there"):
        check_selector("x=a,")
