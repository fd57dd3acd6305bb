"""What can be asked about articles; every answer is computed from what the viewer may read."""

from kb.queries.articles import (
    get_article,
    languages_of,
    moved_to,
    read_article,
    read_markdown,
    readable_slugs,
    vote_of,
)
from kb.queries.browse import (
    Branch,
    Shelf,
    article_count,
    category_path,
    category_tree,
    find_branch,
    product_shelf,
    product_shelves,
    tag_shelf,
)
from kb.queries.links import linked_slugs, without_hidden_links, without_hidden_markdown_links
from kb.queries.lists import Order, Page, Scope, articles_for_products, critical_articles, list_articles
from kb.queries.public import Address, feed_items, public_addresses
from kb.queries.related import related_articles

__all__ = [
    "Address",
    "Branch",
    "Order",
    "Page",
    "Scope",
    "Shelf",
    "article_count",
    "articles_for_products",
    "category_path",
    "category_tree",
    "critical_articles",
    "feed_items",
    "find_branch",
    "get_article",
    "languages_of",
    "linked_slugs",
    "list_articles",
    "moved_to",
    "product_shelf",
    "product_shelves",
    "public_addresses",
    "read_article",
    "read_markdown",
    "readable_slugs",
    "related_articles",
    "tag_shelf",
    "vote_of",
    "without_hidden_links",
    "without_hidden_markdown_links",
]
