"""The pages of the knowledge base."""

from kb.views import article, browse, feeds, files, report
from kb.views.blueprint import bp, root

__all__ = ["article", "blueprints", "browse", "feeds", "files", "report"]

blueprints = (bp, root)
