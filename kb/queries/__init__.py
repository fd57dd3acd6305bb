"""What can be asked about articles; every answer is computed from what the viewer may read."""

from kb.queries.archived import Archived, archived_article
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
from kb.queries.comments import without_comments
from kb.queries.files import (
    FileRow,
    ListedFile,
    article_files,
    attachments_of,
    readable_files,
    served_file,
    without_hidden_files,
    without_hidden_markdown_files,
)
from kb.queries.links import linked_slugs, own_addresses, without_hidden_links, without_hidden_markdown_links
from kb.queries.lists import Order, Page, Scope, articles_for_products, critical_articles, list_articles
from kb.queries.pictures import BarePicture, pictures_without_alt
from kb.queries.pointers import broken_links, links_to
from kb.queries.public import Address, feed_items, public_addresses
from kb.queries.related import related_articles

__all__ = [
    "Address",
    "Archived",
    "BarePicture",
    "Branch",
    "Card",
    "FileRow",
    "ListedFile",
    "Order",
    "Page",
    "Reading",
    "Scope",
    "Shelf",
    "addresses_of",
    "archived_article",
    "article_count",
    "article_files",
    "articles_for_products",
    "attachments_of",
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
    "own_addresses",
    "pictures_without_alt",
    "places_of",
    "product_shelf",
    "product_shelves",
    "public_addresses",
    "read_article",
    "read_markdown",
    "readable_files",
    "readable_slugs",
    "related_articles",
    "served_file",
    "tag_shelf",
    "tags_of",
    "vote_of",
    "without_comments",
    "without_hidden_files",
    "without_hidden_links",
    "without_hidden_markdown_files",
    "without_hidden_markdown_links",
]
