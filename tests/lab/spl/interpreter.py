"""Run a search: expand its macros, split it into commands, hand the rows from one to the next."""

from __future__ import annotations

import re
from typing import Iterable, List, Mapping, MutableMapping, Optional, Tuple

import tests.lab.spl.commands
import tests.lab.spl.functions  # noqa: F401 - entered by importing them
from tests.lab.spl.clock import Clock
from tests.lab.spl.commands.filtering import base_search
from tests.lab.spl.commands.registry import COMMANDS
from tests.lab.spl.environment import Command, Environment, Event, Rest, Row, Search, ordered
from tests.lab.spl.errors import SplError, UnknownCommandError, UnsettledError, suggest
from tests.lab.spl.macros import expand
from tests.lab.spl.scanning import split, unquote, words
from tests.lab.spl.tables import Table
from tests.lab.spl.times import zone_of
from tests.lab.spl.values import Cell, EmptyCell

_NAME = re.compile(r"\s*([A-Za-z_]\w*)(?![\w=:*.])\s*", re.DOTALL)


class Results(List[Row]):
    """The rows of a search in order, and the columns as a table of them has them."""

    columns: List[str]


def run_in(environment: Environment, clock: Clock, spl: str, rows: Optional[Iterable[Event]] = None) -> Results:
    """Run a search in an environment, on rows or (None) on what it reads itself.

    Raises:
        SplError: it fails in Splunk as well.
        UnknownCommandError: it names a command that there is not.
        UnsettledError: its answer rests on what no public source says.
    """

    def pipeline(text: str, given: Optional[List[Row]]) -> List[Row]:
        return _pipeline(search, text, given)

    search = Search(environment, clock, pipeline)
    given = None if rows is None else [{**row} for row in rows]
    results = Results(pipeline(expand(spl, environment.macros, clock), given))
    results.columns = ordered(search.columns, results)
    return results


def run(  # noqa: PLR0913 - what a search may need, each of it optional
    spl: str,
    *,
    rows: Optional[Iterable[Event]] = None,
    indexes: Optional[Mapping[str, Iterable[Event]]] = None,
    data_models: Optional[Mapping[str, Iterable[Event]]] = None,
    lookups: Optional[MutableMapping[str, Table]] = None,
    macros: Optional[Mapping[str, Mapping[str, str]]] = None,
    saved_searches: Optional[Mapping[str, Mapping[str, str]]] = None,
    commands: Optional[Mapping[str, Command]] = None,
    rest: Optional[Rest] = None,
    now: float = 0.0,
    zone: str = "UTC",
    earliest: Optional[float] = None,
    latest: Optional[float] = None,
) -> Results:
    """Run a search: on `rows` where it begins with a command that takes some, else on `indexes` and `data_models`.

    `macros` and `saved_searches` are stanzas with their settings; `lookups` tables, which outputlookup changes;
    `commands` an app's own. `now`, `earliest` and `latest` are seconds since 1970.

    Raises:
        SplError: it fails in Splunk as well, or its answer rests on what no public source says.
    """
    environment = Environment(
        indexes=indexes or {},
        data_models=data_models or {},
        lookups={} if lookups is None else lookups,
        macros=macros or {},
        saved_searches=saved_searches or {},
        commands=commands or {},
        rest=rest,
    )
    return run_in(environment, Clock(now, zone_of(zone), earliest, latest), spl, rows)


def is_generating(spl: str) -> bool:
    """Say whether a search begins with a built-in command that makes rows itself."""
    match = _NAME.match(spl.lstrip().lstrip("|"))
    if match is not None and match[1] == "inputlookup":
        return not re.search(r"\bappend=(?:t|1)", split(spl.lstrip().lstrip("|"), "|", "[")[0], re.IGNORECASE)
    return match is not None and match[1] in COMMANDS and COMMANDS[match[1]].is_generating


def _pipeline(search: Search, text: str, given: Optional[List[Row]]) -> List[Row]:
    parts = split(text, "|", "[")
    if not parts[0].strip():
        parts = parts[1:]
        if not parts:
            raise SplError("a search begins with a command or with what to look for")
    elif given is None:
        parts[0] = _explicit_search(parts[0])
    rows = given
    commands = [_named(search, part) for part in parts]
    if given is None and commands[0][0] == "eval":
        raise UnsettledError("a search that begins with eval: of no row, or of one that is made for it")
    for name, arguments in commands:
        rows = _run_command(search, name, arguments, rows)
    return rows or []


def _explicit_search(part: str) -> str:
    """Put `search` before what has no command, as the first part of a search may."""
    match = _NAME.match(part)
    return part if match and match[1] == "search" else f"search {part}"


def _named(search: Search, part: str) -> Tuple[str, str]:
    """Split a part of a pipeline into its command and the arguments; all are known before any runs."""
    match = _NAME.match(part)
    if match is None:
        raise SplError(f"a command is expected: {part.strip() or '(nothing between two bars)'}")
    if match[1] not in COMMANDS and match[1] not in search.environment.commands:
        known = [*COMMANDS, *search.environment.commands]
        raise UnknownCommandError(f"there is no command {match[1]}{suggest(match[1], known)}")
    return match[1], part[match.end() :].strip()


def _run_command(search: Search, name: str, arguments: str, rows: Optional[List[Row]]) -> List[Row]:
    if name == "search" and rows is None:
        return base_search(arguments, search)
    if name in COMMANDS:
        built_in = COMMANDS[name]
        if built_in.is_generating and rows:
            raise SplError(f"{name} must be the first command")
        return built_in.run(rows or [], arguments, search)
    back = search.environment.commands[name](rows or [], [_argument(word) for word in words(arguments)])
    return [{field: _own_cell(cell) for field, cell in row.items()} for row in back]


def _argument(word: str) -> str:
    """Give an argument of an app's command as splunkd hands it over: without quotation marks."""
    name, sign, value = word.partition("=")
    return f"{name}={unquote(value)}" if sign else unquote(word)


def _own_cell(cell: Cell) -> Cell:
    """Take an empty cell for what it is: no source says whether splunkd reads null or the empty text."""
    return EmptyCell() if cell == "" else cell
