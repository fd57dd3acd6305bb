"""What people wrote stays readable: naughty strings, CommonMark's examples, and the plain words for search."""

import json
import re
from pathlib import Path

import pytest

from sportello.core.markup import Heading, render
from tests.core.markup.safety import dangers, text_of

NAUGHTY = [
    "",
    "undefined",
    "１２３",
    "Ω≈ç√∫˜µ≤≥÷",
    "田中さんにあげて下さい",
    "﷽ الْعَرَبِيَّة",
    "👩‍👩‍👧‍👦 \U0001f1fa\U0001f1f8",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!",
    "%s%n $HOME {{ 7*7 }} ${7*7} ';DROP TABLE users;--",
    "C:\\Users\\<name>\\AppData\\Local\\%TEMP%",
    "List<String> a = new ArrayList<String>();",
    "\x00\x01\x02wzxhzdk:0\x03\x1b[31m\ud800",
    "ORA-00942 LDG_15.1 0x80070005 file_name_here.txt __init__.py",
]


def assert_kept_as_code(text: str) -> None:
    """Fenced, every visible character comes back, in the page and in the words for search."""
    rendered = render(f"~~~~~~~~\n{text}\n~~~~~~~~")
    visible = "".join(c for c in text.encode(errors="replace").decode() if c in "\t\n\r" or ord(c) >= 32)
    assert squeezed(text_of(rendered.html)) == squeezed(visible)
    assert squeezed(rendered.plain) == squeezed(visible)


def squeezed(text: str) -> str:
    """Without white space, and without what nobody sees: DEL, the byte order mark, the sign for "no character"."""
    return re.sub(r"[\s\x7f\ufeff\ufffd]", "", text)


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_naughty_string_comes_back(text: str) -> None:
    assert_kept_as_code(text)
    assert dangers(render(text).html) == []


@pytest.mark.data
def test_every_known_naughty_string_comes_back(data_folder: Path) -> None:
    strings = json.loads((data_folder / "security" / "blns" / "blns.json").read_text("utf-8"))
    assert len(strings) > 450
    for text in strings:
        assert_kept_as_code(text)
        rendered = render(f"before {text} after")
        assert rendered.plain.startswith("before"), text
        assert dangers(rendered.html) == [], text


@pytest.mark.data
def test_every_example_of_commonmark_is_rendered_safely(data_folder: Path) -> None:
    examples = json.loads((data_folder / "security" / "markdown" / "commonmark.json").read_text("utf-8"))
    assert len(examples) > 600
    emptied = []
    for example in examples:
        rendered = render(example["markdown"])
        assert dangers(rendered.html) == [], example["markdown"]
        if text_of(example["html"]) and not text_of(rendered.html):
            emptied.append(example["markdown"])
    assert all(text.lstrip().startswith("<") for text in emptied), emptied  # broken tags that hold no word
    assert len(emptied) <= 3


def test_placeholders_are_shown_as_typed() -> None:
    """Support articles are full of them; dropping them loses the instruction."""
    rendered = render("Open \\\\server\\<share name>, then run `get <id>` as <user@host> or <script>.")
    assert "<share name>" in rendered.plain
    assert "get <id>" in rendered.plain
    assert "<script>" in rendered.plain


ARTICLE = """Intro with `code`.

# Symptoms

- one **bold** [link](https://a.example/x)
- two

| a | b |
|---|---|
| 1 | 2 |

### Detail

> [!NOTE]
> A note[^1].

# Cause

line one
line two

```
x = 1
  y = 2
```

[^1]: The footnote.
"""


def test_the_words_for_search_have_one_block_a_line() -> None:
    assert render(ARTICLE).plain.split("\n") == [
        "Intro with code.",
        "Symptoms",
        "one bold link",
        "two",
        "a b",
        "1 2",
        "Detail",
        "A note.",
        "Cause",
        "line one line two",
        "x = 1",
        "y = 2",
        "The footnote.",
    ]


def test_headings_stand_under_the_pages_title_and_skip_no_level() -> None:
    rendered = render(ARTICLE)
    assert rendered.toc == (
        Heading(2, "u-symptoms", "Symptoms"),
        Heading(3, "u-detail", "Detail"),
        Heading(2, "u-cause", "Cause"),
    )
    assert rendered.headings == ("Symptoms", "Detail", "Cause")
    assert [heading.level for heading in render("#### a\n\n#### b\n\n# c\n\n### d\n\n## e").toc] == [2, 2, 2, 3, 3]


def test_sections_make_up_the_text() -> None:
    sections = render(ARTICLE).sections
    assert [(section.heading, section.id) for section in sections] == [
        ("", ""),
        ("Symptoms", "u-symptoms"),
        ("Cause", "u-cause"),
    ]
    assert sections[0].html == "<p>Intro with <code>code</code>.</p>"
    assert sections[1].plain.split("\n") == ["one bold link", "two", "a b", "1 2", "Detail", "A note."]
    assert '<h3 id="u-detail">Detail</h3>' in sections[1].html
    assert "<h2" not in "".join(section.html for section in sections)


def test_ids_are_unique_and_links_within_the_page_find_them() -> None:
    html = render(
        "# Più dati\n\n# Più dati\n\n[a](#più-dati) [b](#pi%C3%B9-dati-1)\n\n<b id='x'>1</b><b id='x'>2</b>"
    ).html
    assert '<h2 id="u-più-dati">' in html
    assert '<h2 id="u-più-dati-1">' in html
    assert '<a href="#u-più-dati">a</a> <a href="#u-più-dati-1">b</a>' in html
    assert '<b id="u-x">1</b><b>2</b>' in html


def test_two_texts_on_one_page_keep_their_ids_apart() -> None:
    html = render("# A\n\nx[^1]\n\n| a |\n|---|\n| 1 |\n\n[^1]: y", scope="p7").html
    assert 'id="u-p7-a"' in html
    assert 'href="#u-p7-fn-1"' in html
    assert 'id="u-p7-fn-1"' in html
    assert 'role="group" aria-label="Table"' in html
