"""What the people of the demo follow and were told: a critical notice that some acknowledged, a push, new articles."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import sportello.portal.site  # noqa: F401  what can be followed and announced is registered there
from sportello.accounts.models import Organisation
from sportello.accounts.plans import Plans
from sportello.accounts.viewer import viewer_for_email
from sportello.core import clock, keys
from sportello.core.audience import Viewer
from sportello.core.errors import NotFound
from sportello.core.types import Ref
from sportello.notifications.calls.sign import new_secret
from sportello.notifications.levels import Level
from sportello.notifications.models import DigestRhythm, Notice, Preference, RegisteredAddress, Webhook
from sportello.notifications.services.announce import announce
from sportello.notifications.services.critical import draft, send
from sportello.notifications.services.critical.acknowledge import acknowledge
from sportello.notifications.services.critical.words import Words
from sportello.notifications.services.follow import set_level
from sportello.portal.demo.desk import SARA, article_ref

CRITICAL = "ledger-year-end-posts-twice"
WORDS = Words(
    products={"ledger": ["15.1"]},
    consequence={
        "en": "Two sessions that close the same year post the result twice.",
        "it": "Due sessioni che chiudono lo stesso esercizio registrano il risultato due volte.",
    },
    action={
        "en": "Close from one session only until service pack 15.1.4 is installed.",
        "it": "Chiudere da una sola sessione finché non è installato il service pack 15.1.4.",
    },
)
KNOWN = (("piero@premium.example", True), ("elena@elite.example", False), ("paul@montescuro.example", False))
"""Who has acknowledged, and whether for their whole organisation."""
FOLLOWED = (
    ("anna@xtreme.example", "article", "ledger-vat-rounding", Level.WATCHING),
    ("anna@xtreme.example", "category", "year-end", Level.WATCHING),
    ("piero@premium.example", "product", "harbor", Level.WATCHING),
    ("chiara@premium.example", "category", "customs", Level.MUTED),
    ("elena@elite.example", "tag", "closing", Level.TRACKING),
    (SARA, "product", "ledger", Level.TRACKING),
)
DIGESTS = (("bruno@xtreme.example", DigestRhythm.DAILY), ("chiara@premium.example", DigestRhythm.NEVER))
NEW: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("article-published", "ledger-einvoice-states", {}),
    ("article-published", "harbor-label-refused", {}),
    ("article-updated", "ledger-vat-rounding", {}),
    (
        "article-pushed",
        "ledger-year-end-checklist",
        {"en": "Please read it before the first closing.", "it": "Da leggere prima della prima chiusura."},
    ),
)


def load_told(session: Session, plans: Plans) -> bool:
    """Have everybody told, once: False where somebody was told before."""
    if session.scalar(select(func.count()).select_from(Notice)):
        return False
    for email, kind, name, level in FOLLOWED:
        _follow(session, _viewer(session, email, plans), kind, name, level)
    for email, rhythm in DIGESTS:
        person_id = _viewer(session, email, plans).person_id
        session.add(Preference(person_id=person_id, digest=rhythm, quiet_from=20, quiet_to=7))
    _beyond(session)
    sara = _viewer(session, SARA, plans)
    _critical(session, sara, plans)
    for event, name, says in NEW:
        ref = article_ref(session, name)
        announce(session, event, ref, actor_id=sara.person_id, thread=ref, says=says)
    return True


def _follow(session: Session, viewer: Viewer, kind: str, name: str, level: Level) -> None:
    ref = article_ref(session, name) if kind == "article" else Ref(kind, name)
    try:
        set_level(session, viewer, ref, level)
    except NotFound:
        return  # with a plans file of the operator's own, this person does not read it


def _critical(session: Session, sara: Viewer, plans: Plans) -> None:
    """Sent by one person, whatever the site asks of its own staff."""
    notice = draft.begin(session, sara, article_ref(session, CRITICAL))
    draft.edit(session, sara, notice.key, WORDS)
    send.send(session, sara, notice.key, plans=plans, two_people=False)
    session.flush()
    for email, for_all in KNOWN:
        acknowledge(session, _viewer(session, email, plans), notice.key, 1, for_organisation=for_all)


def _beyond(session: Session) -> None:
    """A shared mailbox that has confirmed, a colleague who has not yet, and a system that is not called."""
    ids = dict(session.execute(select(Organisation.name, Organisation.id)).all())
    now = clock.now()
    for organisation, email, name, confirmed in (
        ("Officine Tramonto", "magazzino@premium.example", "Magazzino", True),
        ("Cartiera Valdora", "marco@xtreme.example", "Marco Ferri", False),
    ):
        session.add(
            RegisteredAddress(
                key=keys.new_key(), organisation_id=ids[organisation], email=email, name=name, language="it",
                products=[], created_at=now, asked_at=now, confirmed_at=now if confirmed else None,
            )
        )  # fmt: skip
    session.add(
        Webhook(
            key=keys.new_key(), organisation_id=ids["Cantieri Portochiaro"], name="Ticket system", secret=new_secret(),
            url="https://tickets.portochiaro.example/sportello", events=["critical-notice"], active=False,
            created_at=now,
        )
    )  # fmt: skip


def _viewer(session: Session, email: str, plans: Plans) -> Viewer:
    viewer = viewer_for_email(session, email, plans)
    if viewer is None:
        raise NotFound
    return viewer
