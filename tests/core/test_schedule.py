import pytest

from figwasp.core.schedule import check_schedule


@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/5 * * * *",
        "0 3 1,15 * ?",
        "0-30/10 8-18 * jan-JUN mon-Fri",
        "5/15 0 * * 0,6",
        "0 0 1 1 0",
        "59 23 31 12 6",
        "1,,2 * * * *",
        "@hourly",
        "@every 5m",
    ],
)
def test_what_kubernetes_takes_is_a_schedule(text: str) -> None:
    check_schedule(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", '"" has not the 5 fields'),
        ("* * * *", '"* * * *" has not the 5 fields'),
        ("* * * * * *", '"* * * * * *" has not the 5 fields'),
        ("60 * * * *", '"60" cannot be the minute'),
        ("* 24 * * *", '"24" cannot be the hour'),
        ("* * 0 * *", '"0" cannot be the day of the month'),
        ("* * 32 * *", '"32" cannot be the day of the month'),
        ("* * * 0 *", '"0" cannot be the month'),
        ("* * * 13 *", '"13" cannot be the month'),
        ("* * * foo *", '"foo" cannot be the month'),
        ("* * * * 7", '"7" cannot be the day of the week'),
        ("*/0 * * * *", '"*/0" cannot be the minute'),
        ("30-10 * * * *", '"30-10" cannot be the minute'),
        (", * * * *", '"," cannot be the minute'),
        ("\u0661 * * * *", "cannot be the minute"),
        ("@often", "is none of @annually"),
        ("@every 5", '"5" has no unit'),
        ("TZ=UTC * * * * *", "--timezone"),
    ],
)
def test_what_kubernetes_refuses_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check_schedule(text)

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [("@" + "x" * 100, "@" + "x" * 79), ("x" * 100, "x" * 80), ("x" * 100 + " * * * *", "x" * 40)],
)
def test_no_more_of_what_is_refused_is_quoted_than_fits_a_line(text: str, quoted: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        check_schedule(text)

    assert str(refused.value).startswith(f'"{quoted}" ')
