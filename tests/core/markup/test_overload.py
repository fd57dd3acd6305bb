"""A text at the cap, made to be slow: an answer within 1.5 s, the paragraph named, and the renderer alive.

The 1.5 s are counted as processor time of the child, which never sleeps over a text: the same on an idle machine, and
not another on one that runs ten test suites.
"""

import json
import os
from pathlib import Path

import pytest

from sportello.core.markup import Limit, TooComplex, TooLarge, pids, pool, render, warm

ANSWER_SECONDS = 1.5
OWN = {
    "open brackets": "[a" * 30_000,
    "nested brackets": "[" * 30_000 + "a" + "]" * 30_000,
    "open links": "[a](b" * 20_000,
    "nested quotations": "> " * 33_000 + "a",
    "cdata": "<![CDATA[" * 8_000,
    "rows": "|a|b|\n|-|-|\n" + "|c|d|\n" * 20_000,
    "nested lists": "".join("  " * level + "- a\n" for level in range(250)),
    "deep emphasis": "*a **a " * 10_000,
    "backticks": "".join("e" + "`" * number for number in range(350)),
    "fences": "```\n" * 20_000,
    "definitions": "[a]: b\n" * 9_000,
    "footnotes": "".join(f"[^{number}]: a\n\n" for number in range(5_000)),
    "attributes": "<a " + "a=1 " * 16_000,
    "open tags": "<div>" * 13_000,
    "open spans": "<b>" * 20_000,
    "highlighted": "```php\n" + "<?php /* " * 7_000 + "\n```",
    "spaces": " " * 60_000 + "a",
    "items": "* \n" * 20_000,
}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the child however busy the machine is."""
    monkeypatch.setattr(pool, "STALLED_SECONDS", 120.0)


def spent() -> float:
    """Seconds of processor time of the children so far."""
    ticks = 0
    for pid in pids():
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def answer(text: str, limit: Limit) -> None:
    """It is rendered or refused with the paragraph named; text over the cap is cut to it."""
    text = text.encode()[:limit].decode(errors="ignore")
    try:
        render(text, limit=limit)
    except TooComplex as refusal:
        assert refusal.paragraph_number >= 1  # noqa: PT017
        assert refusal.first_words.split()[0][:10] in text  # noqa: PT017


def assert_answers(text: str, limit: Limit) -> None:
    warm()
    children, before = pids(), spent()
    answer(text, limit)
    assert render("Still *here*.").html == "<p>Still <em>here</em>.</p>"
    if pids() == children:
        assert spent() - before < ANSWER_SECONDS
    # Otherwise the kernel ended the child, which it does at 1.35 s of the same time.


@pytest.mark.parametrize("name", OWN)
def test_a_slow_text_is_answered_in_time(name: str) -> None:
    assert_answers(OWN[name], Limit.PEOPLE)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("limit", Limit)
def test_every_known_slow_text_is_answered_in_time(data_folder: Path, limit: Limit) -> None:
    cases = json.loads((data_folder / "security" / "markdown" / "pathological.json").read_text("utf-8"))["cases"]
    assert len(cases) >= 27
    for case in cases:
        assert_answers("".join(part * times for part, times in case["parts"]), limit)


def test_the_slow_paragraph_is_named() -> None:
    slow = "Beware of these brackets: " + "[a" * 20_000
    text = "\n\n".join(["First.", "```\ntwo\n\nstill two\n```", "# Three", slow, "- five\n- six", "Last. " * 300])
    with pytest.raises(TooComplex) as refusal:
        render(text)
    assert refusal.value.paragraph_number == 4
    assert refusal.value.first_words.startswith("Beware of these brackets:")
    assert "Paragraph 4" in str(refusal.value)


def test_a_slow_text_does_not_cost_the_process() -> None:
    """The child interrupts itself: ending it is for what cannot be interrupted."""
    warm()
    before = pids()
    with pytest.raises(TooComplex):
        render(OWN["open brackets"])
    assert pids() == before


def test_a_text_over_the_cap_is_refused_at_once() -> None:
    render("a " * (Limit.PEOPLE // 2))
    with pytest.raises(TooLarge, match="65 KiB long; the limit is 64 KiB"):
        render("a " * (Limit.PEOPLE // 2) + "a")
    render("a " * (Limit.PEOPLE // 2) + "a", limit=Limit.STAFF)
    with pytest.raises(TooLarge):
        render("è" * (Limit.PEOPLE // 2 + 1))  # the cap counts bytes


def test_an_ordinary_text_at_the_cap_is_rendered() -> None:
    """A long manual is no attack: 64 KiB of everything that articles are made of."""
    chapter = (
        "## Restore the ledger\n\nOpen **Settings**, then [Backup](/kb/backup), press <kbd>F9</kbd>: `LDG-4102`.\n\n"
        "1. Stop the service\n   - on the server\n   - on the gateway\n"
        "2. Run\n   ```sh\n   ledgerctl restore --dry-run\n"
        "   ```\n\n| Document | Rule |\n|---|---:|\n| Invoice | 0.01 |\n\n> [!NOTE]\n> Keep the file.\n\n"
    )
    rendered = render((chapter * 200)[: Limit.PEOPLE])
    assert rendered.html.count("<h2") > 190


def test_memory_stays_bounded() -> None:
    for name in ("nested brackets", "rows", "open tags", "highlighted", "footnotes"):
        answer(OWN[name], Limit.PEOPLE)
    for pid in pids():
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        assert pages * 4096 < 300 * 1024 * 1024
