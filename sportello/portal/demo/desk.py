"""What lies on the desks of the demo's staff: changes in review, a draft, the archive, the bin, what readers said."""

from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from editorial import services as writing
from editorial.form import ArticleForm
from editorial.models import Change
from editorial.settings import Settings
from kb import services as articles
from kb.models import Article, ArticleTranslation, Confidence, Kind, Revision, Significance
from kb.services.report import report_problem
from kb.services.verify import set_owner
from sportello.accounts.models import Person
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_for_email
from sportello.core.audience import Viewer, system
from sportello.core.errors import NotFound
from sportello.core.types import Ref

CONTENT = Path(__file__).with_name("content") / "desk"
SARA, NICO = "sara@support.example", "nico@support.example"
VOTES = (
    ("anna@xtreme.example", "ledger-vat-rounding", True, ""),
    ("bruno@xtreme.example", "ledger-vat-rounding", False, "Step 3 asks for a confirmation that I do not get in 15.1."),
    ("piero@premium.example", "harbor-split-lot-barcode", False, "Our labels have two codes. Which one is meant?"),
    ("elena@elite.example", "harbor-cycle-count", True, "Clear. Please add how long the count stays open."),
)
OWNERS = (
    (SARA, ("ledger-vat-rounding", "ledger-year-end-checklist", "ledger-einvoice-states", "ledger-upgrade-15-1")),
    (NICO, ("foundry-planning-run-tuning", "foundry-run-stops-fnd-2207", "harbor-label-refused")),
)


def load_desk(session: Session, plans: Plans) -> bool:
    """Lay everything out, once: False where somebody has written here already."""
    if session.scalar(Change.visible_to(system(), func.count())):
        return False
    sara, nico = _viewer(session, SARA, plans), _viewer(session, NICO, plans)
    _own(session)
    _drafts(session, sara, nico, plans)
    _staged(session, nico, plans)
    _outdated_translation(session, sara, plans)
    _put_away(session, sara, plans)
    _said(session, plans)
    return True


def _own(session: Session) -> None:
    for email, names in OWNERS:
        key = session.scalar(select(Person.key).where(Person.email == email))
        for name in names:
            set_owner(session, system(), slug_of(session, name), key)


def _drafts(session: Session, sara: Viewer, nico: Viewer, plans: Plans) -> None:
    calendar = writing.start_article(
        session, nico, kind=Kind.SOLUTION, language="en", title="A new plant works on every day of the year",
        products=("foundry",), markdown=_text("foundry-calendar-plants"), ladder=plans.ladder,
    )  # fmt: skip
    _settle(session, nico, calendar.slug, plans, audience=plans.ladder[0], tags=("calendar", "plant"))
    writing.submit(session, nico, calendar.slug)
    writing.start_article(
        session, sara, kind=Kind.HOW_TO, language="en", title="Print delivery notes in the receiver's language",
        products=("harbor",), markdown=_text("harbor-label-language"), ladder=plans.ladder,
    )  # fmt: skip


def _settle(session: Session, actor: Viewer, slug: str, plans: Plans, **settings: object) -> None:
    """Save a draft once more with some settings."""
    copy = writing.open_copy(session, actor, slug)
    form = ArticleForm.from_fields({**copy.fields, **settings}, ArticleForm("", "", settings=Settings()))
    writing.save_change(session, actor, slug, form, base_revision_id=copy.base_revision_id, ladder=plans.ladder)


def _staged(session: Session, nico: Viewer, plans: Plans) -> None:
    """A change of a live article in review, with a question on one of its lines."""
    slug = slug_of(session, "ledger-vat-rounding")
    change = _edit(
        session, nico, slug, plans, "and confirm with the name of the company",
        "keep a copy of the list, and confirm with the name of the company",
        "\n\nRefused documents can be sent again under their own numbers: a refused document has no fiscal effect.\n",
        Significance.NORMAL, "What to do with refused documents",
    )  # fmt: skip
    writing.submit(session, nico, slug)
    writing.add_note(session, nico, change.key, text="Is this also true for credit notes? I only tried invoices.")


