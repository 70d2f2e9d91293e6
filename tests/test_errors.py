"""Errors, kept and raised once more."""

import pytest

from figwasp.errors import (
    ConnectionFailed,
    FigwaspError,
    Forbidden,
    InternalError,
    InvalidDigest,
    InvalidReference,
    NotTls,
    TagNotFound,
    TooLarge,
    UnknownAuthority,
    UsageError,
)


@pytest.mark.parametrize(
    "error",
    [
        TagNotFound("gone", hint="push it"),
        ConnectionFailed("a.io", "it is down", sent=True),
        NotTls("a.io"),
        UsageError(["one", "two"]),
        InternalError(KeyError("x")),
        InvalidDigest("x", "it is short"),
        InvalidReference("x", "it is short", hint="write more"),
        UnknownAuthority("a.io", "signed by itself"),
        TooLarge("a.io", "it is larger"),
        Forbidden(verb="get", resource="nodes", group="", namespace="", name="node-1"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_once_more_is_the_same_without_where_it_has_been(error: FigwaspError) -> None:
    with pytest.raises(FigwaspError) as raised:
        raise error from KeyError("below")
    again = raised.value.again()

    assert (type(error), vars(error), error.args, str(error)) == (type(again), vars(again), again.args, str(again))
    assert error.__traceback__ is not None
    assert (None, None, None) == (again.__traceback__, again.__cause__, again.__context__)
