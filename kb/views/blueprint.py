"""Where the pages hang: under /kb, and the sitemap at the root."""

from flask import Blueprint

bp = Blueprint("kb", __name__, url_prefix="/kb")
root = Blueprint("kb_root", __name__)
