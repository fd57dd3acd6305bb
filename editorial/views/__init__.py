"""Pages of the writing side."""

from flask import Blueprint

from editorial.views import duties, queues
from editorial.views.blueprint import bp

__all__ = ["blueprints", "duties", "queues"]

blueprints: list[Blueprint] = [bp]
