"""Articles for tests, made through the services as an editor makes them."""

from typing import Any

from sqlalchemy.orm import Session

from kb.models import ArticleTranslation
from kb.queries import get_article, languages_of
from kb.services import Draft, DraftText, create_or_update
from sportello.core import audience
from sportello.core.audience import Viewer, readable_keys
from tests.people import LADDER

SYSTEM = audience.system()
SOLUTION = "## Symptoms\n\nThe total is off.\n\n## Cause\n\nRounding.\n\n## Resolution\n\n1. Change the rule.\n"


def write(
    session: Session, title: str, audience_key: str = "public", *, markdown: str = SOLUTION, **more: Any
) -> ArticleTranslation:
    """An imported article, `published` or not; `it` (title) adds an Italian version; the rest goes into the draft."""
    published, summary = more.pop("published", True), more.pop("summary", f"About {title}.")
    texts = {more.pop("language", "en"): DraftText(title, markdown, summary, published=published)}
    if italian := more.pop("it", None):
        texts["it"] = DraftText(italian, markdown, published=published)
    draft = Draft(texts=texts, audience=audience_key, **more)
    article = create_or_update(session, SYSTEM, draft, ladder=LADDER)
    session.flush()
    return get_article(session, SYSTEM, languages_of(session, SYSTEM, article.id)[0].slug)


def customer(plan: str | None, *products: str, language: str = "en", person_id: int | None = 1) -> Viewer:
    """A viewer of a plan without a database row; plan None: anonymous or expired."""
    keys = readable_keys(LADDER, plan=plan, products=products, organisation="acme" if plan else None)
    return Viewer(audiences=keys, person_id=person_id, language=language, products=frozenset(products))
