"""W6 and D3: what is sent as a file is bounded, judged by its bytes, stored under a name of ours, served in a cage."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kb.services.attachments import attach
from sportello.core.db import Database
from sportello.core.settings import Settings
from sportello.portal.app import create_app
from tests.browsing import client_for
from tests.kb import pictures
from tests.kb.articles import write
from tests.people import Cast
from tests.web.test_bodies import PARTS, Endless, part

KIB = 1024
JSON = {"Accept": "application/json"}


@pytest.fixture
def site(settings: Settings, database: Database, cast: Cast) -> Flask:
    """Files up to 1 MiB, other bodies up to 64 KiB."""
    app = create_app(replace(settings, max_upload_kib=1024, max_body_kib=64), database)
    app.config.update(WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    return app


@pytest.fixture
def slug(database: Database, cast: Cast) -> str:
    with database.write() as session:
        return write(session, "Totals differ").slug


@pytest.fixture
def sara(site: Flask, cast: Cast) -> FlaskClient:
    return client_for(site, cast.sara)


@pytest.fixture
def media(settings: Settings) -> Callable[[], list[Path]]:
    """Everything that lies in the folder of media."""
    return lambda: sorted(path for path in settings.media_dir.rglob("*") if path.is_file())


def send(client: FlaskClient, slug: str, data: bytes | io.BytesIO, name: str = "a.png", **more: Any) -> TestResponse:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    headers = more.pop("headers", JSON)
    return client.post(f"/kb/{slug}/files", data={"file": (stream, name), **more}, headers=headers)


def test_a_script_is_told_what_to_put_into_the_text(sara: FlaskClient, slug: str) -> None:
    answer = send(sara, slug, pictures.picture(), "Plan [v2].png", alt="The *plan*")
    assert answer.status_code == 201
    told = answer.get_json()
    assert told["url"] == f"/kb/files/{told['key']}/plan-v2.png"
    assert told["markdown"] == f"![The \\*plan\\*]({told['url']})"
    assert (told["name"], told["alt_needed"], told["notice"]) == ("Plan [v2].png", False, "")
    assert send(sara, slug, pictures.picture(size=(9, 9))).get_json()["alt_needed"] is True
    assert "first frame" in send(sara, slug, pictures.moving(), "steps.gif").get_json()["notice"]
    assert send(sara, slug, b"a log", "x.log").get_json()["markdown"].startswith("[x.log](/kb/files/")


def test_without_a_script_one_is_back_in_the_editor(sara: FlaskClient, slug: str) -> None:
    answer = send(sara, slug, b"a log", "x.log", headers={})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/kb/{slug}/edit")
    with sara.session_transaction() as cookie:
        assert "[x.log](/kb/files/" in cookie["_flashes"][0][1]


@pytest.mark.parametrize("headers", [JSON, {}])
def test_a_file_that_is_refused_says_why(sara: FlaskClient, slug: str, headers: dict[str, str], media: Any) -> None:
    for data, words in (
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "SVG"),
        (b"MZ\x90\x00\x03", "not accepted"),
        (pictures.bomb(300).getvalue(), "Unpacked"),
        (pictures.huge_png(5000, 4201).getvalue(), "20 megapixels"),
        (pictures.picture().getvalue()[:50], "damaged"),
    ):
        answer = send(sara, slug, data, "innocent.png", headers=headers)
        assert answer.status_code == 400
        assert words in answer.text
        assert answer.is_json is bool(headers)
    assert send(sara, slug, b"x", alt="a" * 301, headers=headers).status_code == 400
    assert media() == []


def test_no_file_at_all_is_no_fault_of_ours(sara: FlaskClient, slug: str) -> None:
    assert sara.post(f"/kb/{slug}/files", data={"file": "text"}, headers=JSON).status_code == 400
    assert sara.post(f"/kb/{slug}/files", headers=JSON).status_code == 400
    for body in (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello', b"--x\r\n", b""):
        answer = sara.post(f"/kb/{slug}/files", data=body, content_type=PARTS, headers=JSON)
        assert answer.status_code in (201, 400, 413)


def test_a_file_at_the_limit_is_taken_and_one_above_is_not(sara: FlaskClient, slug: str) -> None:
    assert send(sara, slug, b"a" * 1024 * KIB, "x.log").status_code == 201
    answer = send(sara, slug, b"a" * (1024 * KIB + 1), "x.log")
    assert (answer.status_code, "larger than 1 MiB" in answer.text) == (413, True)
    assert send(sara, slug, b"a" * 1100 * KIB, "x.log", headers={}).status_code == 413


def test_a_body_above_the_limit_is_not_read_to_its_end(sara: FlaskClient, slug: str) -> None:
    assert send(sara, slug, b"a" * 1200 * KIB, "x.log").status_code == 413
    start = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\n\r\n'
    body = Endless(start)
    stream = io.BufferedReader(body)
    environ = {"wsgi.input": stream, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = sara.post(f"/kb/{slug}/files", content_type=PARTS, environ_overrides=environ)
    assert answer.status_code == 413
    assert body.given <= 1500 * KIB


@pytest.mark.parametrize("name", ["anonymous", "anna", "piero"])
def test_only_who_may_send_files_may_send_much(site: Flask, cast: Cast, slug: str, name: str) -> None:
    """For others it is an address like any other: nothing there, and no more is read than anywhere."""
    client = client_for(site, cast.people.get(name))
    assert send(client, slug, b"small", "x.log").status_code == 404
    assert send(client, slug, b"a" * 200 * KIB, "x.log").status_code == 413


def test_other_forms_keep_their_limit(sara: FlaskClient, slug: str) -> None:
    assert sara.post("/settings", data=b"a" * 65 * KIB, content_type=PARTS).status_code == 413


def test_ten_thousand_parts_are_refused(sara: FlaskClient, slug: str) -> None:
    body = "".join(part(f"p{number}", "1") for number in range(10_000)) + "--x--\r\n"
    assert sara.post(f"/kb/{slug}/files", data=body, content_type=PARTS).status_code == 413


@pytest.mark.parametrize(
    "name",
    ["../../../../tmp/zqevil.png", "/etc/cron.d/zqevil.png", "zqevil.php.png", "zqevil\0.png", "..", "\u202egnp.exe"],
)
def test_a_name_leads_nowhere(sara: FlaskClient, slug: str, name: str, media: Any, settings: Settings) -> None:
    told = send(sara, slug, pictures.picture(), name).get_json()
    assert told["url"].startswith(f"/kb/files/{told['key']}/")
    stored = media()
    assert [path.suffix for path in stored] == [".png"]
    assert "zqevil" not in str(stored)
    assert not list(Path("/tmp").glob("zqevil*"))
    assert sara.get(told["url"]).status_code == 200


def test_a_picture_is_shown_and_everything_else_saved_in_a_cage(sara: FlaskClient, slug: str) -> None:
    expected = {
        "a.png": (pictures.picture(), "image/png", "inline"),
        "a.pdf": (pictures.pdf("x"), "application/pdf", "attachment"),
        "page.html": (io.BytesIO(b"words <b>and</b> tags"), "text/plain; charset=utf-8", "attachment"),
        "a.zip": (pictures.archive(a_dot_html=b"<script>"), "application/zip", "attachment"),
    }
    for name, (stream, media_type, disposition) in expected.items():
        answer = sara.get(send(sara, slug, stream, name).get_json()["url"])
        assert answer.headers["Content-Type"] == media_type
        assert answer.headers["Content-Disposition"].startswith(disposition + ";")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        answer.close()


def test_a_file_has_one_address(sara: FlaskClient, slug: str) -> None:
    url = send(sara, slug, b"hello", "a.log").get_json()["url"]
    for other in (url + "x", url.replace("a.log", "b.log"), url.replace("a.log", "a.exe"), url.rsplit("/", 1)[0] + "/"):
        assert sara.get(other).status_code == 404


def test_parts_of_a_file_are_sent_as_asked(sara: FlaskClient, slug: str) -> None:
    url = send(sara, slug, b"0123456789", "a.log").get_json()["url"]
    for asked, status, body in (
        ("bytes=2-4", 206, b"234"), ("bytes=-3", 206, b"789"), ("bytes=8-", 206, b"89"), ("bytes=20-30", 416, None),
        ("bytes=a-b", 416, None), ("lines=1-2", 416, None),
    ):  # fmt: skip
        answer = sara.get(url, headers={"Range": asked, "Accept-Encoding": "gzip, br"})
        assert answer.status_code == status, asked
        assert body is None or answer.data == body, asked
    etag = sara.get(url).headers["ETag"]
    assert sara.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert sara.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert sara.get(url, headers={"If-Range": '"other"', "Range": "bytes=0-1"}).status_code == 200


def test_the_same_content_is_stored_once(sara: FlaskClient, slug: str, database: Database, media: Any) -> None:
    with database.write() as session:
        other = write(session, "Another").slug
    data = pictures.picture().getvalue()
    first, again = (send(sara, slug, data, "a.png").get_json() for _ in range(2))
    assert first["key"] == again["key"]
    keys = {send(sara, where, data, name).get_json()["key"] for where, name in ((slug, "b.png"), (other, "a.png"))}
    assert first["key"] not in keys
    assert len(keys) == 2
    assert len(media()) == 1


def test_an_article_takes_only_so_many_files(
    sara: FlaskClient, slug: str, monkeypatch: pytest.MonkeyPatch, media: Any
) -> None:
    monkeypatch.setattr(attach, "MOST_FILES", 2)
    for number, status in enumerate((201, 201, 413)):
        answer = send(sara, slug, b"file %d" % number, f"{number}.log")
        assert answer.status_code == status
    assert "has 2 files already" in answer.text
    monkeypatch.setattr(attach, "MOST_FILES", 200)
    monkeypatch.setattr(attach, "MOST_BYTES", 20)
    assert send(sara, slug, b"more than the rest", "3.log").status_code == 413
    assert len(media()) == 2


def test_an_article_that_is_not_there_takes_none(sara: FlaskClient, media: Any) -> None:
    assert send(sara, "never-was-abcde", pictures.picture()).status_code == 404
    assert media() == []


@pytest.fixture
def forged(settings: Settings, database: Database, cast: Cast) -> FlaskClient:
    app = create_app(settings, database)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    return client_for(app, cast.sara)


def test_a_file_from_another_site_is_refused(forged: FlaskClient, slug: str, media: Any) -> None:
    assert send(forged, slug, pictures.picture()).status_code == 400
    assert media() == []
