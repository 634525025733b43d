"""The options that `make demo` hands to the command, checked as the command checks them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

from cbsigned import CbsignedCommand
from cbverdict.events.columns import EventFields
from tests.lab.rows import InputError

_COLUMN = "the name of a column, 1 to 255 characters"
_BOOLEAN = "true or false"
ALLOWED = {
    "method": "joint, binary or prog_name",
    "md5": _COLUMN,
    "name": _COLUMN,
    "parent_md5": _COLUMN,
    "parent_name": _COLUMN,
    "user": _COLUMN,
    "team": _COLUMN,
    "prefix": "a letter first, then letters, digits, _ and .",
    "details": _BOOLEAN,
    "anomaly": _BOOLEAN,
    "risk": _BOOLEAN,
    "risk_objects": "both, user or system",
    "refresh": _BOOLEAN,
    "timeout": "a number of seconds, 1 to 3600",
    "max_lookups": "a whole number, 1 or more",
    "server": "the name of an account",
}
"""What each option of the command may be, in words."""

_COLUMNS = [name for name, what in ALLOWED.items() if what == _COLUMN]
_LEARNT = {"name", "parent_name", "user", "team"}  # what cbsignedlearn takes as well
_OTHER_SEPARATOR = re.compile(rf".*[,;&](?:\s*(?:{'|'.join(ALLOWED)})=.*)?", re.DOTALL)


@dataclass(frozen=True)
class Options:
    """The command's words, and what they say of the rows: which columns are read, and what the answer's begin with."""

    words: tuple[str, ...] = ()
    columns: dict[str, str] = field(default_factory=dict)
    prefix: str = ""
    has_details: bool = True
    is_scored: bool = True

    @property
    def fields(self) -> EventFields:
        """Say which columns the command reads."""
        return EventFields(**{option: (column,) for option, column in self.columns.items()})

    @property
    def learn_words(self) -> list[str]:
        """Give the words for cbsignedlearn."""
        return [f"{option}={column}" for option, column in self.columns.items() if option in _LEARNT]


def parse_options(text: str, account: str) -> Options:
    """Read OPTIONS as a shell would split it.

    Raises:
        InputError: the command would refuse it; the text says what is allowed.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise InputError(f"OPTIONS={text}: {error}: quote all of it once, {_EXAMPLE}") from None
    command = CbsignedCommand()
    command.options.reset()
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        problem = _problem(command, name, value, account) if equals else _no_option(word)
        if problem:
            raise InputError(f"the command refused OPTIONS={text}: {problem}")
        given[name] = value
    columns = {option: given[option] for option in _COLUMNS if option in given}
    return Options(tuple(words), columns, given.get("prefix", ""), command.details, command.anomaly or command.risk)


_EXAMPLE = "as in OPTIONS='method=binary md5=filehash'"


def _no_option(word: str) -> str:
    names = ", ".join(ALLOWED)
    return f"{word!r} is no option: write name=value without blanks around the =, {_EXAMPLE}. The options are {names}"


def _problem(command: CbsignedCommand, name: str, value: str, account: str) -> str:
    """Say why the command would refuse an option (empty: it would not)."""
    if name not in ALLOWED:
        return f"there is no option {name!r}. The options are {', '.join(ALLOWED)}"
    if _OTHER_SEPARATOR.fullmatch(value):
        return f"options are separated by blanks alone, {_EXAMPLE}"
    if name == "server" and value != account:
        return f"there is no account {value!r} here, only {account!r}: leave server= out"
    try:
        command.options[name].value = value
    except ValueError:
        return f"{name} is {ALLOWED[name]}, not {value!r}"
    return ""
