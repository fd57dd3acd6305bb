"""Files: one address each, asked anew at every request; and taking them in from the editor."""

from typing import Any, BinaryIO, cast

from flask import Response, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wsgi import FileWrapper

from kb import queries, services
from kb.files.kinds import EMPTY, Refused, TooBig
from kb.files.names import disposition, file_address, file_markdown
from kb.models import Attachment
from kb.services import StoredFile
from kb.views.blueprint import bp
from sportello.core.errors import Invalid
from sportello.core.policy import Action
from sportello.web.access import current_viewer, public, requires, takes_files
from sportello.web.errors import error_page
from sportello.web.i18n import explain
from sportello.web.session import read_session, running_site, settings, write_session

SANDBOX = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
_BLOCK = 1 << 16


@bp.get("/files/<key>/<name>")
@public
def file(key: str, name: str) -> ResponseReturnValue:
    """The bytes, whole or in part: pictures are shown, everything else is saved."""
    with read_session() as session:
        found = queries.served_file(session, current_viewer(), f"/kb/files/{key}/{name}")
    media = running_site().media
    size = media.size(found.storage_key)
    stream = media.open(found.storage_key)
    response = Response(FileWrapper(stream, _BLOCK), mimetype=found.media_type, direct_passthrough=True)
    response.content_length = size
    response.set_etag(found.sha256[:32])
    response.headers["Content-Disposition"] = disposition(found.name, inline=found.is_picture)
    response.headers["Content-Security-Policy"] = SANDBOX
    try:
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except Exception:
        stream.close()
        raise


@bp.post("/<slug>/files")
@requires(Action.ARTICLE_DRAFT)
@takes_files
def upload(slug: str) -> ResponseReturnValue:
    """Take a file in: JSON for scripts, otherwise back to the editor with the Markdown to be put into the text."""
    alt = request.form.get("alt", "")
    try:
        with read_session() as session:
            services.check_upload(session, current_viewer(), slug)
        stored = _store()
        try:
            with write_session() as session:
                made = services.attach_file(session, current_viewer(), slug, stored, alt=alt)
        finally:
            with read_session() as session:
                services.discard_surplus(session, running_site().media, stored)
    except Invalid as error:
        return _refuse(error)
    return _answer(slug, made, stored, alt.strip())


def _store() -> StoredFile:
    given = request.files.get("file")
    if given is None:
        raise Refused(EMPTY)
    most = settings().max_upload_kib * 1024
    return services.store_file(running_site().media, cast(BinaryIO, given.stream), given.filename, most_bytes=most)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _refuse(error: Invalid) -> ResponseReturnValue:
    status = RequestEntityTooLarge.code if isinstance(error, TooBig) else 400
    if _wants_json():
        return jsonify(error=explain(error), field=error.field), status
    return error_page(status, error.message, error.params)


def _answer(slug: str, made: Attachment, stored: StoredFile, alt: str) -> ResponseReturnValue:
    is_picture = stored.kind.is_picture
    markdown = file_markdown(made.key, made.name, alt=alt or made.alt, is_picture=is_picture)
    alt_needed = is_picture and not (alt or made.alt)
    notice = _("The picture was animated: its first frame is kept.") if stored.moved else ""
    if not _wants_json():
        stored_words = _("The file is stored. Put this into the text: %(markdown)s", markdown=markdown)
        flash(f"{stored_words} {notice}".strip())
        return redirect(f"{request.script_root}/kb/{slug}/edit", 303)
    about: dict[str, Any] = {
        "key": made.key,
        "url": request.script_root + file_address(made.key, made.name),
        "markdown": markdown,
        "name": made.name,
        "alt_needed": alt_needed,
        "notice": notice,
    }
    return jsonify(about), 201


def size_in_words(size: int) -> str:
    """As people say it: "12 KB", "3.4 MB"."""
    if size < 1_000_000:
        return str(_("%(size)s KB", size=format_decimal(max(1, round(size / 1000)))))
    return str(_("%(size)s MB", size=format_decimal(round(size / 1_000_000, 1))))
