"""The pages of the knowledge base."""

from kb.views import article, browse, feeds
from kb.views.blueprint import bp, root

__all__ = ["article", "blueprints", "browse", "feeds"]

blueprints = (bp, root)
