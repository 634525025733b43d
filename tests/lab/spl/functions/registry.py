"""The functions of eval and where by their names, and how they are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence, TypeVar

from tests.lab.spl import values
from tests.lab.spl.clock import Clock
from tests.lab.spl.errors import SplError

if TYPE_CHECKING:
    from tests.lab.spl.expressions import Expression
    from tests.lab.spl.values import Cell, Value

ANY, BOOLEAN, NUMBER, TEXT = "any", "boolean", "number", "text"
MANY = 1000
_FUNCTIONS: Dict[str, Function] = {}
Evaluate = Callable[[Mapping[str, "Cell"]], "Value"]
Made = TypeVar("Made", bound=Callable[..., Any])


@dataclass(frozen=True)
class Function:
    """One function.

    `strict` ones are called with values, none of which is null (null makes null); the others make what evaluates a
    row, of their arguments' expressions and of the search's clock.
    """

    name: str
    call: Callable[..., Any]
    fewest: int
    most: int
    kind: str
    is_strict: bool
    is_branching: bool

    def check(self, arguments: Sequence[Expression]) -> None:
        """Refuse a wrong number of arguments, or a literal of the wrong type."""
        if not self.fewest <= len(arguments) <= self.most:
            raise SplError(f"{self.name}() takes {self.fewest} to {self.most} arguments, not {len(arguments)}")

    def kind_of(self, arguments: Sequence[Expression]) -> str:
        """Give the type of what it gives: of those that choose an argument, the arguments'."""
        if not self.is_branching:
            return self.kind
        chosen = _chosen(self.name, arguments)
        kinds = {argument.kind for argument in chosen}
        return kinds.pop() if len(kinds) == 1 else ANY

    def bind(self, arguments: List[Expression], clock: Clock) -> Evaluate:
        """Give what evaluates a call for a row."""
        if not self.is_strict:
            made: Evaluate = self.call(clock, *arguments)
            return made
        call = self.call

        def evaluate(row: Mapping[str, Cell]) -> Value:
            given = [argument.evaluate(row) for argument in arguments]
            if any(value is None for value in given):
                return None
            for value in given:
                if isinstance(value, values.EmptyCell):
                    values.settled(value)
            result: Value = call(*given)
            return result

        return evaluate


def _chosen(name: str, arguments: Sequence[Expression]) -> Sequence[Expression]:
    if name == "if":
        return arguments[1:]
    return arguments[1::2] if name in {"case", "validate"} else arguments


def function(
    *names: str, arguments: int | tuple[int, int] = 1, kind: str = ANY, strict: bool = True, branching: bool = False
) -> Callable[[Made], Made]:
    """Enter a function under its names, with how many arguments it takes and what it gives."""
    fewest, most = (arguments, arguments) if isinstance(arguments, int) else arguments

    def enter(call: Made) -> Made:
        for name in names:
            _FUNCTIONS[name] = Function(name, call, fewest, most, kind, strict, branching)
        return call

    return enter


def find_function(name: str) -> Function:
    """Find a function.

    Raises:
        SplError: there is none of this name.
    """
    if name not in _FUNCTIONS:
        raise SplError(f"there is no function {name}()")
    return _FUNCTIONS[name]
