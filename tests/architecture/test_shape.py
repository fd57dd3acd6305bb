"""The house stays small and tidy: sizes, annotations, time, environment, imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, functions, is_domain, modules, name, tree

MAX_FILE, MAX_FUNCTION = 250, 50
each_module = pytest.mark.parametrize("path", modules(), ids=name)


@each_module
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MAX_FILE


@each_module
def test_a_function_fits_on_a_screen(path: Path) -> None:
    long = [f.name for f in functions(path) if (f.end_lineno or 0) - f.lineno + 1 > MAX_FUNCTION]
    assert not long


@each_module
def test_every_module_says_what_it_is(path: Path) -> None:
    if path.read_text("utf-8").strip():
        assert ast.get_docstring(tree(path))


@each_module
def test_every_function_says_what_it_returns(path: Path) -> None:
    bare = [f.name for f in functions(path) if f.returns is None]
    assert not bare


@each_module
def test_only_settings_reads_the_environment(path: Path) -> None:
    if name(path) != "sportello/core/settings.py":
        assert not re.search(r"\bos\.(environ|getenv)\b", path.read_text("utf-8"))


@each_module
def test_no_naive_time(path: Path) -> None:
    text = path.read_text("utf-8")
    if name(path) != "sportello/core/clock.py":
        assert not re.search(r"datetime\.(utcnow|now|today)\(|date\.today\(", text), "use sportello.core.clock"


@each_module
def test_nothing_is_left_unfinished(path: Path) -> None:
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", path.read_text("utf-8"))


@each_module
def test_the_domain_does_not_know_flask(path: Path) -> None:
    if not is_domain(path):
        return
    imported = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not imported & {"flask", "flask_login", "flask_babel", "flask_wtf", "wtforms", "werkzeug"}


def test_every_arrow_points_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nobody_else_compares_plans_or_roles() -> None:
    allowed = {"sportello/core/audience.py", "sportello/core/policy.py"}
    offenders = []
    for path in modules():
        if name(path) in allowed or "/demo/" in name(path):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Compare):
                texts = [ast.unparse(part) for part in (node.left, *node.comparators)]
                if any(re.search(r"\.plan$|^['\"](xtreme|premium|elite)['\"]$", text) for text in texts):
                    offenders.append(f"{name(path)}:{node.lineno} {ast.unparse(node)}")
    assert not offenders
