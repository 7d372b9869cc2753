"""What the code of a cell says, without running it."""

import ast
import functools
import sys
from collections.abc import Iterator

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

EVERYWHERE = sys.stdlib_module_names | {"numpy", "matplotlib"}
LECTURES_NEVER = ("rnnref.checks", "rnnref.engine", "rnnref.grader")
FIGURE_MAKERS = frozenset({"figure", "subplots", "subplot_mosaic"})


@functools.cache
def parse(source: str) -> ast.Module | None:
    """Parse a code cell, magics included; None if it is not Python."""
    try:
        return ast.parse(TransformerManager().transform_cell(source))
    except SyntaxError:
        return None


def code_trees(notebook: NotebookNode) -> Iterator[tuple[str, ast.Module]]:
    """Iterate over the ids and trees of the code cells that can be parsed."""
    for cell in notebook.cells:
        tree = parse(cell.source) if cell.cell_type == "code" else None
        if tree is not None:
            yield cell.id, tree


def forbidden_imports(tree: ast.Module, *, graded: bool) -> list[str]:
    """Return the modules that a cell imports and a student's notebook may not."""
    modules = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            # `from rnnref import course` is about rnnref.course; below that, names do not matter.
            modules += [
                f"{module}.{alias.name}" if module == "rnnref" else module for alias in node.names
            ]
    return list(dict.fromkeys(module for module in modules if not _allowed(module, graded)))


def _allowed(module: str, graded: bool) -> bool:
    package = module.split(".")[0]
    if package != "rnnref":
        return package in EVERYWHERE
    if graded:
        return _within(module, "rnnref.course")
    return not any(_within(module, room) for room in LECTURES_NEVER)


def _within(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def lacks_alt_text(tree: ast.Module) -> bool:
    """Say whether a cell makes a figure but never calls ``show(…, alt="…")``."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    makes_figure = any(
        isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) in {"plt", "matplotlib.pyplot"}
        and call.func.attr in FIGURE_MAKERS
        for call in calls
    )
    return makes_figure and not any(_shows_with_alt(call) for call in calls)


def _shows_with_alt(call: ast.Call) -> bool:
    if ast.unparse(call.func).split(".")[-1] != "show":
        return False
    return any(
        keyword.arg == "alt"
        and not (isinstance(keyword.value, ast.Constant) and not str(keyword.value.value).strip())
        for keyword in call.keywords
    )


def stub_faults(name: str, solution: str, stub: str) -> list[str]:
    """Compare a solution cell with the stub that students get.

    Parameters
    ----------
    name : str
        What the cell must define: a function, or a plain variable such as a dict.
    solution, stub : str
        The cell's source in the solution and in the release.

    Returns
    -------
    list of str
        What is wrong with the stub; empty if students can start from it.
    """
    solution_tree, stub_tree = parse(solution), parse(stub)
    if solution_tree is None or stub_tree is None:
        return []  # reported as such

    solved, stubs = _functions(solution_tree), _functions(stub_tree)
    if name not in solved:
        if not _assigns(solution_tree, name):
            return [f"the solution does not define {name}"]
        return [] if _gives_up(stub_tree.body) else ["the stub does not raise NotImplementedError"]

    faults = [] if name in stubs else [f"the stub does not define {name}"]
    for function, node in stubs.items():
        if function not in solved:
            faults.append(f"the stub defines {function}, which the solution does not")
            continue
        if _signature(node) != _signature(solved[function]):
            faults.append(
                f"the stub's signature {_signature(node)} is not the solution's "
                f"{_signature(solved[function])}"
            )
        if not ast.get_docstring(node):
            faults.append(f"the stub of {function} has no docstring")
        elif ast.get_docstring(node) != ast.get_docstring(solved[function]):
            faults.append(f"the docstring of {function} is not the solution's")
        if not _gives_up(node.body):
            faults.append(f"the stub of {function} does not raise NotImplementedError")
    return faults


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def _signature(function: ast.FunctionDef) -> str:
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    return f"{function.name}({ast.unparse(function.args)}){returns}"


def _gives_up(body: list[ast.stmt]) -> bool:
    return any(
        isinstance(node, ast.Raise)
        and node.exc is not None
        and ast.unparse(node.exc).removesuffix("()") == "NotImplementedError"
        for node in body
    )


def _assigns(tree: ast.Module, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name
        for node in ast.walk(tree)
    )
