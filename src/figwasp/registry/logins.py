"""Which logins a host refuses: a wrong password is not shown for each image, which would lock out the user, or us."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from figwasp.core.credential import Credential, Secret
from figwasp.core.deadline import LONGEST_WAIT, Deadline
from figwasp.core.url import Url
from figwasp.net.http import Headers, Response

MOST_REFUSED: Final = 2
"""
For how many images a host is shown a user name and password in one pass that it refuses (401) and never accepted.

Then it is shown once more, for no image: a server may refuse a login for some repositories alone (Nexus answers 401
there too), and that must hold up none of the others. GitLab bans an address after 30, Docker Hub locks a user out after
some.

Source: GitLab's "Failed authentication ban for Git and container registry"; docker/hub-feedback#814.
"""

_LONGEST_KEPT: Final = 4096
"""Bytes of a refusal, and characters of what it wants, that are kept to be told again."""


class _Trial:
    """What came of showing one login to one host."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.under_way = 0
        self.is_first = True
        """Whether nothing but refusals came, so that those who come at the same time wait for one answer."""
        self.is_accepted = False
        self.is_checked = False
        """Whether it was shown for no image."""
        self.refused = 0
        self.refusal = Response(401)

    @property
    def has_room(self) -> bool:
        """Whether one more may be under way: not so many that all of them together could be refused too often."""
        most = 1 if self.is_first else max(MOST_REFUSED - self.refused, 1)
        return self.is_accepted or self.under_way < most

    @contextmanager
    def place(self, deadline: Deadline) -> Iterator[None]:
        """Wait until there is room, and take it inside; raises a DeadlineExceeded if there is none in time."""
        with self.changed:
            while not self.has_room:
                self.changed.wait(min(deadline.remaining(), LONGEST_WAIT))
            self.under_way += 1
        try:
            yield
        finally:
            with self.changed:
                self.under_way -= 1
                self.changed.notify_all()


class Logins:
    """What hosts said to logins in this pass; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._trials: dict[tuple[tuple[str, str, int], tuple[str, Secret]], _Trial] = {}

    def show(
        self,
        host: Url,
        credential: Credential,
        send: Callable[[], Response],
        check: Callable[[], Response],
        deadline: Deadline,
    ) -> Response:
        """
        Give what `send` gives, which shows the login to `host`, or that host's last refusal where there were enough.

        `check` shows it for no image.

        Raises:
            DeadlineExceeded: `deadline` is over. Also whatever `send` and `check` raise.
        """
        with self._lock:
            trial = self._trials.setdefault((host.origin, credential.proof), _Trial())
        with trial.place(deadline):
            return self._try(trial, send, check)

    def _try(self, trial: _Trial, send: Callable[[], Response], check: Callable[[], Response]) -> Response:
        if trial.refused >= MOST_REFUSED and not trial.is_accepted:
            if not trial.is_checked:
                trial.is_checked = True
                self._note(trial, check)
            if not trial.is_accepted:
                return trial.refusal
        answer = self._note(trial, send)
        if answer.status == 401:
            with self._lock:
                trial.refused, trial.refusal = trial.refused + 1, _kept(answer)
        return answer

    def _note(self, trial: _Trial, send: Callable[[], Response]) -> Response:
        try:
            answer = send()
        except BaseException:
            trial.is_first = False  # for a host that gives no answer they do not wait one by one
            raise
        if answer.status != 401:
            trial.is_accepted = trial.is_accepted or not (answer.status == 429 or answer.status >= 500)
            trial.is_first = False
        return answer


def _kept(answer: Response) -> Response:
    wants = [each for each in answer.headers.get_all("www-authenticate") if len(each) <= _LONGEST_KEPT]
    body = answer.body if len(answer.body) <= _LONGEST_KEPT else b""
    return Response(401, Headers(tuple(("www-authenticate", each) for each in wants[:2])), body)
