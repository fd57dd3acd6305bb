"""Writing in a browser: typed, kept, lost with its tab and found; a picture pasted; two editors; a translation."""

import base64
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
Open = Callable[..., Page]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PASTE = """([selector, encoded]) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "rounding.png", {type: "image/png"}));
    const event = new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true});
    document.querySelector(selector).dispatchEvent(event);
}"""


def begin(page: Page, title: str, kind: str = "Solution") -> str:
    """Begin an article; returns the address of its editor."""
    page.goto("/kb/new")
    page.get_by_label("Title").fill(title)
    page.get_by_role("radio", name=re.compile(kind)).check()
    page.get_by_role("button", name="Begin writing").click()
    page.wait_for_url("**/edit")
    return page.url


def kill(page: Page) -> None:
    """End the tab's process: nothing on the page runs any more."""
    with suppress(Error):
        page.goto("chrome://crash")


def test_what_was_typed_is_found_again_after_the_tab_was_killed(open_as: Open) -> None:
    page = open_as("sara")
    editor = begin(page, "The till prints the total twice")
    symptoms = page.get_by_role("textbox", name="Symptoms")
    symptoms.click()
    page.keyboard.type("The total stands **twice** on the receipt.")
    expect(page.get_by_role("region", name="Preview: Symptoms").locator("strong")).to_have_text("twice")
    expect(page.locator("[data-saved]")).to_have_text(re.compile(r"^Saved \d\d:\d\d\.$"))
    context = page.context
    kill(page)
    again = context.new_page()
    again.goto(editor)
    expect(again.get_by_text("You have unsaved changes from")).to_be_visible()
    expect(again.get_by_role("textbox", name="Symptoms")).to_have_value("The total stands **twice** on the receipt.")
    again.get_by_role("button", name="Keep").click()
    expect(again.get_by_role("textbox", name="Symptoms")).to_be_focused()


