"""The editor's pages over the web, without scripts: writing, keeping, saving, refusing, merging; and who has them."""

import io
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kb.models import Kind, Revision
from kb.queries import read_markdown
from sportello.core.audience import Role
from sportello.core.db import Database
from tests.browsing import client_for
from tests.editorial.forms import filled
from tests.editorial.writing import begin, viewer
from tests.kb.articles import SOLUTION, SYSTEM, write
from tests.people import Cast, make_person

SignIn = Callable[[str], FlaskClient]
SYMPTOMS, ENVIRONMENT, CAUSE = 1, 2, 3  # rows of a solution; 0 is what stands before the first heading


@pytest.fixture
def draft(database: Database, cast: Cast) -> str:
    """A draft of Sara's; its slug."""
    with database.write() as session:
        return begin(session, viewer(cast.sara), "Totals differ", markdown=SOLUTION).slug


@pytest.fixture
def live(database: Database, cast: Cast) -> str:
    """A public article in English; its slug."""
    with database.write() as session:
        return write(session, "Invoice total is off", kind=Kind.SOLUTION).slug


def newest(database: Database, slug: str) -> Revision:
    from editorial.queries.history import history, revision_at

    with database.read() as session:
        return revision_at(session, SYSTEM, slug, history(session, SYSTEM, slug)[0].number)


