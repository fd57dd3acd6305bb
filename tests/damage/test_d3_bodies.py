"""D3: bodies that are too large or have too many parts are refused early, and memory stays bounded."""

import http.client
from pathlib import Path

import pytest

from tests.damage.places import Browser, Place

pytestmark = pytest.mark.slow
MEGABYTE = 1 << 20


def post(place: Place, body: bytes | list[bytes], headers: dict[str, str]) -> int:
    """The status of a POST to the sign-in page; 0 when the server closed the line while it was sent."""
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    try:
        connection.request("POST", "/sign-in", body, headers, encode_chunked=isinstance(body, list))
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 0
    finally:
        connection.close()


def resident_mb(place: Place) -> float:
    """Memory of the web processes, in MB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            command = (status.parent / "cmdline").read_bytes().decode()
            if f"127.0.0.1:{place.port}" in command:
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
                total += int(line.split()[1])
        except (OSError, StopIteration):
            continue
    return total / 1024


def test_bodies_that_are_too_large_are_refused_and_memory_is_bounded(place: Place) -> None:
    place.serve()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert Browser(place.base).get("/sign-in").status == 200
    before = resident_mb(place)
    assert before > 0
    assert post(place, b"email=" + b"a" * (2 * MEGABYTE), form) == 413
    chunks = [b"a" * 65536] * 800  # 50 MB without a length
    assert post(place, [b"email=", *chunks], {**form, "Transfer-Encoding": "chunked"}) in (0, 413)
    assert post(place, b"", {**form, "Content-Length": str(10**12)}) in (0, 400, 413)
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nv\r\n' % number for number in range(10_000)
    )
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    assert post(place, parts + b"--x--\r\n", multipart) == 413
    assert resident_mb(place) < before + 80
    assert Browser(place.base).get("/").status == 200
