"""Pages of the writing side."""

from flask import Blueprint

from editorial.views import (
    articlebar,
    bulk,
    duties,
    editor,
    feedback,
    gaps,
    history,
    insight,
    links,
    new,
    pins,
    preview,
    publication,
    push,
    queues,
    readers,
    review,
    reviewers,
    translate,
    tuning,
    verify,
)
from editorial.views.blueprint import bp

__all__ = [
    "articlebar",
    "blueprints",
    "bulk",
    "duties",
    "editor",
    "feedback",
    "gaps",
    "history",
    "insight",
    "links",
    "new",
    "pins",
    "preview",
    "publication",
    "push",
    "queues",
    "readers",
    "review",
    "reviewers",
    "translate",
    "tuning",
    "verify",
]

blueprints: list[Blueprint] = [bp]
