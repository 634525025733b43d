"""HTTPS to one server that may be anybody's: trust, one hard deadline, a bound on what is read, and a few retries."""

from __future__ import annotations

import logging
import math
import time
from email.utils import mktime_tz, parsedate_tz
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional

import requests

from cbverdict.carbonblack.https.adapter import TlsAdapter
from cbverdict.carbonblack.https.allowance import TooMuchError, allowance
from cbverdict.carbonblack.https.failures import failure_of, sentence
from cbverdict.carbonblack.https.retry_after import retry_after
from cbverdict.carbonblack.https.statuses import RETRIED_STATUSES
from cbverdict.carbonblack.https.unpacking import PIECE, unpacked
from cbverdict.errors import EdrError, TimedOutError
from cbverdict.events.times import EARLIEST, LATEST

if TYPE_CHECKING:
    from cbverdict.settings.account import Account

logger = logging.getLogger(__name__)

RETRIES = 2
"""How often a request is sent again at most."""

FIRST_WAIT = 0.3
"""Seconds before it is sent again, where the server does not say how many; twice as many before the next time."""

LEAST_PATIENCE = 3.0
_HEAD_BYTES = 256 * 1024
_LONGEST_DATE = 64


class Request(NamedTuple):
    """An HTTP request; the path has its query string, the body becomes JSON (None: none)."""

    verb: str
    path: str
    body: Optional[Dict[str, Any]] = None


class Response(NamedTuple):
    """What came back: its status, and its body as it was before it was compressed."""

    status: int
    content: bytearray


class Transport:
    """Send requests to one account's server; safe to use from several threads.

    A request ends by its deadline whatever the server does: each read and write of a socket gets the time that is
    left, so a server that drips bytes gains nothing by it. Nor is more read, or unpacked, than `max_bytes`.
    Two more tries are made for 429 (its Retry-After honoured up to 5 s), 502, 503, 504, and for a connection that
    was refused, or closed before it answered, while their waits fit before the deadline. None after a time-out, but
    that a server which was quick lately and says nothing for ten times as long is asked once more: one connection that
    hangs must not hold what others wait for.
    """

    def __init__(self, account: Account, retries: int, max_bytes: int) -> None:
        """Prepare a session; nothing is sent yet."""
        self._account = account
        self._server = f"Carbon Black {account.name} ({account.url})"
        self._retries = retries
        self._max_bytes = max_bytes
        self._slowest = 0.0
        self.clock_offset: float | None = None
        """Seconds by which the server's clock was ahead when it last answered (None: it does not say)."""
        # No session: it would follow up on redirects and cookies, and unpack what comes with them. Packed answers are
        # unpacked all the same, but no server needs to be asked for them.
        self._headers = {"X-Auth-Token": account.token, "Accept": "application/json", "Accept-Encoding": "identity"}
        self._proxies = {"https": account.proxy} if account.proxy else {}
        self._adapter = TlsAdapter(account)

    def close(self) -> None:
        """Close the connections."""
        self._adapter.close()  # type: ignore[no-untyped-call]

    def send(self, request: Request, deadline: float, count: Callable[[], None]) -> Response:
        """Send a request, again where that helps, until `deadline` (`time.monotonic`); `count` each time it is sent.

        Raises:
            EdrError: there is no answer; one with any status is one.
        """
        for number in range(self._retries + 1):
            patience = self._patience() if number == 0 and self._retries else math.inf
            outcome = self._try(request, deadline, patience, count)
            wait = FIRST_WAIT * 2**number if outcome.wait is None else outcome.wait
            if not outcome.is_passing or number == self._retries or time.monotonic() + wait >= deadline:
                break
            time.sleep(wait)
        if isinstance(outcome.result, EdrError):
            raise outcome.result
        return outcome.result

    def _patience(self) -> float:
        """Return the seconds after which a first try is taken for lost: ten times as long as any took lately."""
        return max(LEAST_PATIENCE, 10 * self._slowest) if self._slowest else math.inf

    def _try(self, request: Request, deadline: float, patience: float, count: Callable[[], None]) -> _Outcome:
        started = time.monotonic()
        limit = min(self._account.timeout, deadline - started)
        seconds = min(limit, patience)
        if seconds <= 0:
            return _Outcome(TimedOutError(self.sentence("was not asked any more: the time is over", TimedOutError)))
        count()
        try:
            with (
                allowance.of(started + seconds, self._max_bytes + _HEAD_BYTES),
                self._adapter.send(self._prepare(request), proxies=self._proxies) as response,
            ):
                self._look_at_the_clock(_time_of(response.headers.get("Date") or ""))
                content = self._read(response)
        except Exception as error:  # noqa: BLE001 - a hostile answer has the HTTP libraries raise what it likes
            failure = failure_of(error, time.monotonic() - started, self._server)
            if isinstance(failure.error, TimedOutError) and seconds < limit:
                return _Outcome(failure.error, 0.0, is_passing=True)  # It is lost, and there is time for another.
            return _Outcome(failure.error, is_passing=failure.is_passing)
        self._slowest = max(time.monotonic() - started, 0.9 * self._slowest)
        logger.debug(
            "edr account=%s verb=%s path=%s status=%d bytes=%d seconds=%.3f",
            self._account.name, request.verb, request.path.partition("?")[0], response.status_code, len(content),
            time.monotonic() - started,
        )  # fmt: skip
        wait = retry_after(response.headers.get("Retry-After"))
        is_passing = response.status_code in RETRIED_STATUSES
        answer = Response(response.status_code, content)
        return _Outcome(answer, wait, is_passing=is_passing)

    def _look_at_the_clock(self, said: float | None) -> None:
        """Compare the server's clock, which it tells to the second (None: not at all), with this host's."""
        self.clock_offset = None if said is None else said + 0.5 - time.time()

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        url = self._account.url + request.path
        return requests.Request(request.verb, url, headers=self._headers, json=request.body).prepare()

    def _read(self, response: requests.Response) -> bytearray:
        packed = response.raw.stream(PIECE, decode_content=False)
        content = bytearray()
        for piece in unpacked(packed, response.headers.get("Content-Encoding", "")):
            content += piece
            if len(content) > self._max_bytes:
                raise TooMuchError
        return content

    def sentence(self, what: str, kind: type[EdrError]) -> str:
        """Write what the server did, whose it is, and what to do."""
        return sentence(self._server, what, kind)


def _time_of(date: str) -> float | None:
    """Read HTTP's form of a time, which is in GMT (None: it is none, or of another century)."""
    parts = parsedate_tz(date[:_LONGEST_DATE])
    try:
        time_said = None if parts is None else float(mktime_tz(parts))
    except (OverflowError, ValueError):
        return None
    return time_said if time_said is not None and EARLIEST <= time_said < LATEST else None


class _Outcome(NamedTuple):
    """What one try came to, how long the server asks to wait (None: it does not), and whether to send it again."""

    result: Response | EdrError
    wait: float | None = None
    is_passing: bool = False
