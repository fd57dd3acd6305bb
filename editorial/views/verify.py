"""Keeping articles true: the queue of what to look at again, “still correct” in one click, owner and interval."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import IntegerField, SelectField
from wtforms.validators import Optional

from editorial.queries import owner_choices
from editorial.views.blueprint import bp
from editorial.views.queues import TABS, QueueTab, queue_page
from kb import services
from kb.indexing import CONFIDENCE_LABELS
from kb.models import ArticleTranslation, Confidence
from kb.queries import get_article, places_of
from kb.queries.verification import Show, Upkeep, due_count, verify_queue
from kb.services.verify import LONGEST, SHORTEST
from sportello.accounts.queries import all_products
from sportello.accounts.views.blueprints import safe_next
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.forms import Form
from sportello.web.i18n import gettext as _
from sportello.web.i18n import lazy_gettext
from sportello.web.session import read_session, settings, write_session

CONFIDENCES = {Confidence.VALIDATED: N_("Validated"), **CONFIDENCE_LABELS}
PARTS = {
    Show.DUE: N_("Due"),
    Show.SOON: N_("Due within 30 days"),
    Show.UNOWNED: N_("Without an owner"),
    Show.LONG: N_("Never or not for two years"),
}


@bp.get("/queues/verify")
@requires(Action.ARTICLE_VERIFY)
def queue_verify() -> ResponseReturnValue:
    """Articles to look at again, the longest due first: at first theirs and nobody's, as the tab counts."""
    viewer, show, whose = current_viewer(), request.args.get("show", ""), request.args.get("whose", "")
    asked = Upkeep(
        Show(show) if show in set(Show) else Show.DUE,
        owner=None if whose == "all" else viewer.person_id,
        or_nobody=whose != "mine",
        product=request.args.get("product", ""),
        after=request.args.get("after", ""),
    )
    with read_session() as session:
        queue = verify_queue(session, viewer, asked)
        elsewhere = not queue.rows and bool(verify_queue(session, viewer, Upkeep(asked.show)).rows)
        return queue_page(
            session,
            "editorial/verify.html",
            asked=asked,
            whose=whose,
            queue=queue,
            elsewhere=elsewhere,
            parts=PARTS,
            confidences=CONFIDENCE_LABELS,
            places=places_of(session, viewer, [row.article_id for row in queue.rows]),
            products=all_products(session),
            owners=owner_choices(session),
        )


@bp.post("/kb/<slug>/verify")
@requires(Action.ARTICLE_VERIFY)
def verify(slug: str) -> ResponseReturnValue:
    """Still correct."""
    with write_session() as session:
        services.verify(session, current_viewer(), slug, days=settings().verify_days)
        title = get_article(session, current_viewer(), slug).title
    flash(_("“%(title)s” is verified as of now.", title=title))
    return back_to(slug)


@bp.post("/kb/<slug>/confidence")
@requires(Action.ARTICLE_PUBLISH)
def set_confidence(slug: str) -> ResponseReturnValue:
    """How far the article may be trusted, in one click."""
    chosen = request.form.get("confidence", "")
    if chosen not in set(Confidence):
        raise Invalid(N_("There is no such confidence."), field="confidence")
    with write_session() as session:
        services.set_confidence(session, current_viewer(), slug, Confidence(chosen))
    flash(_("Readers are told: %(confidence)s.", confidence=_(CONFIDENCES[Confidence(chosen)])))
    return back_to(slug)


class UpkeepForm(Form):
    """Who answers for the article, and how long a look at it lasts."""

    owner = SelectField(lazy_gettext("Owner"))
    verify_days = IntegerField(
        lazy_gettext("Verify every (days)"),
        validators=[Optional()],
        render_kw={"min": SHORTEST, "max": LONGEST, "inputmode": "numeric"},
    )


@bp.route("/kb/<slug>/upkeep", methods=["GET", "POST"])
@requires(Action.ARTICLE_VERIFY)
def upkeep(slug: str) -> ResponseReturnValue:
    """Owner and interval. A form without the interval (the queue's) leaves it as it is."""
    viewer = current_viewer()
    with read_session() as session:
        translation = get_article(session, viewer, slug)
        people = owner_choices(session)
    form = _form(translation, people)
    if form.validate_on_submit():
        try:
            with write_session() as session:
                services.set_owner(session, viewer, slug, form.owner.data or None)
                if "verify_days" in request.form:
                    services.set_interval(session, viewer, slug, form.verify_days.data, days=settings().verify_days)
            flash(_("Owner and interval are kept."))
            return back_to(slug)
        except Invalid as error:
            form.show(error)
    page = render_template(
        "editorial/upkeep.html", form=form, translation=translation, back=_back(), usual=settings().verify_days
    )
    return make_response(page, 400 if form.errors or form.form_errors else 200)


def _form(translation: ArticleTranslation, people: Any) -> UpkeepForm:
    article = translation.article
    owner = next((person.key for person in people if person.id == article.owner_id), "")
    form = UpkeepForm(data={"owner": owner, "verify_days": article.verify_days})
    form.owner.choices = [("", _("Nobody")), *((person.key, person.name) for person in people)]
    return form


def _back() -> str | None:
    return safe_next(request.values.get("back"))


def back_to(slug: str) -> ResponseReturnValue:
    """Where the form says that one came from, else the article."""
    return redirect(_back() or url_for("kb.show", slug=slug), 303)


def _count(session: Session, viewer: Any) -> int:
    return due_count(session, viewer)


TABS.append(QueueTab(Action.ARTICLE_VERIFY, N_("To verify"), "editorial.queue_verify", _count, 30))
