"""The demo's articles: a folder of Markdown like any other, imported under the name `demo`."""

from pathlib import Path

from kb.importer import Report, load_folder
from sportello.core import audience
from sportello.core.db import Database
from sportello.core.errors import SportelloError

FOLDER = Path(__file__).with_name("content") / "articles"


class DemoArticlesBad(SportelloError):
    """An article of the demo cannot be imported, for example because the plans file has other plans."""

    message = "The demo article %(where)s cannot be loaded: %(reason)s"


def load_articles(database: Database, ladder: tuple[str, ...]) -> Report:
    """Import what is new or changed. Raises DemoArticlesBad."""
    report = load_folder(database, audience.system(), FOLDER, ladder=ladder)
    if report.bad:
        first = report.bad[0]
        raise DemoArticlesBad(where=first.where, reason=first.reason)
    return report
