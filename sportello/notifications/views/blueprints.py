"""Where the pages hang: at the root, each view with its whole path."""

from flask import Blueprint

bp = Blueprint("notifications", __name__)
