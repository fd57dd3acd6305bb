"""Organisations, people, products, and everything that belongs to signing in."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from sportello.core.audience import Role
from sportello.core.db import Base
from sportello.core.stamp import CONTENT
from sportello.core.types import BigId, code, instant, key10, lang, name, pk, text

organisation_product = Table(
    "organisation_product",
    Base.metadata,
    Column("organisation_id", BigId, ForeignKey("organisation.id", ondelete="CASCADE"), primary_key=True),
    Column("product_id", BigId, ForeignKey("product.id", ondelete="CASCADE"), primary_key=True),
)


class Product(Base):
    """A product line that organisations license."""

    __tablename__ = "product"
    __table_args__ = {"info": CONTENT}

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[name]
    versions: Mapped[list["ProductVersion"]] = relationship(
        back_populates="product", order_by="ProductVersion.position", cascade="all, delete-orphan"
    )


class ProductVersion(Base):
    """A version of a product; `position` orders them, oldest first."""

    __tablename__ = "product_version"
    __table_args__ = (UniqueConstraint("product_id", "name"), {"info": CONTENT})

    id: Mapped[pk]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(40))
    position: Mapped[int] = mapped_column(Integer, default=0)
    product: Mapped[Product] = relationship(back_populates="versions")


class Organisation(Base):
    """A customer: holds one plan with coverage dates (both inclusive, UTC days) and licenses products."""

    __tablename__ = "organisation"

    id: Mapped[pk]
    key: Mapped[key10]
    name: Mapped[name]
    plan: Mapped[code]
    coverage_start: Mapped[date]
    coverage_end: Mapped[date]
    created_at: Mapped[instant]
    products: Mapped[list[Product]] = relationship(secondary=organisation_product, order_by=Product.code)
    people: Mapped[list["Person"]] = relationship(back_populates="organisation", order_by="Person.name")

    @property
    def product_codes(self) -> frozenset[str]:
        return frozenset(product.code for product in self.products)

    def covered_on(self, day: date) -> bool:
        """Coverage includes its first and its last day."""
        return self.coverage_start <= day <= self.coverage_end


class Person(Base):
    """Somebody who can sign in. `email` is lower-case and unique; `password_hash` is argon2id or None."""

    __tablename__ = "person"

    id: Mapped[pk]
    key: Mapped[key10]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[name]
    language: Mapped[lang] = mapped_column(default="en")
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id", ondelete="SET NULL"), index=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[instant]
    last_seen_at: Mapped[instant | None]
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_confirmed_at: Mapped[instant | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigId)  # a code is accepted once
    pending_email: Mapped[str | None] = mapped_column(String(254))
    organisation: Mapped[Organisation | None] = relationship(back_populates="people")
    role_rows: Mapped[list["PersonRole"]] = relationship(cascade="all, delete-orphan", lazy="selectin")

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(row.role) for row in self.role_rows)


class PersonRole(Base):
    __tablename__ = "person_role"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(20), primary_key=True)


class RecoveryCode(Base):
    """A one-time replacement for the second factor; only its hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[instant | None]


class LoginSession(Base):
    """A signed-in browser. The cookie carries a random token; only its SHA-256 stands here."""

    __tablename__ = "login_session"

    id: Mapped[pk]
    key: Mapped[key10]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[instant]
    seen_at: Mapped[instant]
    expires_at: Mapped[instant]
    remember: Mapped[bool] = mapped_column(default=False)
    ip: Mapped[str] = mapped_column(String(45), default="")
    user_agent: Mapped[str] = mapped_column(String(300), default="")
    revoked_at: Mapped[instant | None]
    person: Mapped[Person] = relationship()


class OneTimeToken(Base):
    """Invitation, password reset, change of address: single use, expiring, and only a hash is kept."""

    __tablename__ = "one_time_token"

    id: Mapped[pk]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(30))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[instant]
    expires_at: Mapped[instant]
    used_at: Mapped[instant | None]
    person: Mapped[Person] = relationship()


class AuditEntry(Base):
    """Who changed what: names are copied, so that an entry outlives its person."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_at", "at"),)

    id: Mapped[pk]
    at: Mapped[instant]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    actor: Mapped[name]
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(300))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    note: Mapped[text | None]
