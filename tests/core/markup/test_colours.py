"""Code can be read: every colour of it, by day and by night, on the ground it stands on."""

import re
from pathlib import Path

import pytest
from pygments.token import STANDARD_TYPES

CSS = Path(__file__).resolve().parents[3] / "static" / "css"
COLOUR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
UNCOLOURED = {"", "w", "n", "o", "p", "x", "g", "esc", "pm", "py", "nx", "ges", "gl"}  # as the text around them


def colours(name: str) -> dict[str, tuple[str, str]]:
    return {key: (light, dark) for key, light, dark in COLOUR.findall((CSS / name).read_text("utf-8"))}


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_code_can_be_read(theme: int) -> None:
    ground = colours("sportello.css")["s-sunken"][theme]
    tokens = colours("pygments.css")
    assert len(tokens) >= 7
    for name, pair in tokens.items():
        assert contrast(pair[theme], ground) >= 4.5, name


def test_every_token_of_pygments_was_thought_of() -> None:
    styled = set(re.findall(r"\.([a-z0-9]+)\b", (CSS / "pygments.css").read_text("utf-8")))
    assert set(STANDARD_TYPES.values()) - styled - UNCOLOURED == set()
