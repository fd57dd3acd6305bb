"""Following: what the control on the pages of followable things sends, and the list of everything that is followed."""

from collections.abc import Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sportello.accounts.views.blueprints import safe_next
from sportello.core.errors import N_, Invalid
from sportello.core.types import Ref
from sportello.notifications.levels import Level
from sportello.notifications.queries import subscriptions as query
from sportello.notifications.registry import registry
from sportello.notifications.services.follow import set_level, set_levels
from sportello.notifications.views.blueprints import bp
from sportello.notifications.views.words import LEVELS, WORDS, LevelWords, level_from
from sportello.web.access import current_viewer, signed_in
from sportello.web.i18n import explain
from sportello.web.i18n import gettext as _
from sportello.web.session import read_session, write_session

PREFIX = "level-"


@bp.app_template_global("follow_levels")
def follow_levels() -> tuple[LevelWords, ...]:
    """The levels to choose from, the closest first."""
    return LEVELS


@bp.app_template_global("level_words")
def level_words(level: Level) -> LevelWords:
    """How a level is called."""
    return WORDS[level]


@bp.app_template_global("without_choice")
def without_choice(standing: query.Standing) -> str:
    """What it means not to have chosen a level."""
    if standing.default is not None:
        return str(_("By default: %(level)s", level=_(WORDS[standing.default].label)))
    return str(_("As what it belongs to") if standing.ref.kind in registry.sources else _("Not followed"))


@bp.post("/follow/<kind>/<path:key>")
@signed_in
def follow(kind: str, key: str) -> ResponseReturnValue:
    """From the control; back to its page."""
    level = _level(request.form.get("level", ""))
    with write_session() as session:
        topic = set_level(session, current_viewer(), Ref(kind, key), level)
    name = topic.name(current_viewer().language)
    if level is None:
        flash(_("“%(name)s”: your choice is taken back.", name=name))
    else:
        flash(_("“%(name)s”: %(level)s.", name=name, level=_(WORDS[level].label)))
    return redirect(safe_next(request.form.get("back")) or url_for("notifications.subscriptions"), 303)


@bp.route("/settings/subscriptions", methods=["GET", "POST"])
@signed_in
def subscriptions() -> ResponseReturnValue:
    """All that one follows; the form sends every line, and those that are others than before are kept."""
    if request.method != "POST":
        return _page()
    try:
        levels = _levels(request.form)
        with write_session() as session:
            changed = set_levels(session, current_viewer(), levels)
    except Invalid as error:
        return _page(explain(error), request.form), 400
    flash(_("Saved.") if changed else _("Nothing was changed."))
    return redirect(url_for("notifications.subscriptions"), 303)


def _page(problem: str = "", typed: Mapping[str, str] | None = None) -> str:
    with read_session() as session:
        groups = query.subscriptions(session, current_viewer())
    return render_template(
        "notifications/subscriptions.html", groups=groups, problem=problem, typed=typed or {}, PREFIX=PREFIX
    )


def _level(value: str) -> Level | None:
    try:
        return level_from(value)
    except KeyError:
        raise Invalid(N_("Choose a level from the list."), field="level") from None


def _levels(form: Mapping[str, str]) -> dict[Ref, Level | None]:
    """Every line of the list, and the line that is added: `add` names it, `add-level` is its level."""
    found: dict[Ref, Level | None] = {}
    if added := form.get("add"):
        found[_ref(added)] = _level(form.get("add-level", ""))
    for name in form:
        if name.startswith(PREFIX):
            found[_ref(name.removeprefix(PREFIX))] = _level(form[name])
    return found


def _ref(text: str) -> Ref:
    try:
        return Ref.parse(text)
    except ValueError:
        raise Invalid(N_("Choose a level from the list."), field="level") from None
