"""How an article does: openings, votes by revision, what readers wrote, which searches led here."""

from flask import render_template
from flask.typing import ResponseReturnValue

from editorial.views.blueprint import bp
from editorial.views.verify import CONFIDENCES
from kb.queries import get_article
from kb.queries.feedback import Asked, feedback
from kb.queries.insight import views_by_audience, views_by_week, votes_by_revision
from kb.queries.pointers import links_to
from search_index.led_here import led_here
from search_index.log import ANONYMOUS, STAFF
from sportello.accounts.models import Person
from sportello.core.errors import N_
from sportello.core.policy import Action
from sportello.core.types import Ref
from sportello.web.access import current_viewer, requires
from sportello.web.i18n import gettext as _
from sportello.web.session import counters_session, read_session

CLASSES = {ANONYMOUS: N_("Signed out or without coverage"), STAFF: N_("Staff")}


@bp.get("/kb/<slug>/insight")
@requires(Action.FEEDBACK_READ)
def insight(slug: str) -> ResponseReturnValue:
    """The page of one article, in all its languages together."""
    viewer = current_viewer()
    with read_session() as session:
        translation = get_article(session, viewer, slug)
        article = translation.article
        owner = session.get(Person, article.owner_id) if article.owner_id else None
        votes = votes_by_revision(session, viewer, article.id)
        said = feedback(session, viewer, Asked(article_id=article.id))
        links = links_to(session, viewer, slug)
    with counters_session() as counters:
        weeks = views_by_week(counters, article.key)
        audiences = views_by_audience(counters, article.key)
        searches = led_here(counters, Ref("article", article.key))
    return render_template(
        "editorial/insight.html",
        item=translation,
        article=article,
        owner=owner,
        confidence=CONFIDENCES.get(article.confidence, article.confidence),
        weeks=weeks,
        most=max(max(week.readers + week.staff for week in weeks), 1),
        audiences=[(_class(name), count) for name, count in audiences],
        votes=votes,
        page=said,
        searches=searches,
        links=links,
    )


def _class(name: str) -> str:
    """The name of a class of readers: a plan, or one of the others."""
    from editorial.views.readers import site_plans

    return _(CLASSES[name]) if name in CLASSES else site_plans().name(name)
