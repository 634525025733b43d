"""Functions of time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from tests.lab.spl import times, values
from tests.lab.spl.clock import Clock
from tests.lab.spl.functions.numbers import number_of
from tests.lab.spl.functions.registry import NUMBER, TEXT, Evaluate, function
from tests.lab.spl.values import Cell, Number, Value

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression

Row = Mapping[str, Cell]


@function("now", arguments=0, kind=NUMBER, strict=False)
def _now(clock: Clock) -> Evaluate:
    return lambda _: Number(clock.now)


@function("relative_time", arguments=2, kind=NUMBER, strict=False)
def _relative_time(clock: Clock, moment: Expression, step: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        start, text = moment.evaluate(row), step.evaluate(row)
        number = None if start is None else number_of(start)
        if number is None or text is None:
            return None
        return Number(times.relative(number, values.text_of(text), clock.zone))

    return evaluate


@function("strftime", arguments=2, kind=TEXT, strict=False)
def _strftime(clock: Clock, moment: Expression, form: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        time, text = moment.evaluate(row), form.evaluate(row)
        number = None if time is None else number_of(time)
        if number is None or text is None:
            return None
        return times.strftime(number, values.text_of(text), clock.zone)

    return evaluate


@function("strptime", arguments=2, kind=NUMBER, strict=False)
def _strptime(clock: Clock, moment: Expression, form: Expression) -> Evaluate:
    def evaluate(row: Row) -> Value:
        time, text = moment.evaluate(row), form.evaluate(row)
        if time is None or text is None:
            return None
        seconds = times.strptime(values.text_of(time), values.text_of(text), clock.zone)
        return None if seconds is None else Number(seconds, f"{seconds:.6f}")

    return evaluate