def _edit(
    session: Session, actor: Viewer, slug: str, plans: Plans, before: str, after: str, more: str,
    significance: Significance, comment: str,
) -> Change:  # fmt: skip
    copy = writing.open_copy(session, actor, slug)
    form = ArticleForm.from_fields(copy.fields)
    text = form.markdown.replace(before, after).rstrip() + more
    form = ArticleForm(form.title, text, form.summary, form.settings)
    return writing.save_change(
        session, actor, slug, form, base_revision_id=copy.base_revision_id, ladder=plans.ladder,
        significance=significance, comment=comment,
    )  # fmt: skip


def _outdated_translation(session: Session, sara: Viewer, plans: Plans) -> None:
    """The Italian text says what the English one said before a step was added."""
    slug = slug_of(session, "harbor-label-refused")
    italian = slug_of(session, "harbor-label-refused", "it")
    _say_source(session, italian, slug)
    _edit(
        session, sara, slug, plans, "", "",
        "\n\n> [!NOTE]\n> Since 4.2 the carrier's own words stand in the tab **Answer** of the shipment: look there"
        " first.\n",
        Significance.NORMAL, "The carrier's answer is shown since 4.2",
    )  # fmt: skip
    writing.publish_change(session, sara, slug, ladder=plans.ladder)


def _say_source(session: Session, translation: str, source: str) -> None:
    columns = (ArticleTranslation.slug, ArticleTranslation.revision_id)
    rows = session.execute(
        ArticleTranslation.visible_to(system(), *columns).where(ArticleTranslation.slug.in_([translation, source]))
    )
    ids = {row.slug: row.revision_id for row in rows}
    revision = session.scalars(Revision.visible_to(system()).where(Revision.id == ids[translation])).one()
    revision.source_revision_id = ids[source]
    session.flush()


def _put_away(session: Session, sara: Viewer, plans: Plans) -> None:
    """An archived article with a successor, and something in the bin."""
    for name, title in (
        ("ledger-old-rounding-tool", "Repair invoices with the tool roundfix"),
        ("ledger-test-page", "A page to try tables"),
    ):
        started = writing.start_article(
            session, sara, kind=Kind.SOLUTION, language="en", title=title, products=("ledger",),
            markdown=_text(name), ladder=plans.ladder,
        )  # fmt: skip
        _settle(
            session, sara, started.slug, plans, audience="public", confidence=Confidence.VALIDATED, codes=("LDG-4102",)
        )
        published = writing.publish_change(session, sara, started.slug, ladder=plans.ladder)
        if name == "ledger-test-page":
            writing.bin_article(session, sara, published.slug)
        else:
            writing.archive(session, sara, published.slug, slug_of(session, "ledger-vat-rounding"))


def _said(session: Session, plans: Plans) -> None:
    for email, name, helpful, comment in VOTES:
        viewer = _viewer(session, email, plans)
        try:
            articles.vote(session, viewer, slug_of(session, name), helpful=helpful, comment=comment or None)
        except NotFound:
            continue  # with a plans file of the operator's own, this person does not read it
    anna = _viewer(session, "anna@xtreme.example", plans)
    report_problem(
        session, anna, slug_of(session, "ledger-vat-rounding"), quote="companies that were created before 15.0",
        comment="We were created in 15.0 and have the rule by line, too.",
    )  # fmt: skip


def slug_of(session: Session, name: str, language: str = "en") -> str:
    """The address of an article of the demo by its key in the content folder."""
    found = ArticleTranslation.visible_to(system(), ArticleTranslation.slug).where(
        Article.source == "demo", Article.source_id == name, ArticleTranslation.language == language
    )
    return str(session.scalars(found).one())


def article_ref(session: Session, name: str) -> Ref:
    """The article of the demo as features point to it."""
    found = Article.visible_to(system(), Article.key).where(Article.source == "demo", Article.source_id == name)
    return Ref("article", str(session.scalars(found).one()))


def _viewer(session: Session, email: str, plans: Plans) -> Viewer:
    viewer = viewer_for_email(session, email, plans)
    if viewer is None:
        raise NotFound
    return viewer


def _text(name: str) -> str:
    return (CONTENT / f"{name}.md").read_text("utf-8")
