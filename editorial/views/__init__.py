"""Pages of the writing side."""

from flask import Blueprint

blueprints: list[Blueprint] = []
