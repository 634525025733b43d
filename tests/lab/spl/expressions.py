"""Expressions of eval and where: the grammar, the types that are known before the search runs, and what they give."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Callable, FrozenSet, List, Mapping, Tuple

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

from tests.lab.spl import values
from tests.lab.spl.arithmetic import calculate
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError, UnsettledError
from tests.lab.spl.functions.registry import ANY, BOOLEAN, NUMBER, TEXT, Function, find_function
from tests.lab.spl.values import Cell, Number, Value

Row = Mapping[str, Cell]

_GRAMMAR = r"""
assignments: assignment ("," assignment)*
assignment: target _EQUAL expression
target: FIELD | QUOTED | STRING
?expression: exclusive
?exclusive: disjunction | exclusive _XOR disjunction -> xor
?disjunction: conjunction | disjunction _OR conjunction -> or_
?conjunction: negation | conjunction _AND negation -> and_
?negation: comparison | _NOT negation -> not_
?comparison: sum
    | sum (EQUAL | COMPARATOR) sum -> compare
    | sum _LIKE sum -> like
    | sum _IN "(" arguments ")" -> in_list
?sum: product | sum (PLUS | MINUS) product -> add | sum "." product -> concat
?product: unary | product (TIMES | OVER | MODULO) unary -> multiply
?unary: atom | MINUS unary -> sign | PLUS unary -> sign
?atom: NUMBER -> number | STRING -> string | (FIELD | QUOTED) -> field | call | "(" expression ")" -> group
call: FIELD "(" [arguments] ")"
arguments: expression ("," expression)*
_XOR.3: /XOR\b/i
_OR.3: /OR\b/i
_AND.3: /AND\b/i
_NOT.3: /NOT\b/i
_LIKE.3: /LIKE\b/i
_IN.3: /IN\b/i
_EQUAL: "="
EQUAL: "="
COMPARATOR.2: "==" | "!=" | "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
MODULO: "%"
NUMBER: /(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?(?![A-Za-z_\d])/
FIELD: /[A-Za-z_][A-Za-z0-9_]*/
QUOTED: /'[^']+'/
STRING: /"(\\.|[^"\\])*"/s
%ignore /\s+/
"""
_PARSER = Lark(_GRAMMAR, parser="lalr", start=["assignments", "expression"])
_ESCAPE = re.compile(r'\\(["\\])')


@dataclass(frozen=True)
class Expression:
    """A compiled expression: what it gives for a row, its type as far as that is known, and what it is made of."""

    evaluate: Callable[[Row], Value]
    kind: str = ANY
    fields: FrozenSet[str] = frozenset()
    literal: Value = None
    form: str = ""

    @property
    def is_literal(self) -> bool:
        """Say whether it is a number or a quoted text."""
        return self.form == "literal"

    def is_true(self, row: Row) -> bool:
        """Say whether it holds for a row."""
        return values.is_true(self.evaluate(row))


@lru_cache(maxsize=4096)
def _parse(text: str, start: str) -> Tree[Token]:
    try:
        return _PARSER.parse(text, start=start)
    except UnexpectedInput as error:
        raise SplError(f"the expression {text!r} is malformed: {str(error).splitlines()[0]}") from None


def _compile(text: str, start: str, clock: Clock) -> Any:
    try:
        return _Compiler(clock).transform(_parse(text, start))
    except VisitError as error:
        raise error.orig_exc from None


def compile_expression(text: str, clock: Clock) -> Expression:
    """Compile an expression.

    Raises:
        SplError: it is malformed, names a function that there is not, or mixes types.
    """
    made: Expression = _compile(text, "expression", clock)
    return made


def compile_condition(text: str, clock: Clock) -> Expression:
    """Compile what must be true or false.

    Raises:
        SplError: it is something else.
    """
    return _as_condition(compile_expression(text, clock))


def compile_assignments(text: str, clock: Clock) -> List[Tuple[str, Expression]]:
    """Compile what `eval` is given: pairs of a field and an expression.

    Raises:
        SplError: as above, or a field would get a Boolean.
    """
    pairs: List[Tuple[str, Expression]] = _compile(text, "assignments", clock)
    for name, expression in pairs:
        if expression.kind == BOOLEAN:
            raise SplError(f"{name} would get a Boolean: use if(..., ..., ...)")
    return pairs


def _as_condition(expression: Expression) -> Expression:
    if expression.kind != BOOLEAN:
        raise SplError(
            "a condition must be a comparison or a function that gives true or false; a text stands in "
            'quotation marks, as in signed="true"'
        )
    return expression


def field(name: str) -> Expression:
    """Read a field."""
    return Expression(lambda row: values.from_cell(row.get(name)), ANY, frozenset({name}), form="field")


def _literal(value: Value, kind: str) -> Expression:
    return Expression(lambda _: value, kind, literal=value, form="literal")


def _fields(parts: List[Expression]) -> FrozenSet[str]:
    return frozenset().union(*(part.fields for part in parts))


@v_args(inline=True)
class _Compiler(Transformer[Token, Any]):
    """Make expressions of a parsed one, from its leaves up."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def assignments(self, *pairs: Tuple[str, Expression]) -> List[Tuple[str, Expression]]:
        return list(pairs)

    def assignment(self, target: str, expression: Expression) -> Tuple[str, Expression]:
        return target, expression

    def target(self, token: Token) -> str:
        return str(token)[1:-1] if token[0] in "'\"" else str(token)

    def number(self, token: Token) -> Expression:
        return _literal(Number(float(token), str(token)), NUMBER)

    def string(self, token: Token) -> Expression:
        return _literal(_ESCAPE.sub(r"\1", token[1:-1]), TEXT)

    def field(self, token: Token) -> Expression:
        if str(token).lower() in {"true", "false", "null"}:
            raise UnsettledError(
                f'{token} without parentheses: a text stands in quotation marks, as in signed="{token}"'
            )
        return field(str(token)[1:-1] if token[0] == "'" else str(token))

    def group(self, inner: Expression) -> Expression:
        return Expression(inner.evaluate, inner.kind, inner.fields, inner.literal, "group")

    def arguments(self, *expressions: Expression) -> List[Expression]:
        return list(expressions)

    def call(self, name: Token, arguments: List[Expression] | None) -> Expression:
        return self._call(str(name), arguments or [])

    def like(self, left: Expression, right: Expression) -> Expression:
        return self._call("like", [left, right])

    def in_list(self, left: Expression, rest: List[Expression]) -> Expression:
        return self._call("in", [left, *rest])

    def compare(self, left: Expression, operator: Token, right: Expression) -> Expression:
        sign = str(operator)
        return Expression(
            lambda row: values.compare(sign, left.evaluate(row), right.evaluate(row)), BOOLEAN, _fields([left, right])
        )

    def not_(self, inner: Expression) -> Expression:
        evaluate = _as_condition(inner).evaluate
        return Expression(lambda row: values.negated(evaluate(row)), BOOLEAN, inner.fields)

    def and_(self, left: Expression, right: Expression) -> Expression:
        return self._logical(values.both, left, right)

    def or_(self, left: Expression, right: Expression) -> Expression:
        return self._logical(values.either, left, right)

    def xor(self, left: Expression, right: Expression) -> Expression:
        def differ(one: Value, other: Value) -> Value:
            return None if one is None or other is None else values.is_true(one) != values.is_true(other)

        return self._logical(differ, left, right)

    def add(self, left: Expression, operator: Token, right: Expression) -> Expression:
        _refuse_mixture(left, right, {"concat"})
        return self._arithmetic(str(operator), left, right)

    def multiply(self, left: Expression, operator: Token, right: Expression) -> Expression:
        return self._arithmetic(str(operator), left, right, "product")

    def sign(self, operator: Token, inner: Expression) -> Expression:
        if operator == "+":
            return inner
        if inner.is_literal:
            return _literal(calculate("-", Number(0.0), inner.literal), NUMBER)
        return self._arithmetic("-", _literal(Number(0.0), NUMBER), inner, "sign")

    def concat(self, left: Expression, right: Expression) -> Expression:
        _refuse_mixture(left, right, {"sum", "product", "sign"})
        if BOOLEAN in {left.kind, right.kind}:
            raise SplError("a Boolean cannot be joined to a text")

        def join(row: Row) -> Value:
            one, other = left.evaluate(row), right.evaluate(row)
            return None if one is None or other is None else values.text_of(one) + values.text_of(other)

        return Expression(join, TEXT, _fields([left, right]), form="concat")

    @staticmethod
    def _logical(operation: Callable[[Value, Value], Value], left: Expression, right: Expression) -> Expression:
        one, other = _as_condition(left).evaluate, _as_condition(right).evaluate
        return Expression(lambda row: operation(one(row), other(row)), BOOLEAN, _fields([left, right]))

    @staticmethod
    def _arithmetic(operator: str, left: Expression, right: Expression, form: str = "sum") -> Expression:
        kinds = {left.kind, right.kind}
        if BOOLEAN in kinds or (TEXT in kinds and (operator != "+" or NUMBER in kinds)):
            raise SplError(f"{operator} takes numbers, and + two texts as well")
        kind = TEXT if kinds == {TEXT} else (NUMBER if operator != "+" or kinds == {NUMBER} else ANY)
        return Expression(
            lambda row: calculate(operator, left.evaluate(row), right.evaluate(row)),
            kind,
            _fields([left, right]),
            form=form,
        )

    def _call(self, name: str, arguments: List[Expression]) -> Expression:
        function: Function = find_function(name)
        function.check(arguments)
        return Expression(
            function.bind(arguments, self._clock), function.kind_of(arguments), _fields(arguments), form="call"
        )


def _refuse_mixture(left: Expression, right: Expression, forms: set[str]) -> None:
    if left.form in forms or right.form in forms:
        raise UnsettledError(". beside another operator: put parentheses round one of them")
