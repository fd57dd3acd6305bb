"""What can be asked about articles; every answer is computed from what the viewer may read."""

from kb.queries.articles import (
    Reading,
    addresses_of,
    get_article,
    languages_of,
    moved_to,
    read_article,
    read_markdown,
    readable_slugs,
    tags_of,
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
from kb.queries.cards import Card, places_of
from kb.queries.links import linked_slugs, without_hidden_links, without_hidden_markdown_links
from kb.queries.lists import Order, Page, Scope, articles_for_products, critical_articles, list_articles
from kb.queries.pointers import broken_links, links_to
from kb.queries.public import Address, feed_items, public_addresses
from kb.queries.related import related_articles

__all__ = [
    "Address",
    "Branch",
    "Card",
    "Order",
    "Page",
    "Reading",
    "Scope",
    "Shelf",
    "addresses_of",
    "article_count",
    "articles_for_products",
    "broken_links",
    "category_path",
    "category_tree",
    "critical_articles",
    "feed_items",
    "find_branch",
    "get_article",
    "languages_of",
    "linked_slugs",
    "links_to",
    "list_articles",
    "moved_to",
    "places_of",
    "product_shelf",
    "product_shelves",
    "public_addresses",
    "read_article",
    "read_markdown",
    "readable_slugs",
    "related_articles",
    "tag_shelf",
    "tags_of",
    "vote_of",
    "without_hidden_links",
    "without_hidden_markdown_links",
]
