"""The mutants of a file: one comparison, operator, number, truth value, condition or result changed."""

from __future__ import annotations

import ast
from typing import NamedTuple

SWAPPED = {
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
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.USub: ast.UAdd,
}


class Mutant(NamedTuple):
    """A file below the root, the number of the change in it, where it is, and what is changed to what."""

    path: str
    number: int
    line: int
    column: int
    before: str
    after: str

    @property
    def key(self):
        """A name that no other mutant has."""
        place = f"{self.path.removeprefix('src/lossfn/')}:{self.line}:{self.column}"
        return f"{place}: {self.before} -> {self.after}"


def mutants(file, path):
    """Return every mutant of a file."""
    found = []
    for number, (node, field, new) in enumerate(places(ast.parse(file.read_text("utf-8")))):
        before, old = shown(node), getattr(node, field)
        setattr(node, field, new)
        found.append(Mutant(path, number, node.lineno, node.col_offset, before, shown(node)))
        setattr(node, field, old)
    return found


def shown(node):
    """Return one line: of a branch the condition alone."""
    return " ".join(ast.unparse(getattr(node, "test", node)).split())


def planted(file, number):
    """Return the tree of a file with one change made."""
    tree = ast.parse(file.read_text("utf-8"))
    node, field, new = places(tree)[number]
    setattr(node, field, new)
    return ast.fix_missing_locations(tree)


def places(tree):
    """Return every node that can be changed, the field that is, and what it becomes."""
    return [(node, field, new) for node in executed(tree) for field, new in changes(node)]


def executed(tree):
    """Yield the nodes below one, less annotations and the reasons of errors, which change no result."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST) and not isinstance(node, ast.Raise):
                yield node
                yield from executed(node)


def changes(node):
    """Yield a field of a node and what it becomes."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPPED:
            yield "ops", [SWAPPED[type(op)]()]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) | ast.UnaryOp(op=op) if type(op) in SWAPPED:
            yield "op", SWAPPED[type(op)]()
        case ast.Constant(value=bool() as value):
            yield "value", not value
        case ast.Constant(value=int() | float() as value):
            yield "value", value + 1 if float(value).is_integer() else 1.5 * value
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield "value", ast.Constant(None)
        case ast.If(test=test) | ast.IfExp(test=test) | ast.While(test=test):
            yield "test", ast.UnaryOp(ast.Not(), test)
