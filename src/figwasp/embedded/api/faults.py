"""What may go wrong with a request to the small API server."""

import enum

from figwasp.embedded.api.status import Refusal, expired, internal_error, no_such_resource, too_many_requests


class Fault(enum.Enum):
    """Something that goes wrong with one request."""

    INTERNAL_ERROR = "500 with a Status"
    TOO_MANY_REQUESTS = "429 with Retry-After"
    UNKNOWN = "404, as if there were no such kind of object"
    EXPIRED = "410 for a continue token; requests without one are not touched"
    BAD_GATEWAY = "the request takes effect, then a proxy answers 502 with HTML"
    APPLY_THEN_DROP = "the request takes effect, then the connection ends without an answer"
    APPLY_THEN_HANG = "the request takes effect, and no answer comes until the server is closed"
    DROP = "the connection ends without an answer, and nothing took effect"
    CUT = "the request takes effect, and its answer ends half way"
    HANG = "no answer until the server is closed, and nothing took effect"
    NOT_JSON = "200 with HTML, as from a login page"

    @property
    def takes_effect(self) -> bool:
        """Whether the server does what was asked all the same."""
        return self in (Fault.BAD_GATEWAY, Fault.APPLY_THEN_DROP, Fault.APPLY_THEN_HANG, Fault.CUT)

    def refusal(self) -> Refusal | None:
        """The server's own refusal, for those faults that are one."""
        match self:
            case Fault.INTERNAL_ERROR:
                return internal_error()
            case Fault.TOO_MANY_REQUESTS:
                return too_many_requests()
            case Fault.UNKNOWN:
                return no_such_resource()
            case Fault.EXPIRED:
                return expired("")
        return None
