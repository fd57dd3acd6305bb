"""What the house rules look at: the project's own Python files and templates."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("sportello", "kb", "editorial", "search_index")
DOMAIN_MODULES = {"models", "queries", "services", "events", "indexing"}


@cache
def modules() -> tuple[Path, ...]:
    """Every module of the product, sorted."""
    return tuple(sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def name(path: Path) -> str:
    """The path as it stands in the repository."""
    return path.relative_to(ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, nested ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_domain(path: Path) -> bool:
    """Belongs to the part that does not know Flask."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:2] == ("sportello", "core") or bool(DOMAIN_MODULES & set(parts))
