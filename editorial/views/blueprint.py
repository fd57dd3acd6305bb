"""Where the writing pages hang: beside the articles, under /kb, and the queues at the root."""

from flask import Blueprint

bp = Blueprint("editorial", __name__)
