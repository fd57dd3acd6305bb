"""Staff pages of the pinned answers: list, try, add, edit, order, remove, undo."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import HiddenField, SelectField, StringField
from wtforms.validators import Length

from editorial.services.tuning import save_pin
from editorial.views.blueprint import bp
from editorial.views.choosing import found_articles
from editorial.views.trying import tried_out
from search_index.editing import pinning
from search_index.models import PinnedAnswer
from search_index.sources import Row
from search_index.views import search_service
from sportello.accounts.forms import LANGUAGES, NEEDED
from sportello.accounts.views.blueprints import page, tried
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core.errors import N_, NotFound, SportelloError
from sportello.core.policy import Action
from sportello.core.types import Ref
from sportello.web.access import current_viewer, requires
from sportello.web.forms import Form
from sportello.web.i18n import current_language, lazy_gettext
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

REMOVED = "removed_pin"
ENTRY = StaffEntry(
    Action.SEARCH_TUNE,
    "pin-angle",
    N_("Pinned answers"),
    N_("Articles that stand first for the words that people search with."),
    "editorial.pins",
)


class PinForm(Form):
    """One article for one wording. `article`: an address, or words to find it with."""

    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)
    query = StringField(lazy_gettext("What people search"), validators=[NEEDED, Length(max=256)])
    article = StringField(lazy_gettext("Article"), validators=[NEEDED, Length(max=300)])
    from_gap = HiddenField()


@bp.get("/staff/pins")
@requires(Action.SEARCH_TUNE)
def pins() -> ResponseReturnValue:
    """Every pin by wording, and a box to try them."""
    with read_session() as session:
        rows = pinning.all_pins(session)
        named = _named(session, rows)
        trial = tried_out(session, current_viewer())
    removed = cookie.get(REMOVED) if request.args.get("removed") else None
    return page("editorial/pins.html", rows=rows, named=named, trial=trial, removed=removed)


@bp.route("/staff/pins/edit", methods=["GET", "POST"])
@requires(Action.SEARCH_TUNE)
def edit_pin() -> ResponseReturnValue:
    """A pin by ?key=, or a new one, prefilled from ?query= and ?language=. One button only looks for articles."""
    key = request.args.get("key", "")
    form = PinForm(data=_filled(key))
    refused: SportelloError | None = None
    if chosen := request.form.get("chosen"):
        form.article.data = chosen
    finding = request.form.get("do") == "find"
    if not finding and form.validate_on_submit():
        refused = tried(form, lambda: _save(key, form))
        if refused is None:
            flash(_("Saved. It stands first from now on, for those who may read it."))
            done = form.from_gap.data
            return redirect(url_for("editorial.queue_gaps", done=done) if done else url_for("editorial.pins"), 303)
    with read_session() as session:
        text = form.article.data if finding or form.article.errors else form.query.data
        found = found_articles(session, current_viewer(), text or "", form.language.data or current_language())
    refused = refused or (SportelloError() if form.errors else None)
    return page("editorial/pin_form.html", refused, form=form, key=key, found=found)


@bp.post("/staff/pins/raise")
@requires(Action.SEARCH_TUNE)
def raise_pin() -> ResponseReturnValue:
    """Before the others of its wording."""
    with write_session() as session:
        pinning.raise_pin(session, current_viewer(), request.form.get("key", ""))
    return redirect(url_for("editorial.pins"), 303)


@bp.post("/staff/pins/remove")
@requires(Action.SEARCH_TUNE)
def remove_pin() -> ResponseReturnValue:
    with write_session() as session:
        cookie[REMOVED] = pinning.remove_pin(session, current_viewer(), request.form.get("key", ""))
    return redirect(url_for("editorial.pins", removed=1), 303)


@bp.post("/staff/pins/restore")
@requires(Action.SEARCH_TUNE)
def restore_pin() -> ResponseReturnValue:
    """Put back what was removed last."""
    removed: dict[str, Any] | None = cookie.pop(REMOVED, None)
    if removed is None:
        raise NotFound
    with write_session() as session:
        pinning.add_pin(session, current_viewer(), removed["language"], removed["query"], Ref.parse(removed["ref"]))
    flash(_("It is back."))
    return redirect(url_for("editorial.pins"), 303)


def _named(session: Session, rows: list[PinnedAnswer]) -> dict[str, Row]:
    """The articles by ref; what is not published is missing."""
    wanted = {Ref.parse(row.ref): row.language for row in rows}
    found = search_service().load(session, current_viewer(), wanted, current_language())
    return {str(ref): row for ref, row in found.items()}


def _filled(key: str) -> dict[str, str]:
    if not key:
        names = ("query", "article", "from_gap")
        given = {name: request.args.get(name, "") for name in names}
        return {**given, "language": request.args.get("language", current_language())}
    with read_session() as session:
        row = pinning.get_pin(session, key)
        named = _named(session, [row]).get(row.ref)
    return {"language": row.language, "query": row.query, "article": named.path if named else ""}


def _save(key: str, form: PinForm) -> None:
    with write_session() as session:
        save_pin(
            session, current_viewer(), key, form.language.data, form.query.data, form.article.data,
            gap=form.from_gap.data or "",
        )  # fmt: skip
