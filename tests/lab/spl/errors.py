"""What a search can fail with."""

from __future__ import annotations


class SplError(Exception):
    """The search fails in Splunk as well; the text says where."""


class UnknownCommandError(SplError):
    """There is no such command: neither a built-in that is implemented here, nor one of an app."""


class UnsettledError(SplError):
    """No public source says what Splunk makes of this, so nothing is guessed: write the search another way."""