def test_what_waits_for_review_is_saved_and_not_sent_again(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    page = sara.get(f"/kb/{draft}/edit").text
    assert page.count("btn-primary btn-sm") == 2  # the one of the page, and the one of the dialog
    assert "Send to review" in page
    assert sara.post(f"/kb/{draft}/edit", data=filled(page, do="review")).status_code == 303
    waiting = sara.get(f"/kb/{draft}/edit").text
    assert "Send to review" not in waiting
    assert '<button class="btn btn-primary btn-sm" name="do" value="save"' in waiting


def test_a_new_article_opens_in_its_editor_with_the_sections_of_its_kind(sign_in: SignIn) -> None:
    sara = sign_in("sara")
    begun = {"title": "Totals differ", "kind": "known-problem", "language": "it", "products": "ledger"}
    made = sara.post("/kb/new", data=begun)
    assert made.status_code == 303
    fields = filled(sara.get(made.headers["Location"]).text)
    assert fields.getlist("heading")[1:] == [
        "## Sintomi", "## Ambiente", "## Causa", "## Soluzione alternativa", "## Stato",
    ]  # fmt: skip
    assert fields["audience"] == "staff"
    assert "ledger" in fields.getlist("products")


def test_a_new_article_is_refused_with_what_was_typed(sign_in: SignIn) -> None:
    sara = sign_in("sara")
    good = {"title": "Totals differ", "kind": "how-to", "language": "en"}
    for name, value, words in (
        ("title", " ", "needs a title"),
        ("kind", "poem", "what kind of article"),
        ("language", "fr", "not a language"),
        ("products", "abacus", "abacus"),
    ):
        answer = sara.post("/kb/new", data={**good, name: value})
        assert answer.status_code == 400, name
        assert words in answer.text
        assert name == "title" or "Totals differ" in answer.text


def test_a_new_article_is_filled_in_from_the_address(sign_in: SignIn) -> None:
    page = sign_in("sara").get("/kb/new?title=ledger+does+not+open&from_gap=abc").text
    assert 'value="ledger does not open"' in page
    assert 'name="from_gap" value="abc"' in page


def test_saving_what_nobody_changed_changes_nothing(sign_in: SignIn, database: Database, live: str) -> None:
    sara = sign_in("sara")
    before = newest(database, live)
    answer = sara.post(f"/kb/{live}/edit", data=filled(sara.get(f"/kb/{live}/edit").text))
    assert answer.status_code == 303
    assert "Nothing had changed" in sara.get(answer.headers["Location"]).text
    after = newest(database, live)
    assert (after.number, after.markdown) == (before.number, before.markdown)


def test_what_is_typed_into_a_section_becomes_a_staged_revision(sign_in: SignIn, database: Database, live: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{live}/edit").text, part={ENVIRONMENT: "Ledger 15.1"}, comment="Where it happens")
    assert sara.post(f"/kb/{live}/edit", data=typed).status_code == 303
    saved = newest(database, live)
    assert saved.markdown == SOLUTION.replace("## Cause", "## Environment\n\nLedger 15.1\n\n## Cause")
    assert (saved.number, saved.comment) == (2, "Where it happens")
    assert "Ledger 15.1" not in sign_in("anonymous").get(f"/kb/{live}").text
    assert "Readers see revision 1" in sara.get(f"/kb/{live}/edit").text


def test_publishing_gives_it_to_the_readers(sign_in: SignIn, live: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{live}/edit").text, part={CAUSE: "A cosmic ray."}, do="publish")
    assert sara.post(f"/kb/{live}/edit", data=typed).status_code == 303
    assert "A cosmic ray." in sign_in("anonymous").get(f"/kb/{live}").text


def test_a_section_left_empty_is_not_shown_to_readers(sign_in: SignIn, live: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{live}/edit").text, part={CAUSE: ""}, do="publish")
    sara.post(f"/kb/{live}/edit", data=typed)
    page = sign_in("anonymous").get(f"/kb/{live}").text
    assert ">Symptoms</h2>" in page
    assert "Cause" not in page
    assert filled(sara.get(f"/kb/{live}/edit").text).getlist("heading")[CAUSE] == "## Cause"


def test_a_draft_is_sent_to_review_and_what_follows_goes_to_the_reviewer(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    sent = sara.post(f"/kb/{draft}/edit", data=filled(sara.get(f"/kb/{draft}/edit").text, do="review"))
    assert sent.status_code == 303
    assert sent.headers["Location"].endswith("/review")
    page = sara.get(f"/kb/{draft}/edit").text
    assert "In review" in page
    again = sara.post(f"/kb/{draft}/edit", data=filled(page, part={CAUSE: "Found."}, do="review"))
    assert again.status_code == 303
    assert "Found." in sara.get(f"/kb/{draft}/review").text


def test_a_time_that_is_none_or_past_is_refused_beside_its_field(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{draft}/edit").text, part={CAUSE: "Kept."}, do="schedule")
    for at, words in (
        ("", "Choose a day and a time."), ("2001-01-01T10:00", "Choose a time in the future."),
        ("Monday", "Write date and time like this"), ("0001-01-01T00:00", "Write date and time like this"),
    ):  # fmt: skip
        typed["at"] = at
        answer = sara.post(f"/kb/{draft}/edit", data=typed)
        assert answer.status_code == 400
        assert words in answer.text
        assert filled(answer.text).getlist("part")[CAUSE] == "Kept."
    typed["at"] = "2099-01-01T10:00"
    assert sara.post(f"/kb/{draft}/edit", data=typed).status_code == 303
    assert "1 January 2099, 10:00" in sara.get(f"/kb/{draft}/edit").text


def test_an_agent_who_may_not_publish_keeps_the_text(
    sign_in: SignIn, app: Flask, database: Database, live: str
) -> None:
    with database.write() as session:
        gino = make_person(session, "gino", None, Role.AGENT)
    agent = client_for(app, gino)
    page = agent.get(f"/kb/{live}/edit").text
    assert 'value="publish"' not in page
    answer = agent.post(f"/kb/{live}/edit", data=filled(page, part={CAUSE: "Gino knows."}, do="publish"))
    assert answer.status_code == 403
    assert filled(answer.text).getlist("part")[CAUSE] == "Gino knows."
    assert "Gino knows." not in sign_in("anonymous").get(f"/kb/{live}").text


def test_a_bad_field_is_named_and_everything_typed_is_kept(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    typed = filled(
        sara.get(f"/kb/{draft}/edit").text, title="", part={SYMPTOMS: "Typed & kept <b>"}, audience="golden",
        tags="vat, rounding",
    )  # fmt: skip
    answer = sara.post(f"/kb/{draft}/edit", data=typed)
    assert answer.status_code == 400
    again = filled(answer.text)
    assert again.getlist("part")[SYMPTOMS] == "Typed & kept <b>"
    assert (again["tags"], again["audience"]) == ("vat, rounding", "golden")
    assert 'href="#title"' in answer.text
    assert filled(sara.get(f"/kb/{draft}/edit").text).getlist("part")[SYMPTOMS] == "Typed & kept <b>"


def test_autosaved_text_comes_back_and_can_be_discarded(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{draft}/edit").text, part={CAUSE: "Half a sent"}, products=["", "ledger"])
    kept = sara.post(f"/kb/{draft}/edit/autosave", data=typed)
    assert kept.status_code == 200
    assert kept.json is not None
    assert kept.json["others"] == []
    assert len(kept.json["saved"]) == 5
    page = sara.get(f"/kb/{draft}/edit").text
    assert "You have unsaved changes" in page
    assert filled(page).getlist("part")[CAUSE] == "Half a sent"
    assert "Half a sent" not in sign_in("ada").get(f"/kb/{draft}/edit").text
    assert sara.post(f"/kb/{draft}/edit/discard").status_code == 303
    page = sara.get(f"/kb/{draft}/edit").text
    assert "You have unsaved changes" not in page
    assert filled(page).getlist("part")[CAUSE] == "Rounding."


def test_an_editor_that_is_merely_open_overwrites_nothing(sign_in: SignIn, draft: str) -> None:
    """The page says every half minute that it is there, without its fields: another window may have typed."""
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{draft}/edit").text, part={CAUSE: "Typed elsewhere"})
    sara.post(f"/kb/{draft}/edit/autosave", data=typed)
    assert sara.post(f"/kb/{draft}/edit/autosave").status_code == 200
    assert filled(sara.get(f"/kb/{draft}/edit").text).getlist("part")[CAUSE] == "Typed elsewhere"


def test_two_editors_are_merged_and_nothing_is_lost(sign_in: SignIn, database: Database, live: str) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    hers = sara.get(f"/kb/{live}/edit").text
    assert "Open in another editor now: Sara" not in ada.get(f"/kb/{live}/edit").text  # fetched: nothing
    sara.post(f"/kb/{live}/edit/autosave")
    other = ada.get(f"/kb/{live}/edit").text
    assert "Open in another editor now: Sara Test." in other
    assert ada.post(f"/kb/{live}/edit", data=filled(other, part={CAUSE: "Ada's cause"})).status_code == 303
    answer = sara.post(f"/kb/{live}/edit", data=filled(hers, part={SYMPTOMS: "Sara's symptoms"}))
    assert answer.status_code == 409
    assert "without any clash" in answer.text
    assert "What they changed" in answer.text
    merged = filled(answer.text)
    assert merged.getlist("part")[SYMPTOMS] == "Sara's symptoms"
    assert merged.getlist("part")[CAUSE] == "Ada's cause"
    assert sara.post(f"/kb/{live}/edit", data=merged).status_code == 303
    saved = newest(database, live)
    assert "Sara's symptoms" in saved.markdown
    assert "Ada's cause" in saved.markdown


def test_settings_changed_behind_an_open_page_are_not_put_back_by_it(
    sign_in: SignIn, database: Database, live: str
) -> None:
    """The page carries the settings that it was begun with: what its writer left alone stays as others made it."""
    sara, ada = sign_in("sara"), sign_in("ada")
    hers, other = sara.get(f"/kb/{live}/edit").text, ada.get(f"/kb/{live}/edit").text
    assert ada.post(f"/kb/{live}/edit", data=filled(other, tags="vat")).status_code == 303
    answer = sara.post(f"/kb/{live}/edit", data=filled(hers, part={SYMPTOMS: "Sara's symptoms"}, codes="E-1"))
    assert answer.status_code == 409
    assert sara.post(f"/kb/{live}/edit", data=filled(answer.text)).status_code == 303
    settings = newest(database, live).settings
    assert (settings["tags"], settings["codes"]) == (["vat"], ["E-1"])


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", "7", '{"tags": 5}', '{"kind": {}}', "[" * 50_000, '{"verify_days": []}']
)
def test_a_page_that_says_nonsense_about_its_beginning_is_saved_all_the_same(
    sign_in: SignIn, database: Database, live: str, sent: str
) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{live}/edit").text, part={CAUSE: "Known"}, opened=sent)
    assert sara.post(f"/kb/{live}/edit/autosave", data=typed).status_code == 200
    assert sara.post(f"/kb/{live}/edit", data=typed).status_code == 303
    assert "Known" in newest(database, live).markdown


def test_where_both_changed_a_line_both_stand_until_somebody_decides(
    sign_in: SignIn, database: Database, live: str
) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    hers, other = sara.get(f"/kb/{live}/edit").text, ada.get(f"/kb/{live}/edit").text
    ada.post(f"/kb/{live}/edit", data=filled(other, part={CAUSE: "Ada's cause"}))
    answer = sara.post(f"/kb/{live}/edit", data=filled(hers, part={CAUSE: "Sara's cause"}))
    assert answer.status_code == 409
    text = filled(answer.text)["markdown"]
    assert "<<<<<<< MINE" in text
    assert "Ada's cause" in text
    undecided = sara.post(f"/kb/{live}/edit", data=filled(answer.text))
    assert undecided.status_code == 400
    assert "Decide on every marked place" in undecided.text
    assert filled(undecided.text)["markdown"] == text
    decided = filled(undecided.text, markdown="## Symptoms\n\nOff.\n\n## Cause\n\nBoth.\n")
    assert sara.post(f"/kb/{live}/edit", data=decided).status_code == 303
    assert "Both." in newest(database, live).markdown


def test_the_merged_text_survives_a_crash_with_its_new_base(sign_in: SignIn, live: str) -> None:
    sara, ada = sign_in("sara"), sign_in("ada")
    hers, other = sara.get(f"/kb/{live}/edit").text, ada.get(f"/kb/{live}/edit").text
    ada.post(f"/kb/{live}/edit", data=filled(other, part={CAUSE: "Ada's cause"}))
    sara.post(f"/kb/{live}/edit", data=filled(hers, part={SYMPTOMS: "Sara's symptoms"}))
    reopened = filled(sara.get(f"/kb/{live}/edit").text)
    assert reopened.getlist("part")[SYMPTOMS] == "Sara's symptoms"
    assert sara.post(f"/kb/{live}/edit", data=reopened).status_code == 303


def test_the_preview_is_that_of_each_section(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{draft}/edit").text, part={CAUSE: "**Bold** <script>x</script>"})
    parts = sara.post(f"/kb/{draft}/edit/preview", data=typed).json["parts"]  # type: ignore[index]
    assert len(parts) == 5
    assert "<strong>Bold</strong>" in parts[CAUSE]
    assert "<script" not in parts[CAUSE]
    typed["do"] = "preview"
    page = sara.post(f"/kb/{draft}/edit", data=typed)
    assert page.status_code == 200
    assert "<strong>Bold</strong>" in page.text


def test_a_text_too_complex_for_the_preview_is_kept_and_its_paragraph_named(
    sign_in: SignIn, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("editorial.previews.SECONDS", "editorial.views.editor.SECONDS"):
        monkeypatch.setattr(place, 0.2)
    monkeypatch.setattr("sportello.core.markup.pool.STALLED_SECONDS", 60)  # a busy machine comes that far in time
    sara = sign_in("sara")
    hard = "Fine.\n\n" + "[" * 20_000
    typed = filled(sara.get(f"/kb/{draft}/edit").text, part={CAUSE: hard})
    answer = sara.post(f"/kb/{draft}/edit/preview", data=typed)
    assert answer.status_code == 400
    assert "too complex" in answer.json["error"]  # type: ignore[index]
    refused = sara.post(f"/kb/{draft}/edit", data=typed)
    assert refused.status_code == 400
    assert filled(refused.text).getlist("part")[CAUSE].replace("\r\n", "\n") == hard


def test_the_body_may_be_written_as_one_text(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{draft}/edit").text, do="text")
    page = sara.post(f"/kb/{draft}/edit", data=typed)
    assert filled(page.text)["markdown"].replace("\r\n", "\n") == SOLUTION
    back = sara.post(f"/kb/{draft}/edit", data=filled(page.text, do="sections"))
    assert filled(back.text).getlist("part")[CAUSE] == "Rounding."


SENTENCES = {
    "public": "Everybody will see it",
    "staff": "Nobody but staff",
    "xtreme": "Xtreme, Premium, and Elite customers: 3 organisations.",
    "premium@ledger": "Premium and Elite customers licensed for Ledger: 1 organisation.",
    "org:elite": "Only people of Elite will see it.",
    "org:expired": "their coverage has ended",
    "golden": "no such audience",
}


def test_it_is_said_and_counted_who_will_see_it(sign_in: SignIn, draft: str) -> None:
    sara = sign_in("sara")
    for audience, sentence in SENTENCES.items():
        answer = sara.get(f"/kb/{draft}/edit/readers?audience={audience}")
        assert sentence in answer.json["sentence"]  # type: ignore[index]


def test_articles_that_a_title_looks_like_are_shown(sign_in: SignIn, database: Database, live: str, draft: str) -> None:
    from tests.work import work_off

    sara = sign_in("sara")
    work_off(sara.application)
    found = sara.get("/kb/new/similar?title=The+invoice+total+differs").text
    assert f'href="/kb/{live}"' in found
    assert "Shares 2 of 3 key words" in found
    assert "No published article" in sara.get("/kb/new/similar?title=Printer+on+fire").text
    assert f'href="/kb/{live}"' not in sara.get(f"/kb/{live}/edit/similar?title=The+invoice+total").text


def test_who_does_not_write_meets_none_of_it(sign_in: SignIn, live: str) -> None:
    for name in ("anonymous", "anna", "elena", "ezio"):
        client = sign_in(name)
        absent = client.get("/kb/never-was-abcde").status_code
        for path in ("edit", "edit/readers", "edit/similar", "translate/it"):
            assert client.get(f"/kb/{live}/{path}").status_code == absent == 404
        for path in ("edit", "edit/autosave", "edit/preview", "edit/discard", "translate/it"):
            assert client.post(f"/kb/{live}/{path}").status_code == 404
        assert client.get("/kb/new").status_code == 404


def test_the_words_of_a_reader_page_do_not_change_while_somebody_writes(
    sign_in: SignIn, database: Database, live: str
) -> None:
    sara = sign_in("sara")
    typed = filled(sara.get(f"/kb/{live}/edit").text, title="Another title", part={CAUSE: "Staged words"})
    sara.post(f"/kb/{live}/edit", data=typed)
    with database.read() as session:
        assert "Staged words" not in read_markdown(session, SYSTEM, live)[1]
    assert "Another title" not in sign_in("anonymous").get(f"/kb/{live}").text


def test_beside_the_text_stand_its_files_and_the_pictures_that_say_nothing(
    database: Database, sign_in: SignIn, draft: str
) -> None:
    sara = sign_in("sara")
    sent = sara.post(
        f"/kb/{draft}/files",
        data={"file": (io.BytesIO(b"rate,net\n22,100\n"), "rates.csv"), "alt": ""},
        headers={"Accept": "application/json"},
    )
    assert sent.status_code == 201
    fields = filled(sara.get(f"/kb/{draft}/edit").text)
    assert "In no revision yet" in sara.get(f"/kb/{draft}/edit").text
    parts = fields.getlist("part")
    parts[SYMPTOMS] += f"\n{sent.json['markdown']}\n\n![](/kb/files/abcdefghjk/screen.png)\n"
    fields.setlist("part", parts)
    fields["do"] = "save"
    assert sara.post(f"/kb/{draft}/edit", data=fields).status_code == 303
    page = sara.get(f"/kb/{draft}/edit").text
    assert "Pictures without a description" in page
    assert "screen.png" in page
    assert "In a revision that readers do not have" in page
    assert "Readers have it" not in page
