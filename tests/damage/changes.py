"""Somebody who keeps changing articles: what the worker must bring into the index."""

import random
import threading
import time

from sqlalchemy import select

from kb.events import ArticleChanged
from kb.models import Article, ArticleTranslation
from kb.services import change_audience, delete_article, publish, unpublish
from search_index import mask
from sportello.core import audience, clock, outbox
from sportello.core.audience import VISIBLE_TO
from sportello.core.db import Database
from sportello.core.errors import SportelloError
from sportello.core.types import Ref
from tests.damage.places import Place

LADDER = ("xtreme", "premium", "elite")
ACTOR = audience.system()


def change_something(database: Database, chance: random.Random) -> None:
    """One transaction: another audience, unpublished or published, another title, or (rarely) gone."""
    with database.write() as session:
        statement = ArticleTranslation.visible_to(ACTOR).order_by(ArticleTranslation.id)
        translations = session.scalars(statement).all()
        chosen = chance.choice(translations)
        match chance.choice(("audience", "audience", "visibility", "title", "title", "delete")):
            case "audience":
                key = chance.choice(("public", "xtreme", "premium", "elite", "staff", "premium@ledger"))
                change_audience(session, ACTOR, chosen.slug, key, ladder=LADDER)
            case "visibility":
                (unpublish if chosen.published_at else publish)(session, ACTOR, chosen.slug)
            case "title":
                _retitle(session, chosen, chance)
            case "delete" if len(translations) > 40:
                delete_article(session, ACTOR, chosen.slug)


def _retitle(session: object, translation: ArticleTranslation, chance: random.Random) -> None:
    translation.title = f"Changed {chance.randrange(10**6)} {translation.title}"[:200]
    translation.updated_at = clock.now()
    statement = select(Article).where(Article.id == translation.article_id)
    article = session.scalars(statement.execution_options(**{VISIBLE_TO: True})).one()  # type: ignore[attr-defined]
    mask.hide(session, Ref("article", article.key))  # type: ignore[arg-type]
    outbox.emit(session, ArticleChanged(article.key))  # type: ignore[arg-type]


class Changing:
    """`with Changing(place) as changing`: changes follow each other until the block ends; `count` of them."""

    def __init__(self, place: Place, seed: int, pause: float = 0.01) -> None:
        self._place, self._chance, self._pause = place, random.Random(seed), pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.count = 0

    def _run(self) -> None:
        with self._place.database() as database:
            while not self._stop.is_set():
                try:
                    change_something(database, self._chance)
                except SportelloError:
                    continue
                self.count += 1
                time.sleep(self._pause)

    def __enter__(self) -> "Changing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)
