"""A named lease in the database: of several workers one leads, another takes over when the lease runs out."""

from datetime import timedelta

from sqlalchemy import String, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from sportello.core import clock
from sportello.core.db import Base
from sportello.core.types import instant


class Lease(Base):
    """Who holds `name`, and until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    expires_at: Mapped[instant]


def acquire(session: Session, name: str, holder: str, seconds: float) -> bool:
    """Take or renew the lease for `seconds`; False while somebody else holds it."""
    now = clock.now()
    until = now + timedelta(seconds=seconds)
    taken = session.execute(
        update(Lease)
        .where(Lease.name == name, or_(Lease.holder == holder, Lease.expires_at < now))
        .values(holder=holder, expires_at=until)
    )
    if taken.rowcount:  # type: ignore[attr-defined]
        return True
    if session.scalar(select(Lease.holder).where(Lease.name == name)) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(Lease(name=name, holder=holder, expires_at=until))
    except IntegrityError:
        return False
    return True


def release(session: Session, name: str, holder: str) -> None:
    """Give the lease back early."""
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
