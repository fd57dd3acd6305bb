"""Pages of the writing side."""

from flask import Blueprint

from editorial.views import duties, editor, feedback, insight, new, preview, queues, readers, translate, verify
from editorial.views.blueprint import bp

__all__ = [
    "blueprints",
    "duties",
    "editor",
    "feedback",
    "insight",
    "new",
    "preview",
    "queues",
    "readers",
    "translate",
    "verify",
]

blueprints: list[Blueprint] = [bp]
