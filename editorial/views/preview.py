"""The preview: what readers would see, rendered by the server as one types."""

from flask import request
from flask.typing import ResponseReturnValue

from editorial.previews import preview_rows, preview_text
from editorial.views.blueprint import bp
from editorial.views.typed import read_typed
from kb.queries import get_article
from sportello.core.errors import Invalid, Unavailable
from sportello.core.policy import Action
from sportello.web.access import current_viewer, requires
from sportello.web.errors import STATUS
from sportello.web.i18n import explain
from sportello.web.session import read_session


@bp.post("/kb/<slug>/edit/preview")
@requires(Action.ARTICLE_DRAFT)
def preview(slug: str) -> ResponseReturnValue:
    """The HTML of each section of the form, or of the whole text; or why it cannot be shown. Nothing is kept."""
    typed = read_typed(request.form)
    with read_session() as session:
        language = get_article(session, current_viewer(), slug).language
    try:
        if typed.rows is not None:
            return {"parts": preview_rows(typed.rows, language)}
        return {"parts": preview_text(str(typed.fields.get("markdown", "")), language)}
    except (Invalid, Unavailable) as error:
        return {"error": explain(error)}, STATUS[Unavailable if isinstance(error, Unavailable) else Invalid]
