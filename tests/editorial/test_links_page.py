"""The report of broken links: what is wrong, where, and the way to mend it."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from kb.services import unpublish
from sportello.core.db import Database
from tests.kb.articles import SYSTEM, write
from tests.people import Cast
from tests.work import work_off

SignIn = Callable[[str], FlaskClient]


def test_writers_see_every_broken_link_with_the_way_to_mend_it(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn
) -> None:
    sara = sign_in("sara")
    empty = sara.get("/queues/links").get_data(as_text=True)
    assert "Nothing to mend." in empty
    with database.write() as session:
        target, narrow = write(session, "Gone <soon>"), write(session, "Narrow", "elite")
        links = f"[a](/kb/{target.slug}) [b](/kb/{narrow.slug}) [c](/kb/never-was-abcde)"
        page = write(session, "The page", markdown=links)
        slugs = (target.slug, page.slug)
        unpublish(session, SYSTEM, target.slug)
    work_off(app)
    report = sara.get("/queues/links").get_data(as_text=True)
    assert "3 links of published articles are broken." in report
    for words in ("Leads nowhere", "/kb/never-was-abcde", "Leads to something unpublished", "Gone &lt;soon&gt;",
                  "Not for all readers of this article",
                  "readers here: Everybody, signed in or not; there: Elite"):  # fmt: skip
        assert words in report
    assert report.count(f"/kb/{slugs[1]}/edit") == 3
    for name in ("anonymous", "anna", "elena"):
        assert sign_in(name).get("/queues/links").status_code == 404
