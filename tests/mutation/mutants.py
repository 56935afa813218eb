"""Small changes to a module that its tests should notice, made on its syntax tree.

Sentences for people are left alone (text with a blank in it, and the text of f-strings), as are
annotations, decorators, docstrings, `__all__` and how a class is declared.
"""

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_COMPARE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
_BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change.

    Args:
        path: of the module's file.
        ordinal: which of the file's changes it is, from 0.
        line: where.
        what: the change in words of the language.
        function: name and first line of the function around it, as in its code object; None where
            the module itself runs it.
    """

    path: Path
    ordinal: int
    line: int
    what: str
    function: tuple[str, int] | None

    @property
    def place(self) -> str:
        """Name the function, or the module where there is none."""
        return self.function[0].replace(".<locals>", "") if self.function else "<module>"


def mutants_of(path: Path) -> tuple[Mutant, ...]:
    """Return every change of a file, in the order of its syntax tree."""
    walk = _Walk(path, None)
    walk.visit(ast.parse(path.read_text()))
    return tuple(walk.found)


def mutated(mutant: Mutant) -> ast.Module:
    """Return the tree of the mutant's file with the change made."""
    tree = ast.parse(mutant.path.read_text())
    _Walk(mutant.path, mutant.ordinal).visit(tree)
    return ast.fix_missing_locations(tree)


def _options(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield what may stand in a node's place."""
    for kind in (_operators, _statements, _collections, _conditions):
        yield from kind(node)
    if isinstance(node, ast.Constant):
        yield from _constants(node)


def _operators(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARE:
            other: Any = _with(node, ops=[_COMPARE[type(op)]()])
            yield f"{ast.unparse(node)} -> {ast.unparse(other)}", other
        case ast.BoolOp(op=op, values=values):
            other = _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            yield f"{ast.unparse(node)}: and <-> or", other
            for index, value in enumerate(values):
                rest = _less(values, index)
                less = rest[0] if len(rest) == 1 else ast.BoolOp(op=op, values=rest)
                yield f"without operand {ast.unparse(value)}", less
        case ast.UnaryOp(op=ast.Not()):
            yield f"{ast.unparse(node)} -> without not", node.operand
        case ast.BinOp(op=op) if type(op) in _BINARY:
            other = _with(node, op=_BINARY[type(op)]())
            yield f"{ast.unparse(node)} -> {ast.unparse(other)}", other


def _statements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Return(value=ast.expr()) if not _is_none(node.value):
            yield f"{ast.unparse(node)} -> return None", ast.Return(value=ast.Constant(value=None))
        case ast.Raise() | ast.AugAssign():
            yield f"{ast.unparse(node)[:60]} -> pass", ast.Pass()
        case ast.Expr(value=ast.Call(func=func)) if ast.unparse(func) != "assert_never":
            yield f"{ast.unparse(node)[:60]} -> pass", ast.Pass()


def _collections(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Call(keywords=[_, *_]):
            for index, word in enumerate(node.keywords):
                if word.arg is not None:
                    less = _with(node, keywords=_less(node.keywords, index))
                    yield f"{ast.unparse(node.func)}(...) without {word.arg}", less
        case ast.Tuple(ctx=ast.Load()) | ast.Set() | ast.List(ctx=ast.Load()):
            for index, value in enumerate(node.elts):
                if len(node.elts) > 1 or not isinstance(node, ast.Set):
                    less = _with(node, elts=_less(node.elts, index))
                    yield f"without element {ast.unparse(value)[:60]}", less
        case ast.Dict():
            for index, key in enumerate(node.keys):
                less = _with(node, keys=_less(node.keys, index), values=_less(node.values, index))
                yield f"without key {ast.unparse(key) if key else '**'}", less


def _conditions(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield f"{ast.unparse(node)}: branches swapped", _with(node, body=orelse, orelse=body)
        case ast.If(test=test) | ast.While(test=test):
            negated = ast.UnaryOp(op=ast.Not(), operand=test)
            yield f"if {ast.unparse(test)} -> if not", _with(node, test=negated)
        case ast.comprehension(ifs=ifs):
            for index, test in enumerate(ifs):
                yield f"without if {ast.unparse(test)}", _with(node, ifs=_less(ifs, index))
        case ast.match_case(guard=ast.expr(), pattern=_):
            yield f"case without its guard {ast.unparse(node.guard)}", _with(node, guard=None)


def _with(node: ast.AST, **changes: object) -> ast.AST:
    other = copy.copy(node)
    for name, value in changes.items():
        setattr(other, name, value)
    return other


def _less(values: list[Any], index: int) -> list[Any]:
    return values[:index] + values[index + 1 :]


def _constants(node: ast.Constant) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    changed: object
    if isinstance(value, bool):
        changed = not value
    elif isinstance(value, int | float):
        changed = value + 1
    elif isinstance(value, str) and not any(char.isspace() for char in value):
        changed = f"XX{value}XX"
    else:
        return
    yield f"{value!r} -> {changed!r}", ast.Constant(value=changed)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


class _Walk(ast.NodeTransformer):
    """Count the changes of a file, and make the chosen one."""

    def __init__(self, path: Path, chosen: int | None) -> None:
        self.found: list[Mutant] = []
        self._path = path
        self._chosen = chosen
        self._names: list[str] = []
        self._function: tuple[str, int] | None = None

    def visit(self, node: ast.AST) -> Any:
        chosen: ast.AST | None = None
        for what, other in _options(node):
            ordinal = len(self.found)
            self.found.append(
                Mutant(
                    path=self._path,
                    ordinal=ordinal,
                    line=getattr(node, "lineno", 0) or self._line_of(node),
                    what=what,
                    function=self._function,
                )
            )
            if ordinal == self._chosen:
                chosen = ast.copy_location(other, node) if hasattr(node, "lineno") else other
        if chosen is not None:
            return chosen
        return super().visit(node)

    def _line_of(self, node: ast.AST) -> int:
        return min((one.lineno for one in ast.walk(node) if hasattr(one, "lineno")), default=0)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.args.defaults = [self.visit(one) for one in node.args.defaults]
        node.args.kw_defaults = [one and self.visit(one) for one in node.args.kw_defaults]
        outer, names = self._function, list(self._names)
        self._names.append(node.name)
        if outer is None:
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            self._function = (".".join(self._names), first)
        node.body = _visited(self, _without_docstring(node.body), node.body)
        self._function, self._names = outer, names
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._names.append(node.name)
        node.body = _visited(self, _without_docstring(node.body), node.body)
        self._names.pop()
        return node

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = _visited(self, _without_docstring(node.body), node.body)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if ast.unparse(node.targets[0]) != "__all__":
            node.value = self.visit(node.value)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        if isinstance(node.value, ast.Constant):
            return node
        return self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in _GENERIC:
            return node
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        return node


#: Types that are subscripted where code runs, in casts and aliases.
_GENERIC = frozenset({"tuple", "dict", "list", "frozenset", "set", "type", "Callable", "Iterator"})


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return body[1:] if told else body


def _visited(walk: _Walk, visit: list[ast.stmt], whole: list[ast.stmt]) -> list[ast.stmt]:
    kept = whole[: len(whole) - len(visit)]
    return kept + [walk.visit(one) for one in visit]
