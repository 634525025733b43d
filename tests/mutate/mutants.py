"""The changes that can be made to a module, each small, and each such that the module still compiles."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Iterator, Union

if TYPE_CHECKING:
    from pathlib import Path

Node = Union[ast.expr, ast.stmt]

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr,
}
_LARGE = 100
_TYPES = {"TypeVar", "NewType", "cast"}


@dataclass(frozen=True)
class Mutant:
    """One change; `lines` is the first and the last line of what is changed, `scope` the function or the constant.

    `is_made_on_import`: it is in no function, so whoever imports the module runs it.
    """

    path: str
    lines: tuple[int, int]
    scope: str
    is_made_on_import: bool
    before: str
    after: str
    number: int
    source: str

    @property
    def name(self) -> str:
        """What tells it from others, whatever lines are above it; `number` counts the like in one function."""
        which = f" (number {self.number})" if self.number > 1 else ""
        return f"{self.path}::{self.scope}: {self.before} -> {self.after}{which}"


def mutants_of(path: Path, root: Path) -> Iterator[Mutant]:
    """Return every change of a module, in the order of its lines."""
    source = path.read_text(encoding="utf-8")
    finder = _Finder()
    finder.visit(ast.parse(source))
    lines = source.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    encoded = source.encode()
    found: Counter[tuple[str, str, str]] = Counter()
    for scope, is_made_on_import, node, changed in finder.found:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        begin, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        text = ast.unparse(changed)
        put = f"({text})" if isinstance(changed, ast.expr) else text
        whole = encoded[:begin] + put.encode() + encoded[end:]
        name = path.relative_to(root).as_posix()
        before, after = " ".join(ast.unparse(node).split()), " ".join(text.split())
        found[scope, before, after] += 1
        where, number = (node.lineno, node.end_lineno), found[scope, before, after]
        yield Mutant(name, where, scope, is_made_on_import, before, after, number, whole.decode())


class _Finder(ast.NodeVisitor):
    """Walk a module and note what can be put in whose place; annotations, logs and decorators stay as they are."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bool, Node, Node]] = []
        self._scope: list[str] = []
        self._functions = 0

    def _put(self, node: Node, changed: Node) -> None:
        self.found.append((".".join(self._scope), not self._functions, node, changed))

    def _within(self, name: str, visit: Callable[[ast.AST], None], *nodes: ast.AST) -> None:
        self._scope.append(name)
        for node in nodes:
            visit(node)
        self._scope.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases):
            self._within(node.name, self.visit, *node.body)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        self._functions += 1
        self._within(node.name, self.visit, *node.body)
        self._functions -= 1

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign([node.target], node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        # A subscript in a module's assignment names a type.
        if self._scope or not isinstance(node.value, ast.Subscript):
            self._assign(node.targets, node.value)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        if self._functions or not isinstance(targets[0], ast.Name):
            for node in (*targets, value):
                self.visit(node)
        else:
            self._within(targets[0].id, self.visit, value)

    def visit_If(self, node: ast.If) -> None:
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        # The others are changed by their own rules, which come to the same.
        if not isinstance(test, (ast.Compare, ast.BoolOp)) and not _is_not(test):
            self._put(test, ast.UnaryOp(ast.Not(), test))

    def visit_Compare(self, node: ast.Compare) -> None:
        for number, operator in enumerate(node.ops):
            changed = copy.deepcopy(node)
            changed.ops[number] = _COMPARISONS[type(operator)]()
            self._put(node, changed)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        changed = copy.deepcopy(node)
        changed.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        self._put(node, changed)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _OPERATORS:
            changed = copy.deepcopy(node)
            changed.op = _OPERATORS[type(node.op)]()
            self._put(node, changed)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        changed = copy.deepcopy(node)
        changed.op = _OPERATORS[type(node.op)]()
        self._put(node, changed)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        self._put(node, node.operand)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._put(node, ast.Constant(not value))
        elif isinstance(value, int):
            # One more is no change that anybody could notice in a bound of memory.
            self._put(node, ast.Constant(value * 2 if value >= _LARGE else value + 1))
        elif isinstance(value, float):
            self._put(node, ast.Constant(value * 1.5 or 1.0))

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._put(node, ast.Return(ast.Constant(None)))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call) and not _is_log(node.value):
            self._put(node, ast.Pass())
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if not (isinstance(node.func, ast.Name) and node.func.id in _TYPES):
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._put(node, ast.Pass())
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        self._put(node, ast.Continue())

    def visit_Continue(self, node: ast.Continue) -> None:
        self._put(node, ast.Break())

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave texts alone: before Python 3.12 what is in them has no place of its own."""


def _is_not(test: ast.expr) -> bool:
    return isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)


def _is_log(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "logger"
    )
