"""Pages of the writing side."""

from flask import Blueprint

from editorial.views import (
    articlebar,
    duties,
    editor,
    feedback,
    history,
    insight,
    new,
    preview,
    publication,
    queues,
    readers,
    review,
    reviewers,
    translate,
    verify,
)
from editorial.views.blueprint import bp

__all__ = [
    "articlebar",
    "blueprints",
    "duties",
    "editor",
    "feedback",
    "history",
    "insight",
    "new",
    "preview",
    "publication",
    "queues",
    "readers",
    "review",
    "reviewers",
    "translate",
    "verify",
]

blueprints: list[Blueprint] = [bp]
