"""Addresses are judged as browsers read them (WHATWG URL), before nh3 judges them once more."""

import pytest

from sportello.core.markup.policy import image_address, link_address

LINKS = {
    "https://a.example/b?c#d": "https://a.example/b?c#d",
    "HTTP://a.example": "HTTP://a.example",
    "mailto:a@b.example": "mailto:a@b.example",
    " \x01 https://a.example\n": "https://a.example",
    "/kb/a": "/kb/a",
    "a/b:c": "a/b:c",
    "?q=a:b": "?q=a:b",
    "#part": "#u-part",
    "#u-part": "#u-part",
    "//a.example/b": "https://a.example/b",
    "/\\a.example": "https://a.example",
    "\\\\a.example": "https://a.example",
    "/\t/a.example": "https://a.example",
    "a\\b": "a/b",
    "javascript:alert(1)": None,
    "JaVaScRiPt:alert(1)": None,
    "\x01javascript:alert(1)": None,
    "java\nscript:alert(1)": None,
    "java\x0bscript:alert(1)": None,
    "data:text/html,x": None,
    "vbscript:x": None,
    "file:///etc": None,
    "ftp://a.example": None,
    "1a:b": None,
    "": None,
    "#": None,
}
IMAGES = {
    "/media/a/b-1.png": True,
    "/kb/files/abcdefgh23/plan.png": True,
    "/kb/files/": False,
    "/kb/files/../a": False,
    "/kb/plan.png": False,
    "/media/": False,
    "/media/../a": False,
    "/media/a/../b": False,
    "/media/%2e%2e/a": False,
    "/media//a.example": False,
    "/media/a\\b": False,
    "//media/a": False,
    "https://a.example/media/b.png": False,
    "/static/a.png": False,
}


@pytest.mark.parametrize("address", LINKS)
def test_a_link_is_judged_as_a_browser_reads_it(address: str) -> None:
    assert link_address(address, "u-") == LINKS[address]


@pytest.mark.parametrize("address", IMAGES)
def test_an_image_comes_from_this_site(address: str) -> None:
    assert (image_address(address) == address) is IMAGES[address]
