"""Every small change of a source file that its tests should notice.

The changes are those of mutmut (`pip install -e '.[mutation]'`): another
operator, another number or string, an argument that is missing, a value that
is `None`. It must not run a test.
"""

import ast
import collections
from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst
from libcst import matchers
from libcst.metadata import ByteSpanPositionProvider
from libcst.metadata import MetadataWrapper
from libcst.metadata import PositionProvider
from mutmut.mutation.mutators import mutation_operators

# What no test can see: names, types, docstrings, and what runs at import.
_UNSEEN = matchers.OneOf(
    matchers.Annotation(),
    matchers.Decorator(),
    matchers.Assign(targets=[matchers.AssignTarget(matchers.Name("__all__"))]),
    matchers.Assign(value=matchers.Subscript(value=matchers.Name("Literal"))),
    # As in mutmut: nearly all of these fail at once and show nothing.
    matchers.Call(func=matchers.Name("isinstance") | matchers.Name("len")),
)


class Mutant(NamedTuple):
    """A file with one change.

    Attributes:
        name: Where, and from what to what; the same until the code changes.
        line: Number of the changed line, from 1.
        scope: Qualified name of the function or class around it.
        is_in_function: Whether that is a function.
        source: The whole file with the change.
    """

    name: str
    line: int
    scope: str
    is_in_function: bool
    source: str


class _Visitor(cst.CSTVisitor):
    """Collects pairs of a node and what takes its place."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[cst.CSTNode, cst.CSTNode]] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if matchers.matches(node, _UNSEEN):
            return False
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                self.found += ((node, other) for other in operator(node))
        return True


def mutants(source: str) -> Iterator[Mutant]:
    """Yields the mutants of a file, in the order of its lines.

    Args:
        source: Text of the file.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    module, visitor = wrapper.module, _Visitor()
    module.visit(visitor)
    places = wrapper.resolve(PositionProvider)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    text, program = source.encode(), ast.dump(ast.parse(source))
    scopes, seen = _scopes(source), collections.Counter[str]()
    for node, other in visitor.found:
        start, end = spans[node].start, spans[node].start + spans[node].length
        after = module.code_for_node(other)
        changed = (text[:start] + after.encode() + text[end:]).decode()
        if not _is_another_program(changed, program):
            continue
        line = places[node].start.line
        scope, is_in_function = scopes.get(line, ("module", False))
        change = f"{module.code_for_node(node)} -> {after}"
        name = f"{scope}: {' '.join(change.split())}"
        seen[name] += 1
        number = f" ({seen[name]})" if seen[name] > 1 else ""
        yield Mutant(name + number, line, scope, is_in_function, changed)


def _scopes(source: str) -> dict[int, tuple[str, bool]]:
    """Returns the outermost function, or the class, around each line."""
    scopes: dict[int, tuple[str, bool]] = {}

    def visit(node: ast.AST, outer: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{outer}.{child.name}".removeprefix(".")
                is_function = isinstance(child, ast.FunctionDef)
                lines = range(child.lineno, (child.end_lineno or 0) + 1)
                scopes.update(dict.fromkeys(lines, (name, is_function)))
                if not is_function:
                    visit(child, name)

    visit(ast.parse(source), "")
    return scopes


def _is_another_program(changed: str, program: str) -> bool:
    try:
        return ast.dump(ast.parse(changed)) != program
    except SyntaxError:
        return False
