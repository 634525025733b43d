"""What to do about trouble, in the words of an input: an error's own advice is for whoever searches."""

from __future__ import annotations

from cbverdict import errors
from cbverdict.errors import CbsignedError, advice

_OF_INPUTS = {
    errors.StoreError: "The input waits until the KV store is back: see to it.",
    errors.ServiceError: "The input waits until splunkd is back: look into splunkd.log.",
    errors.RateLimitedError: "Carbon Black asks to slow down: the input waits; make page_size smaller if it stays.",
    errors.ServerFailedError: "Carbon Black failed or is overloaded: the input tries again; see to the server.",
    errors.TimedOutError: "Carbon Black took too long: the input asks for less; look at its load, or at the time-out.",
    errors.TooLargeError: "More came than is read at once: the input asks for less; see what answers if it stays.",
    errors.CutShortError: "Carbon Black gave only a part: the input asks for less at once; look at its load.",
    errors.QueryRefusedError: "Carbon Black refused the query: correct the input's query.",
    errors.NoRightError: "splunkd refused the input's session: start splunkd anew.",
}  # fmt: skip


def in_input_words(error: CbsignedError) -> str:
    """Return an error's text with what an admin of an input can do."""
    own = _OF_INPUTS.get(type(error))
    return str(error).replace(advice(type(error)), own) if own else str(error)
