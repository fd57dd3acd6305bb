"""Staff pages of the synonyms: list, try, add, edit, remove, undo."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, RadioField, SelectField, TextAreaField
from wtforms.validators import Length

from editorial.services.tuning import save_synonym
from editorial.views.blueprint import bp
from editorial.views.trying import tried_out
from search_index.editing import synonyms as keeping
from sportello.accounts.forms import LANGUAGES, NEEDED, choices
from sportello.accounts.views.blueprints import page, tried
from sportello.accounts.views.staff_index import StaffEntry
from sportello.core.errors import N_, NotFound, SportelloError
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.forms import Form
from sportello.web.i18n import current_language, lazy_gettext
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

REMOVED = "removed_synonym"
ENTRY = StaffEntry(
    Action.SEARCH_TUNE,
    "arrow-left-right",
    N_("Synonyms"),
    N_("Words that search takes for each other."),
    "editorial.synonyms",
)
WAYS = choices(
    (
        ("two", lazy_gettext("Each finds all the others")),
        ("one", lazy_gettext("The first finds the others too, they do not find it")),
    )
)


class SynonymForm(Form):
    """One group."""

    language = SelectField(lazy_gettext("Language"), choices=LANGUAGES)
    words = TextAreaField(
        lazy_gettext("Words and phrases"), validators=[NEEDED, Length(max=2000)], render_kw={"rows": 5}
    )
    one_way = RadioField(lazy_gettext("Direction"), choices=WAYS, default="two")
    from_gap = HiddenField()

    def phrases(self) -> list[str]:
        """One a line."""
        return [line for line in (self.words.data or "").splitlines() if line.strip()]


@bp.get("/staff/synonyms")
@requires(Action.SEARCH_TUNE)
def synonyms() -> ResponseReturnValue:
    """Every group by language, and a box to try them."""
    with read_session() as session:
        rows = keeping.all_synonyms(session)
        trial = tried_out(session, current_viewer())
    removed = cookie.get(REMOVED) if request.args.get("removed") else None
    return page("editorial/synonyms.html", rows=rows, trial=trial, removed=removed)


@bp.route("/staff/synonyms/edit", methods=["GET", "POST"])
@requires(Action.SEARCH_TUNE)
def edit_synonym() -> ResponseReturnValue:
    """A group by ?key=, or a new one, prefilled from ?words= and ?language=."""
    key = request.args.get("key", "")
    form = SynonymForm(data=_filled(key))
    refused: SportelloError | None = None
    if form.validate_on_submit():
        refused = tried(form, lambda: _save(key, form))
        if refused is None:
            flash(_("Saved. Search knows it from now on."))
            done = form.from_gap.data
            return redirect(url_for("editorial.queue_gaps", done=done) if done else url_for("editorial.synonyms"), 303)
    return page("editorial/synonym_form.html", refused or _errors(form), form=form, key=key)


@bp.post("/staff/synonyms/remove")
@requires(Action.SEARCH_TUNE)
def remove_synonym() -> ResponseReturnValue:
    with write_session() as session:
        cookie[REMOVED] = keeping.remove_synonym(session, current_viewer(), request.form.get("key", ""))
    return redirect(url_for("editorial.synonyms", removed=1), 303)


@bp.post("/staff/synonyms/restore")
@requires(Action.SEARCH_TUNE)
def restore_synonym() -> ResponseReturnValue:
    """Put back what was removed last."""
    removed: dict[str, Any] | None = cookie.pop(REMOVED, None)
    if removed is None:
        raise NotFound
    with write_session() as session:
        keeping.add_synonym(
            session, current_viewer(), removed["language"], removed["words"], one_way=removed["one_way"]
        )
    flash(_("It is back."))
    return redirect(url_for("editorial.synonyms"), 303)


def _filled(key: str) -> dict[str, str]:
    if not key:
        given = request.args
        first = given.get("words", "").strip()
        language = given.get("language", current_language())
        return {"language": language, "words": first and first + "\n", "from_gap": given.get("from_gap", "")}
    with read_session() as session:
        row = keeping.get_synonym(session, key)
    way = "one" if row.one_way else "two"
    return {"language": row.language, "words": "\n".join(map(str, row.words)), "one_way": way}


def _save(key: str, form: SynonymForm) -> None:
    with write_session() as session:
        save_synonym(
            session, current_viewer(), key, form.language.data, form.phrases(),
            one_way=form.one_way.data == "one", gap=form.from_gap.data or "",
        )  # fmt: skip


def _errors(form: Form) -> SportelloError | None:
    """A form that WTForms refused has the status of a refusal, too."""
    return SportelloError() if form.errors else None
