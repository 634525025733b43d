"""What an HTTP status of Carbon Black's means: which error it is, and whether the request is sent again."""

from __future__ import annotations

from http import HTTPStatus

from cbverdict.errors import (
    EdrError,
    ForbiddenError,
    NotCarbonBlackError,
    QueryRefusedError,
    RateLimitedError,
    ServerFailedError,
    UnauthorizedError,
)

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
"""What passes, so that the transport sends the request again."""

_ERROR_BY_STATUS: dict[int, type[EdrError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotCarbonBlackError,
    429: RateLimitedError,
}


def error_of(status: int) -> type[EdrError] | None:
    """Return the error that a status is (None: it is none, and what came is the answer)."""
    if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        return None
    if 300 <= status < 400:  # noqa: PLR2004 - HTTP's redirections
        return NotCarbonBlackError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailedError
    return _ERROR_BY_STATUS.get(status, QueryRefusedError)
