"""Everything that can go wrong on the way to a verdict: one tree, a sentence of advice each.

The text of an error says what failed, on which thing, and what to do next. It never holds a secret and
never a foreign body.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from cbverdict.verdicts.reasons import Reason


class CbsignedError(Exception):
    """Something kept a question from being answered.

    `reason` goes onto the rows. `is_final` says that asking again in the same search is pointless; that is the error's
    to say, not the reason's: of two with the reason `auth`, one token is refused for all, one only for this question.
    """

    reason: ClassVar[Reason] = Reason.SERVER_ERROR
    is_final: ClassVar[bool] = False


def advice(kind: type[CbsignedError]) -> str:
    """Return what an error's class advises: the first sentence of its docstring."""
    return (kind.__doc__ or "").partition("\n")[0]


class SetupError(CbsignedError):
    """The add-on is not set up right: correct the account or the setting that the text names."""

    reason = Reason.SETUP
    is_final = True


class InvalidRequestError(CbsignedError):
    """What was asked or stored is none of what is understood: correct the request, or do what the message says."""

    reason = Reason.SERVICE_ERROR
    is_final = True


class ServiceError(CbsignedError):
    """Splunk's own side did not answer: look into splunkd.log and the add-on's logs (cbsigned_*.log)."""

    reason = Reason.SERVICE_ERROR


class StoreError(CbsignedError):
    """What is kept is out of reach: a search asks anew and drops nothing, an input waits; see to the KV store.

    The store of verdicts, of baselines, or of an input's checkpoint.
    """

    reason = Reason.SERVICE_ERROR


class NoRightError(CbsignedError):
    """The user may not ask for verdicts: an admin grants the role `cbsigned_user` (capability `cbsigned_lookup`)."""

    reason = Reason.NO_RIGHT
    is_final = True


class InputLockedError(CbsignedError):
    """Another process reads for this input: that one goes on, and this one looks again at the next interval."""


class SearchOverError(CbsignedError):
    """The search was cancelled or finalised, so Carbon Black is not asked for it any more: search again.

    Not final: rows of a search that was finalised are wanted, and for many the answer is in the store.
    """

    reason = Reason.CANCELLED


class EdrError(CbsignedError):
    """A request to Carbon Black failed."""


class UnauthorizedError(EdrError):
    """Carbon Black refused the API token: enter the current one (Carbon Black console, My Profile, API Token)."""

    reason = Reason.AUTH
    is_final = True


class ForbiddenError(EdrError):
    """The API token's user lacks a right: let a Carbon Black administrator grant process and binary search.

    Not final: it may be the joint query alone that is refused, and the binary search decides without it.
    """

    reason = Reason.AUTH


class QueryRefusedError(EdrError):
    """Carbon Black refused the query: check the clause, or an input's query; are joins blocked, use `method=binary`."""

    reason = Reason.REFUSED


class RateLimitedError(EdrError):
    """Carbon Black asks to slow down: search less at once, or wait and search again."""

    reason = Reason.RATE_LIMITED


class ServerFailedError(EdrError):
    """Carbon Black failed or is overloaded: search again later; if it stays, look at the server."""


class NotCarbonBlackError(EdrError):
    """What answered is not Carbon Black EDR, or not whole: check the URL and what stands between."""


class TimedOutError(EdrError):
    """Carbon Black took too long: look at its load; for a search raise `timeout=`, or use `method=binary`."""

    reason = Reason.TIMEOUT


class CutShortError(EdrError):
    """Carbon Black gave only a part of what there is: it is asked again for less at once; look at its load."""

    reason = Reason.INCOMPLETE


class TooLargeError(EdrError):
    """More came than is read at once: less is asked for where that can be; else see what it is that answers there."""

    reason = Reason.INCOMPLETE


class UnreachableError(EdrError):
    """No connection to Carbon Black: check the URL, the proxy and the firewall."""

    reason = Reason.UNREACHABLE


class CertificateError(EdrError):
    """The server's certificate is not trusted: paste that of its CA, as PEM, into the account's CA certificate."""

    reason = Reason.CERTIFICATE
    is_final = True


class Trouble(NamedTuple):
    """Something that went wrong, in words for the search's message; `is_final`: asking again is pointless."""

    reason: Reason
    message: str
    is_final: bool = False

    @classmethod
    def of(cls, error: CbsignedError) -> Trouble:
        """Build a trouble from an error."""
        return cls(error.reason, str(error), error.is_final)
