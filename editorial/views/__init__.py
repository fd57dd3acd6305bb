"""Pages of the writing side."""

from flask import Blueprint

from editorial.views.blueprint import bp

blueprints: list[Blueprint] = [bp]
