"""Comments in a text are for those who write it: nobody else gets them with the Markdown, as no page shows them."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from kb.exporter import ExportOptions, run_export
from kb.queries import without_comments
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.core.storage import FolderStorage
from tests.kb.articles import customer, write
from tests.people import Cast


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a <!-- note --> b", "a  b"),
        ("a\n\n<!-- note\n\n```\nmore\n```\n--> tail\n", "a\n\n tail\n"),
        ("- x\n\n    <!-- note -->\n", "- x\n\n    \n"),
        ("<!--> a <!-- b --><!---->c", " a c"),
        ("a <!-- never closed\n\nb", "a <!-- never closed\n\nb"),
        ("`<!-- code -->` and ``a ` <!-- code -->`` <!-- note -->.", "`<!-- code -->` and ``a ` <!-- code -->`` ."),
        ("```\n<!-- code -->\n```\n<!-- note -->\n", "```\n<!-- code -->\n```\n\n"),
        ("~~~~\n~~~\n<!-- code -->\n", "~~~~\n~~~\n<!-- code -->\n"),
        ("one ` tick <!-- note -->", "one ` tick "),
    ],
)
def test_a_comment_goes_and_code_stays(text: str, left: str) -> None:
    assert without_comments(text) == left


@pytest.mark.parametrize("piece", ["<!--", "<!-- -->", "`a` <!-- -->", "`<!--", "```\n<!-- -->\n```\n", "` ``", "~~~"])
def test_the_hardest_texts_take_no_time(piece: str) -> None:
    started = time.process_time()
    without_comments("<!-- -->" + piece * (200_000 // len(piece)))
    assert time.process_time() - started < 5


def test_only_those_who_write_get_comments(
    database: Database, cast: Cast, settings: Settings, sign_in: Callable[[str], FlaskClient], tmp_path: Path
) -> None:
    with database.write() as session:
        slug = write(session, "Open", markdown="Words. <!-- A note: canary -->").slug
    for name, told in (("anonymous", False), ("elena", False), ("sara", True)):
        for path in (f"/kb/{slug}", f"/kb/{slug}.md"):
            assert ("canary" in sign_in(name).get(path).text) == (told and path.endswith(".md")), (name, path)
    run_export(database, FolderStorage(settings.media_dir), customer("elite"), tmp_path / "out", ExportOptions())
    exported = next((tmp_path / "out").glob("*.md")).read_text("utf-8")
    assert "Words." in exported
    assert "canary" not in exported
