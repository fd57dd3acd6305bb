"""What every application would make anew, made once for all tests: code of templates and addresses, static files.

An application is made for nearly every test. Half of the time of a test went into compiling the same templates, and
the functions by which werkzeug builds the address of a rule.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from sportello.web import assets


class TemplateCode(BytecodeCache):
    """Keeps the code of templates by name and content."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key, bucket.checksum] = bucket.code


def share_templates(patch: pytest.MonkeyPatch) -> None:
    """Templates are compiled once for all applications."""
    patch.setitem(Flask.jinja_options, "bytecode_cache", TemplateCode())


def share_addresses(patch: pytest.MonkeyPatch) -> None:
    """The functions of rules are compiled once for all applications: they get their rule as an argument."""
    compiled: dict[Any, Callable[..., Any]] = {}
    compile_builder = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    patch.setattr(Rule, "_compile_builder", builder)


def share_files(patch: pytest.MonkeyPatch) -> None:
    """Static files are collected once for each place to which they are laid out."""
    versions: dict[tuple[Path, ...], str] = {}
    build = assets.build

    def once(static: Path, templates: Path, target: Path) -> str:
        place = (static, templates, target.resolve())
        if place not in versions or not (target / versions[place]).is_dir():
            versions[place] = build(static, templates, target)
        return versions[place]

    patch.setattr(assets, "build", once)
