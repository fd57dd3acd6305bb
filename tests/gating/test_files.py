"""T5: a file is read by those who read the article, as it is now, and by no other way in."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

import editorial.services as writing
from kb import services
from sportello.core.audience import anonymous
from sportello.core.db import Database
from sportello.core.handling import Site as Parts
from tests.browsing import CSRF, VOLATILE_HEADERS, ask, client_for
from tests.editorial.writing import save, viewer
from tests.gating.reading import total
from tests.gating.sites import Site
from tests.gating.test_matrix import READS, people
from tests.gating.world import SYSTEM
from tests.kb.articles import write
from tests.kb.filing import give, reads
from tests.kb.pictures import picture
from tests.people import LADDER, Cast
from tests.work import work_off

WAYS: tuple[tuple[str, dict[str, str], int], ...] = (
    ("GET", {}, 200),
    ("HEAD", {}, 200),
    ("GET", {"Range": "bytes=0-3"}, 206),
    ("GET", {"Range": "bytes=9000000-"}, 416),
    ("GET", {"If-None-Match": "*"}, 304),
)


def answer(client: FlaskClient, address: str, method: str, headers: dict[str, str]) -> tuple[int, object, bytes]:
    """Status, headers and bytes, without what differs between any two requests."""
    got = client.open(address, method=method, headers=headers)
    told = sorted((name.lower(), value) for name, value in got.headers if name.lower() not in VOLATILE_HEADERS)
    body = CSRF.sub(rb"\1-\2", got.data)
    got.close()
    return got.status_code, told, body


@people
def test_a_file_opens_for_the_audience_of_its_article_and_does_not_exist_for_others(full_site: Site, name: str) -> None:
    """Every plan, expired, narrowed to a product, staff: whole, in part, and asked whether it changed."""
    client = client_for(full_site.app, full_site.cast.people.get(name))
    absent = "/kb/files/neverwas00/absent.txt"
    for method, headers, status in WAYS:
        missing = answer(client, absent, method, headers)
        assert missing[0] == 404
        for item in full_site.slugs:
            got = answer(client, item.file_address, method, headers)
            if item.audience in READS[name]:
                assert got[0] == status, (item.audience, method, headers)
            else:
                body = got[2].replace(item.file_address.encode(), absent.encode())
                assert (*got[:2], body) == missing, (item.audience, method, headers)


@people
def test_words_inside_a_file_are_found_by_those_who_read_it_alone(full_site: Site, name: str) -> None:
    """T2, T3: no hit, no snippet, no suggestion, no correction for anybody else."""
    client = client_for(full_site.app, full_site.cast.people.get(name))
    for item in full_site.slugs:
        word = f"{item.canary}inside"
        found = ask(client, f"/search?q={word}&exact=1").body
        expected = 1 if item.audience in READS[name] else 0
        assert total(found) == expected, item.audience
        assert found.count(item.file_address.encode()) == expected
        if not expected:
            for address in (f"/search/suggest?q={word[:-1]}", f"/search?q={word[:-1]}x", f"/search?q={word[:6]}*"):
                assert word.encode() not in ask(client, address).body, address


@pytest.fixture
def media(app: Flask):  # type: ignore[no-untyped-def]
    parts: Parts = app.extensions["sportello.site"]
    return parts.media


LISTED = "Here: {}\n"
Act = Callable[..., object]
ACTS: dict[str, Act] = {
    "narrowed": lambda s, slug, actor: services.change_audience(s, SYSTEM, slug, "elite", ladder=LADDER),
    "narrowed to a product": lambda s, slug, actor: services.change_audience(
        s, SYSTEM, slug, "xtreme@foundry", ladder=LADDER
    ),
    "unpublished": lambda s, slug, actor: services.unpublish(s, SYSTEM, slug),
    "archived": lambda s, slug, actor: writing.archive(s, SYSTEM, slug, None),
    "binned": lambda s, slug, actor: writing.bin_article(s, SYSTEM, slug),
    "deleted": lambda s, slug, actor: services.delete_article(s, SYSTEM, slug),
    "taken out of the text": lambda s, slug, actor: services.revise(s, SYSTEM, slug, title="Totals", markdown="None."),
}


@pytest.mark.parametrize("what", ACTS)
def test_what_is_taken_away_is_gone_at_the_next_request(
    app: Flask, database: Database, cast: Cast, sign_in: Callable[[str], FlaskClient], media, what: str
) -> None:  # type: ignore[no-untyped-def]
    """Also for a browser that has it and asks whether it changed, with the worker stopped."""
    with database.write() as session:
        slug = write(session, "Totals", "xtreme").slug
        file = give(session, media, slug, b"zqfilewords in it", "zqname.log")
        services.revise(session, SYSTEM, slug, title="Totals", markdown=LISTED.format(file.markdown))
    work_off(app)
    anna = sign_in("anna")
    first = anna.get(file.address)
    assert first.status_code == 200
    assert total(ask(anna, "/search?q=zqfilewords").body) == 1
    with database.write() as session:
        ACTS[what](session, slug, SYSTEM)
    again = {"If-None-Match": first.headers["ETag"], "Range": "bytes=0-1"}
    absent = answer(anna, "/kb/files/neverwas00/zqname.log", "GET", again)
    got = answer(anna, file.address, "GET", again)
    assert (got[0], got[1]) == (404, absent[1])
    if what == "taken out of the text":
        work_off(app)
    for address in ("/search?q=zqfilewords", "/search/suggest?q=zqfilew", "/search?q=zqname", "/kb/all", f"/kb/{slug}"):
        body = ask(anna, address).body.replace(b"zqfilewords</h1>", b"")
        assert b"In the attachment" not in body, address
        assert file.key.encode() not in body, address


def test_a_staged_file_comes_and_goes_with_its_change(app: Flask, database: Database, cast: Cast, media) -> None:  # type: ignore[no-untyped-def]
    """Writers have it at once, readers with the publication; what a former revision listed goes with it."""
    with database.write() as session:
        slug = write(session, "Totals").slug
        old = give(session, media, slug, b"the old one", "old.log")
        services.revise(session, SYSTEM, slug, title="Totals", markdown=LISTED.format(old.markdown))
        new = give(session, media, slug, b"the new one", "new.log")
        assert not reads(session, anonymous(), new), "uploaded, listed by nothing"
        sara = viewer(cast.sara)
        save(session, sara, slug, markdown=LISTED.format(new.markdown))
        assert [reads(session, anonymous(), file) for file in (old, new)] == [True, False]
        assert reads(session, SYSTEM, new)
        writing.publish_change(session, sara, slug, ladder=LADDER)
        session.flush()
        assert [reads(session, anonymous(), file) for file in (old, new)] == [False, True]


def test_a_link_to_a_file_that_one_may_not_read_is_its_words(
    app: Flask,
    database: Database,
    sign_in: Callable[[str], FlaskClient],
    media,  # type: ignore[no-untyped-def]
) -> None:
    with database.write() as session:
        hidden = write(session, "Hidden", "elite").slug
        secret = give(session, media, hidden, b"secret", "zqsecret.log")
        shot = give(session, media, hidden, picture(), "zqshot.png")
        names = f"{secret.markdown} and {shot.markdown}"
        services.revise(session, SYSTEM, hidden, title="Hidden", markdown=names)
        text = f'See [the **log**]({secret.address} "zqtitle"), ![the shot]({shot.address}), [x][1].\n\n'
        text += f'<img src="{shot.address}" alt="raw">\n\n[1]: {secret.address}\n'
        slug = write(session, "Open", markdown=text).slug
    for name in ("anonymous", "anna"):
        client = sign_in(name)
        for address in (f"/kb/{slug}", f"/kb/{slug}.md"):
            body = ask(client, address).body
            assert secret.key.encode() not in body, address
            assert shot.key.encode() not in body, address
            assert b"the shot" in body
            assert b"log" in body
            assert b"zqsecret" not in body
    body = ask(sign_in("elena"), f"/kb/{slug}").body
    assert body.count(secret.key.encode()) == 2
    assert body.count(shot.key.encode()) == 2
    assert b"Attachments" not in body, "they are another article's"


def test_files_stay_behind_when_a_link_names_another_article(database: Database, cast: Cast, media) -> None:  # type: ignore[no-untyped-def]
    """Naming a file of a hidden article in a public one publishes nothing."""
    with database.write() as session:
        hidden = write(session, "Hidden", "elite").slug
        secret = give(session, media, hidden, io.BytesIO(b"secret"), "secret.log")
        slug = write(session, "Open").slug
        services.revise(session, SYSTEM, slug, title="Open", markdown=LISTED.format(secret.markdown))
        assert not reads(session, anonymous(), secret)
