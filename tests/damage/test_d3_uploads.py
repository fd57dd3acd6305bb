"""D3: pictures, archives and documents made to burst what opens them: refused, memory bounded, nothing left behind."""

import http.client
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.damage.places import Browser, Place
from tests.damage.test_d3_bodies import resident_mb
from tests.kb import pictures

pytestmark = pytest.mark.slow


def multipart(token: str, data: bytes, name: str) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    head = f'--{mark}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n--{mark}\r\n'
    head += f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + f"\r\n--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def send(place: Place, browser: Browser, slug: str, data: bytes, name: str) -> int:
    """The status of an upload, with the browser's cookies."""
    body, kind = multipart(browser.token("/"), data, name)
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=90)
    try:
        headers = {"Content-Type": kind, "Cookie": cookies, "Accept": "application/json"}
        connection.request("POST", f"/kb/{slug}/files", body, headers)
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 0
    finally:
        connection.close()


def test_hostile_files_are_refused_and_memory_is_bounded(place: Place) -> None:
    place.serve("web")
    browser = Browser(place.base)
    browser.sign_in("sara@support.example")
    with place.database() as database, database.read() as session:
        slug = session.connection().execute(text("SELECT min(slug) FROM article_translation")).scalar_one()
    before = resident_mb(place)
    hostile = {
        "bomb.zip": (pictures.bomb(400).getvalue(), 400),
        "pixels.png": (pictures.huge_png(30_000, 30_000).getvalue(), 400),
        "endless.png": (pictures.huge_png(4000, 4000).getvalue(), 400),
        "large.log": (b"a" * (21 << 20), 413),
        "larger.log": (b"a" * (40 << 20), 413),
    }
    for name, (data, status) in hostile.items():
        assert send(place, browser, slug, data, name) in (status, 0 if status == 413 else status), name
    photo = pictures.picture("PNG", (5000, 4000), "RGBA").getvalue()
    with ThreadPoolExecutor(6) as pool:
        sending = [pool.submit(send, place, browser, slug, photo + b" " * n, f"{n}.png") for n in range(6)]
        got = [one.result() for one in sending]
    assert set(got) <= {201, 503}, got
    assert 201 in got
    assert resident_mb(place) < before + 150
    stored = [path for path in (place.folder / "media").rglob("*") if path.is_file()]
    assert len(stored) == got.count(201)
    assert not [path for path in stored if path.suffix == ".partial"]
    assert Browser(place.base).get("/").status == 200
