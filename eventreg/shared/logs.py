"""Log lines without personal data: what an exception says may quote what somebody typed (R50)."""

import logging
import re
import time
import traceback
from collections.abc import Iterator

SHOWN = 6  # exceptions of one chain
# gunicorn quotes the line or the address of a request that it could not serve: tokens stand there.
_QUOTES = re.compile(
    r"^(Invalid request from) ip=\S*: ([A-Za-z ]+).*|^(Error handling request) .*", re.DOTALL
)


class Discreet(logging.Formatter):
    """One line in UTC; of an exception, the types and the places in the code, never the words."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback that another handler has written out already is written anew."""
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: object) -> str:  # noqa: N802 - the library's name
        """The traceback without messages. Database errors keep their SQLSTATE."""
        return places(ei)


class WithoutAddresses(logging.Filter):
    """For gunicorn's own log: what went wrong stays, the client and the address leave."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record; keeps every one."""
        found = _QUOTES.match(record.getMessage())
        if found:
            record.msg = ": ".join(part.strip() for part in found.groups() if part)
            record.args = ()
        record.exc_text = places(record.exc_info) or None
        return True


def places(exc_info: object) -> str:
    """The chain of an exception as types and places in the code."""
    error = exc_info[1] if isinstance(exc_info, tuple) else None
    return "\n".join(_lines(error)) if isinstance(error, BaseException) else ""


def _lines(error: BaseException) -> Iterator[str]:
    shown = 0
    following: BaseException | None = error
    while following is not None and shown < SHOWN:
        state = getattr(getattr(following, "orig", following), "sqlstate", None)
        kind = type(following)
        yield f"{kind.__module__}.{kind.__qualname__}" + (f" ({state})" if state else "")
        yield "".join(traceback.format_tb(following.__traceback__)).rstrip()
        cause = following.__cause__
        following = cause or (None if following.__suppress_context__ else following.__context__)
        shown += 1