def test_text_that_never_reached_the_site_is_kept_by_the_browser(open_as: Open) -> None:
    page = open_as("sara")
    editor = begin(page, "The drawer does not open")
    page.route("**/edit/autosave", lambda route: route.abort())
    page.get_by_role("textbox", name="Cause").fill("The cable is loose.")
    expect(page.get_by_text("Could not save: the text is kept in this browser")).to_be_visible()
    page.watch.problems.clear()  # type: ignore[attr-defined]
    context = page.context
    kill(page)
    again = context.new_page()
    again.goto(editor)
    expect(again.get_by_role("textbox", name="Cause")).to_have_value("")
    again.get_by_role("button", name="Bring it back").click()
    expect(again.get_by_role("textbox", name="Cause")).to_have_value("The cable is loose.")
    again.keyboard.press("Control+s")
    expect(again.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(again.get_by_text("This browser kept text")).to_be_hidden()
    expect(again.get_by_role("textbox", name="Cause")).to_have_value("The cable is loose.")


def test_the_toolbar_is_one_stop_and_works_by_keys(open_as: Open) -> None:
    page = open_as("sara")
    begin(page, "A drawer opens by itself")
    cause = page.get_by_role("textbox", name="Cause")
    cause.fill("loose cable")
    cause.select_text()
    page.keyboard.press("Control+b")
    expect(cause).to_have_value("**loose cable**")
    page.keyboard.press("Control+b")
    expect(cause).to_have_value("loose cable")
    bar = page.get_by_role("toolbar", name="Formatting")
    bar.get_by_role("button", name="Bold").focus()
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_role("button", name="Italic")).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(bar.get_by_role("button", name="Bold")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    cause.evaluate("field => field.setSelectionRange(0, 0)")
    page.keyboard.press("Enter")
    expect(cause).to_have_value("- loose cable")
    page.keyboard.press("Control+z")
    expect(cause).to_have_value("loose cable")


def test_a_pasted_picture_asks_what_it_shows_and_goes_in(open_as: Open) -> None:
    page = open_as("sara")
    begin(page, "The picture of a receipt")
    symptoms = page.get_by_role("textbox", name="Symptoms")
    symptoms.fill("It looks like this:")
    page.evaluate(PASTE, [f"#{symptoms.get_attribute('id')}", base64.b64encode(PIXEL).decode()])
    dialog = page.get_by_role("dialog", name="Add a picture")
    dialog.get_by_label("What does it show?").fill("A receipt with two totals")
    page.keyboard.press("Enter")
    expect(symptoms).to_have_value(
        re.compile(r"^It looks like this:\n\n!\[A receipt with two totals\]\(/kb/files/\w+/rounding\.png\)$")
    )
    shown = page.get_by_role("region", name="Preview: Symptoms").get_by_role("img", name="A receipt with two totals")
    expect(shown).to_be_visible()
    page.wait_for_function("image => image.naturalWidth === 1", arg=shown.element_handle())


def test_two_editors_are_put_together_and_nothing_is_overwritten(open_as: Open) -> None:
    sara, ada = open_as("sara"), open_as("ada")
    sara.watch.expected_status.add(409)  # type: ignore[attr-defined]
    editor = begin(sara, "The scanner beeps twice")
    sara.get_by_role("textbox", name="Symptoms").fill("It beeps.\n\nTwice.")
    sara.get_by_role("button", name="Save draft").click()
    expect(sara.get_by_text("Saved.", exact=True)).to_be_visible()
    ada.goto(editor)
    expect(ada.get_by_text(re.compile("Open in another editor now: .*Sara"))).to_be_visible()
    ada.get_by_role("textbox", name="Symptoms").fill("It beeps.\n\nTwo times.")
    ada.get_by_role("textbox", name="Cause").fill("Two readers.")
    ada.get_by_role("button", name="Save draft").click()
    expect(ada.get_by_text("Saved.", exact=True)).to_be_visible()
    sara.get_by_role("textbox", name="Symptoms").fill("It beeps.\n\nTwice, quickly.")
    sara.get_by_role("button", name="Save draft").click()
    expect(sara.get_by_role("heading", name="Somebody else saved while you were writing")).to_be_visible()
    expect(sara.get_by_text("This browser kept text that never reached the site")).to_be_hidden()
    text = sara.get_by_role("textbox", name="Text", exact=True)
    for words in ("Twice, quickly.", "Two times.", "Two readers."):
        assert words in text.input_value()
    text.fill("## Symptoms\n\nIt beeps.\n\nTwice, quickly.\n\n## Cause\n\nTwo readers.\n")
    sara.get_by_role("button", name="Save draft").click()
    expect(sara.get_by_role("textbox", name="Cause")).to_have_value("Two readers.")
    expect(sara.get_by_role("textbox", name="Symptoms")).to_have_value("It beeps.\n\nTwice, quickly.")


def test_a_translation_is_made_side_by_side_and_goes_stale(open_as: Open) -> None:
    page = open_as("sara")
    begin(page, "The label printer skips a label", kind="How-to")
    page.get_by_label("Readers").select_option("public")
    expect(page.get_by_text("Everybody will see it, signed in or not")).to_be_visible()
    page.get_by_role("textbox", name="Text", exact=True).fill("## Steps\n\n1. Clean the sensor.\n")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published. Readers have it now.")).to_be_visible()
    source = page.url
    page.goto(f"{source}/translate/it")
    page.get_by_label("Title in Italiano").fill("La stampante salta un'etichetta")
    page.get_by_role("button", name="Begin the translation").click()
    page.get_by_role("textbox", name="Text", exact=True).fill("## Passaggi\n\n1. Pulire il sensore.\n")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("link", name="All settings").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_role("heading", name="La stampante salta un'etichetta")).to_be_visible()
    page.goto(f"{source}/edit")
    page.get_by_role("textbox", name="Text", exact=True).fill("## Steps\n\n1. Clean the sensor.\n2. Calibrate.\n")
    page.get_by_role("button", name="Publish", exact=True).click()
    page.goto(f"{source}/edit")
    expect(page.get_by_text("1 revision behind")).to_be_visible()
    page.get_by_role("link", name="Italiano").click()
    expect(page.get_by_text("The source changed since")).to_be_visible()
    expect(page.get_by_role("region", name="What changed in the source").get_by_text("2. Calibrate.")).to_be_visible()
    page.get_by_role("textbox", name="Text", exact=True).fill("## Passaggi\n\n1. Pulire il sensore.\n2. Tarare.\n")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The source changed since")).to_be_hidden()
