"""Whatever people write, the page stays theirs to read and nobody's to run (payload collections, own and known)."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sportello.core.markup import Limit, TooComplex, render
from tests.core.markup.safety import dangers

OWN = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "[x](javascript:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript&colon;alert(1))",
    "[x](<\x01javascript:alert(1)>)",
    "[x](\\\\evil.example/path)",
    "[x](/\\evil.example)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<a href=' vbscript:x'>x</a>",
    "<a href='java&NewLine;script:alert(1)'>x</a>",
    "![x](https://evil.example/beacon.png)",
    "![x](/media/../private)",
    "![x](//evil.example/media/x.png)",
    "<a title='<pre>' href='#x'>a</a><pre title='\"><script>alert(1)</script>'>b</pre>",
    "<div style='position:fixed' class='topbar' id='main' data-bs-toggle='modal'>x</div>",
    "<input type=text autofocus onfocus=alert(1)><input type=checkbox>",
    "<form action=/sign-out><button>x</button></form>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "\x02wzxhzdk:0\x03 \x02amp\x03 \x02klzzwxh:0001\x03",
    "<table><td><style><img src=x onerror=alert(1)></style>",
    "```{.python onclick=alert(1) #main}\nx\n```",
    "```<img src=x onerror=alert(1)>\nx\n```",
    "> [!<img src=x onerror=alert(1)>]\n> x",
    "[^<img src=x onerror=alert(1)>]\n\n[^<img src=x onerror=alert(1)>]: x",
]
PLACES = [
    "{}",
    "before {} after",
    "# {}",
    "- item {}\n  - {}",
    "| a | {} |\n|---|---|\n| {} | b |",
    "> [!NOTE] {}\n> {}",
    "[x]({})",
    '[x](http://a.example "{}")',
    "![{}]({})",
    "```{}\n{}\n```",
    "`{}`",
    "<div title='{}'>\n{}\n</div>",
    "[^1]\n\n[^1]: {}",
    "term\n:   {}",
]


def assert_harmless(payload: str) -> None:
    for place in PLACES:
        try:
            html = render(place.replace("{}", payload), limit=Limit.STAFF).html
        except TooComplex:
            continue  # nothing is shown at all
        assert dangers(html) == [], (place, payload, html)


@pytest.mark.parametrize("payload", OWN)
def test_nothing_that_people_write_can_run(payload: str) -> None:
    assert_harmless(payload)


@given(
    st.lists(
        st.sampled_from(["<", ">", '"', "'", "=", "&#x6a;", "javascript:", "](", "[", "!", "`", "\n", "\n\n", "> ",
                         "- ", "    ", "a", "img ", "src", "onerror", "href", "<a ", "<b>", "<details>", "</", "|",
                         "|-|-|\n", "[^1]", "[!NOTE]", "\\", "//", "~~", "*", "_", "#", "\t", "<!--", "-->", "<?",
                         "<![CDATA[", "id=main", " markdown=1", "\x02", "\x03", "é"]),
        max_size=30,
    )
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_combination_of_marks_can_run(parts: list[str]) -> None:
    assert dangers(render("".join(parts)).html) == []


def payloads(folder: Path) -> Iterator[str]:
    """Every payload of the known collections."""
    xss = folder / "security" / "xss"
    yield from (case["payload"] for case in json.loads((xss / "dompurify.json").read_text("utf-8")))
    yield from json.loads((xss / "owasp.json").read_text("utf-8"))
    for path in sorted((xss / "bleach").glob("*.test")):
        yield path.read_text("utf-8").partition("\n--\n")[0]


@pytest.mark.data
def test_nothing_of_the_known_collections_can_run(data_folder: Path) -> None:
    """Every payload, in every place; more than 300 of them, so that a moved folder cannot pass."""
    tried = 0
    for payload in payloads(data_folder):
        assert_harmless(payload)
        tried += 1
    assert tried > 300
