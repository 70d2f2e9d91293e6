"""What the test bed tells the person at the terminal when it cannot go on."""


class TestbedError(Exception):
    """The bed cannot do what was asked; the text says what failed, on what, why and what to do."""

    __test__ = False  # pytest takes classes called Test… for test cases


class PartFailed(TestbedError):
    """A part of the bed ended or did not become ready; carries the last lines of its log."""

    def __init__(self, name: str, why: str, log_tail: str) -> None:
        self.name = name
        log = "its log is empty" if not log_tail else f"the end of its log:\n{log_tail}"
        super().__init__(f"{name} {why}; {log}")


class StillWaiting(TestbedError):
    """A condition did not come true in time; names it and the last value seen."""

    def __init__(self, what: str, seconds: float, last: object) -> None:
        super().__init__(f"{what}: not within {seconds:g} s, last seen: {last!r}")
