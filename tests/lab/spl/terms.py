"""Terms of the search command: fields with literals, keywords, and their logic (OR binds more than AND)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_network
from typing import Any, Callable, Mapping, Set

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.conditions import in_network
from tests.lab.spl.patterns import wildcard
from tests.lab.spl.scanning import unquote
from tests.lab.spl.times import parse_time
from tests.lab.spl.values import Cell

Row = Mapping[str, Cell]
Matches = Callable[[Row], bool]

_GRAMMAR = r"""
?start: conjunction
?conjunction: disjunction | conjunction _AND? disjunction -> and_
?disjunction: negation | disjunction _OR negation -> or_
?negation: atom | _NOT negation -> not_
?atom: comparison | keyword | "(" conjunction ")" | "(" ")" -> everything
comparison: name OPERATOR value
    | name _IN "(" value (","? value)* ")" -> in_list
keyword: WORD | STRING
name: WORD | STRING
value: WORD | STRING
_AND.3: /AND(?![^\s()"])/
_OR.3: /OR(?![^\s()"])/
_NOT.3: /NOT(?![^\s()"\[])/
_IN.3: /IN(?=\s*\()/
OPERATOR.2: "!=" | "<=" | ">=" | "=" | "<" | ">"
STRING: /"(\\.|[^"\\])*"/s
WORD: /([^\s()"',=<>!|\[\]]|!(?!=))+/
%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", propagate_positions=False)
_TIMES: Mapping[str, Callable[[float, float], bool]] = {
    "earliest": lambda at, bound: at >= bound,
    "latest": lambda at, bound: at < bound,
}
_UNKNOWN_TIMES = {"_index_earliest", "_index_latest", "starttime", "endtime"}
_MAJOR = " \\t\\r\\n\\[\\]<>(){}|!;,'\"*&?+"
_RESERVED = {"AND", "OR", "NOT", "IN", "AS", "BY", "XOR"}


@dataclass(frozen=True)
class Terms:
    """A compiled search: which rows it keeps, and which bounds of time it has itself."""

    matches: Matches
    bounds: frozenset[str]


@lru_cache(maxsize=2048)
def _parse(text: str) -> Tree[Token]:
    try:
        return _PARSER.parse(text)
    except UnexpectedInput as error:
        raise SplError(f"the search {text!r} is malformed: {str(error).splitlines()[0]}") from None


def compile_terms(text: str, clock: Clock, *, is_base: bool = False) -> Terms:
    """Compile the arguments of `search`; in the base search, earliest= and latest= are bounds of time.

    Raises:
        SplError: they are malformed.
    """
    if not text.strip():
        return Terms(lambda _: True, frozenset())
    compiler = _Compiler(clock, is_base=is_base)
    try:
        matches: Matches = compiler.transform(_parse(text.strip()))
    except VisitError as error:
        raise error.orig_exc from None
    return Terms(matches, frozenset(compiler.bounds))


@v_args(inline=True)
class _Compiler(Transformer[Token, Any]):
    """Make predicates of parsed terms."""

    def __init__(self, clock: Clock, *, is_base: bool) -> None:
        super().__init__()
        self._clock = clock
        self._is_base = is_base
        self.bounds: Set[str] = set()

    def and_(self, left: Matches, right: Matches) -> Matches:
        return lambda row: left(row) and right(row)

    def or_(self, left: Matches, right: Matches) -> Matches:
        return lambda row: left(row) or right(row)

    def not_(self, inner: Matches) -> Matches:
        return lambda row: not inner(row)

    def everything(self) -> Matches:
        return lambda _: True

    def name(self, token: Token) -> str:
        if "*" in token:
            raise UnsettledError(f"a wildcard in the name of a field: {token}")
        return unquote(token)

    def value(self, token: Token) -> Token:
        if token in _RESERVED:
            raise SplError(f"{token} as a value needs quotation marks")
        return token

    def comparison(self, name: str, operator: Token, value: Token) -> Matches:
        if name in _TIMES or name in _UNKNOWN_TIMES:
            return self._bound(name, str(operator), unquote(value))
        return _compare(name, str(operator), _unescape(value))

    def in_list(self, name: str, *literals: Token) -> Matches:
        each = [_compare(name, "=", _unescape(value)) for value in literals]
        return lambda row: any(matches(row) for matches in each)

    def keyword(self, token: Token) -> Matches:
        if token in _RESERVED or re.match(r"(TERM|CASE)$", token):
            raise UnsettledError(f"{token} as a word to look for")
        if "::" in token:
            raise UnsettledError(f"{token}: an indexed field")
        return _keyword(_unescape(token))

    def _bound(self, name: str, operator: str, text: str) -> Matches:
        if not self._is_base or operator != "=" or name in _UNKNOWN_TIMES:
            raise UnsettledError(f"{name}{operator}{text} here")
        bound = parse_time(text, self._clock.now, self._clock.zone)
        self.bounds.add(name)
        test = _TIMES[name]
        return lambda row: test(time_of(row), bound)


def time_of(row: Row) -> float:
    """Give a row's _time.

    Raises:
        SplError: it has none that is a number.
    """
    number = values.parse_number(str(row.get("_time", "")))
    if number is None:
        raise SplError(f"a row has no _time in seconds: {row.get('_time')!r}")
    return float(number)


def _unescape(token: Token) -> str:
    return unquote(token) if token[0] == '"' else unquote(f'"{token}"')


def _compare(name: str, operator: str, literal: str) -> Matches:
    test = _tester(operator.lstrip("!"), literal)
    if operator == "!=":
        return lambda row: _refuse_several(row, name) and any(not test(one) for one in values.cells(row.get(name)))
    return lambda row: any(_holds(test, one) for one in values.cells(row.get(name)))


def _holds(test: Callable[[str], bool], cell: str) -> bool:
    """Test a value; an empty cell that would pass as the empty text is not settled."""
    is_met = test(cell)
    if is_met:
        values.settled(cell)
    return is_met


def _refuse_several(row: Row, name: str) -> bool:
    if isinstance(row.get(name), list):
        raise UnsettledError(f"{name}!= where {name} has several values")
    values.settled(row.get(name))
    return True


def _tester(operator: str, literal: str) -> Callable[[str], bool]:
    if operator == "=":
        return _equals(literal)
    bound = values.parse_number(literal)

    def test(text: str) -> bool:
        number = values.parse_number(text)
        if number is not None and bound is not None:
            sign = (number > bound) - (number < bound)
        else:
            sign = values.sign_of_texts(text, literal)
        return {"<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[operator]

    return test


def _equals(literal: str) -> Callable[[str], bool]:
    if literal == "*":
        return lambda _: True
    if _is_network(literal):
        return lambda text: text == literal or in_network(literal, text)
    pattern = wildcard(literal, is_any_case=True)
    return lambda text: pattern.fullmatch(text) is not None


def _is_network(text: str) -> bool:
    try:
        return "/" in text and bool(ip_network(text, strict=False))
    except ValueError:
        return False


def _keyword(word: str) -> Matches:
    """Look for a word or a phrase in _raw; without _raw there is none.

    What stands between other signs than blanks, commas and brackets is not settled, for it depends on segmentation.
    """
    if word == "*":
        return lambda _: True
    body = f"[^{_MAJOR}]*".join(map(re.escape, word.split("*")))
    whole = re.compile(f"(?:^|(?<=[{_MAJOR}])){body}(?:$|(?=[{_MAJOR}]))", re.IGNORECASE)
    within = re.compile(body, re.IGNORECASE)

    def matches(row: Row) -> bool:
        raw = row.get("_raw")
        if raw is None:
            return False
        text = values.text_of(raw)
        if whole.search(text):
            return True
        if within.search(text):
            raise UnsettledError(f"whether {word!r} is a word of {text!r}: segmentation")
        return False

    return matches
