"""
Change the modules of core/ in one place at a time, and see whether a test notices.

    .venv/bin/python scripts/mutants.py [MODULE ...]     # make mutants MODULES="digest url"

Each mutant is tried in a process of its own, forked when everything but figwasp is imported already; the changed module
is never written anywhere. Only the unit tests in `tests/core` that are named after the module are run, and those in
`ALSO`. What survives is shown as a diff: either a test is missing, or it changes nothing that anybody could see.
"""

import ast
import copy
import difflib
import importlib.abc
import importlib.util
import os
import resource
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

import hypothesis
import msgspec  # noqa: F401 - imported before the forks, as it takes long
import pytest

TREE: Final = Path(__file__).parent.parent
CORE: Final = TREE / "src/figwasp/core"
ALSO: Final = {
    "compare": ("contents", "finding"),
    "judgement": ("compare", "finding"),
    "configs": ("compare",),
    "contents": ("compare",),
    "decide": ("restraint",),
    "decision": ("decide", "report", "restraint"),
    "record": ("decide", "restraint"),
    "recording": ("decide", "restraint"),
    "verdict": ("compare", "rules", "finding"),
}
"""Whose tests are run too for a module that they cover."""

CPU_SECONDS: Final = 30
WIDTH: Final = os.cpu_count() or 1

_COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_OPERATORS: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


class Mutations(ast.NodeTransformer):
    """Makes the change number `wanted` in the order of the tree, and counts them all; types and texts are left."""

    def __init__(self, wanted: int) -> None:
        self.count = 0
        self._wanted = wanted

    def _is_due(self) -> bool:
        self.count += 1
        return self.count - 1 == self._wanted

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Change the value only."""
        node.value = self.visit(node.value) if node.value else None
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Change what is in it, not whether its values may be changed or ordered."""
        node.body = [self.visit(each) for each in node.body]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Change the body and the defaults, not the annotations."""
        node.body = [self.visit(each) for each in node.body]
        node.args.kw_defaults = [each and self.visit(each) for each in node.args.kw_defaults]
        node.args.defaults = [self.visit(each) for each in node.args.defaults]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Ask the opposite, or shift a bound by one."""
        self.generic_visit(node)
        for at, each in enumerate(node.ops):
            if type(each) in _COMPARISONS and self._is_due():
                node.ops[at] = _COMPARISONS[type(each)]()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """Put `and` for `or`, and the other way."""
        self.generic_visit(node)
        if self._is_due():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Calculate something else."""
        self.generic_visit(node)
        if type(node.op) in _OPERATORS and self._is_due():
            node.op = _OPERATORS[type(node.op)]()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Leave out a `not`."""
        self.generic_visit(node)
        return node.operand if isinstance(node.op, ast.Not) and self._is_due() else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """Always take the one, or the other."""
        self.generic_visit(node)
        if self._is_due():
            return node.body
        return node.orelse if self._is_due() else node

    def visit_If(self, node: ast.If) -> ast.AST:
        """Always do it, or never."""
        self.generic_visit(node)
        for value in (True, False):
            if self._is_due():
                node.test = ast.Constant(value)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """Another number, or the other truth."""
        if isinstance(node.value, bool):
            return ast.Constant(not node.value) if self._is_due() else node
        if isinstance(node.value, int | float):
            return ast.Constant(node.value + 1) if self._is_due() else node
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """Give nothing."""
        self.generic_visit(node)
        return ast.Return(ast.Constant(None)) if node.value is not None and self._is_due() else node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """Leave out a condition."""
        self.generic_visit(node)
        node.ifs = [each for each in node.ifs if not self._is_due()]
        return node


def mutants(source: str) -> Iterator[ast.Module]:
    """Every change of a module, one at a time."""
    tree, number = ast.parse(source), 0
    while True:
        one = Mutations(number)
        changed = one.visit(copy.deepcopy(tree))
        if number >= one.count:
            return
        if ast.unparse(changed) != ast.unparse(tree):
            yield ast.fix_missing_locations(changed)
        number += 1


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets one module be another one."""

    def __init__(self, name: str, changed: ast.Module) -> None:
        self._name, self._changed = name, changed

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._changed, self._name, "exec"), module.__dict__)  # noqa: S102 - what this program is for


def try_out(name: str, changed: ast.Module) -> int:
    """Run the tests of a module with a changed one, in a process of its own that ends with 0 if all pass; its id."""
    child = os.fork()
    if child:
        return child
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.meta_path.insert(0, _Finder(f"figwasp.core.{name}", changed))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None)
    os._exit(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore", *map(str, tests(name))]))


def tests(name: str) -> list[Path]:
    """The files whose tests are run for a module."""
    names = (name, *ALSO.get(name, ()))
    return sorted({found for each in names for found in (TREE / "tests/core").glob(f"test_{each}*.py")})


def survivors(name: str, tree: ast.Module, changes: list[ast.Module]) -> list[ast.Module]:
    """Those changes of a module that no test notices."""
    running: dict[int, ast.Module] = {}
    found, waiting = [], list(changes)
    if os.waitstatus_to_exitcode(os.waitpid(try_out(name, tree), 0)[1]):
        raise SystemExit(f"{name}: its tests fail, or there are none")
    while waiting or running:
        while waiting and len(running) < WIDTH:
            one = waiting.pop(0)
            running[try_out(name, one)] = one
        child, status = os.wait()
        one = running.pop(child)
        if os.waitstatus_to_exitcode(status) == 0:
            found.append(one)
    return found


def difference(before: ast.Module, after: ast.Module) -> str:
    """The lines that differ."""
    old, new = (ast.unparse(each).splitlines() for each in (before, after))
    lines = list(difflib.unified_diff(old, new, lineterm="", n=0))[3:]
    return "\n".join(f"    {line}" for line in lines)


def main(names: list[str]) -> int:
    """Try all mutants of the named modules, or of all that have tests; gives 1 where any survived."""
    os.chdir(TREE)
    count = 0
    for name in names or sorted(each.stem for each in CORE.glob("*.py") if tests(each.stem)):
        tree = ast.parse((CORE / f"{name}.py").read_text())
        changes = list(mutants((CORE / f"{name}.py").read_text()))
        found = survivors(name, tree, changes) if changes else []
        killed = len(changes) - len(found)
        print(f"{name}: {killed} of {len(changes)} killed", flush=True)
        for one in found:
            print(difference(tree, one), end="\n\n", flush=True)
        count += len(found)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
