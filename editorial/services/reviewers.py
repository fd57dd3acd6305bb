"""Who reviews changes of a product, besides the editors."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from editorial.models import ProductReviewer
from sportello.accounts.models import Person
from sportello.accounts.queries import get_product
from sportello.core.audience import WRITING_ROLES, Viewer
from sportello.core.errors import N_, Invalid
from sportello.core.policy import Action, require


def set_reviewers(session: Session, actor: Viewer, product_code: str, emails: Collection[str]) -> list[Person]:
    """Make exactly these people the product's reviewers; returns them.

    Raises NotFound (the product), Forbidden, Invalid (somebody who does not write articles).
    """
    require(actor, Action.REVIEWERS_MANAGE)
    product = get_product(session, product_code)
    people = [_writer(session, email) for email in dict.fromkeys(one.strip().lower() for one in emails) if email]
    session.execute(delete(ProductReviewer).where(ProductReviewer.product_id == product.id))
    session.add_all(ProductReviewer(product_id=product.id, person_id=person.id) for person in people)
    session.flush()
    return people


def _writer(session: Session, email: str) -> Person:
    person = session.scalar(select(Person).where(Person.email == email, Person.active))
    if person is None or not person.roles & WRITING_ROLES:
        raise Invalid(N_("“%(email)s” is nobody who writes articles here."), field="reviewers", email=email)
    return person
