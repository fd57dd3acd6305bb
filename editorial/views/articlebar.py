"""The slim bar over an article, for those who write: where it stands and where one can go from here."""

from flask import render_template
from markupsafe import Markup
from sqlalchemy.orm import Session

from editorial.queries import open_change
from kb.models import Confidence
from kb.queries import Reading, get_article
from kb.views.present import ABOVE
from sportello.core import clock
from sportello.core.policy import Action, allows
from sportello.web.access import current_viewer


def article_bar(session: Session, item: Reading) -> Markup:
    """The bar of one article. Two statements."""
    viewer = current_viewer()
    translation = get_article(session, viewer, item.slug)
    article = translation.article
    drawn = render_template(
        "editorial/_articlebar.html",
        item=item,
        article=article,
        change=open_change(session, viewer, item.slug),
        due=article.verify_due_at is not None and article.verify_due_at <= clock.now(),
        shelved=article.archived_at is not None or article.binned_at is not None,
        may_archive=allows(viewer, Action.ARTICLE_ARCHIVE),
        may_push=allows(viewer, Action.ARTICLE_PUSH),
        may_validate=article.confidence != Confidence.VALIDATED and allows(viewer, Action.ARTICLE_PUBLISH),
    )
    return Markup(drawn)


ABOVE.append(article_bar)
