"""Letting the worker do everything that waits, in this thread."""

from flask import Flask

from search_index.handlers import ensure_index
from sportello.core.handling import Site
from sportello.portal.wiring import make_worker


def work_off(app: Flask) -> int:
    """Build the index if there is none, then handle every ready event; returns how many."""
    site: Site = app.extensions["sportello.site"]
    ensure_index(site)
    return make_worker(site).run_once()
