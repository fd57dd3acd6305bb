"""Categories: the browsing tree."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from kb.models import Category
from sportello.core.audience import Viewer
from sportello.core.policy import Action, require


def ensure_category(
    session: Session,
    actor: Viewer,
    code: str,
    names: Mapping[str, str] | None = None,
    *,
    parent: str | None = None,
    position: int = 0,
) -> Category:
    """The category `code`, created or renamed as told. `names` by language code; default: the code in words.

    A `parent` that does not exist is created. Raises Forbidden.
    """
    require(actor, Action.ARTICLE_IMPORT)
    category = session.scalar(select(Category).where(Category.code == code))
    if category is None:
        words = code.replace("-", " ").replace("_", " ").strip().capitalize() or code
        category = Category(code=code, names=dict(names or {"en": words}), position=position)
        session.add(category)
    elif names:
        category.names, category.position = dict(names), position
    if parent:
        above = ensure_category(session, actor, parent)
        session.flush()
        category.parent_id = above.id
    session.flush()
    return category
