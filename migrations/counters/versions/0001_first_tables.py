"""first tables of the counters"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "article_views",
        sa.Column("article_key", sa.String(length=10), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("article_key", "day", "audience", name=op.f("pk_article_views")),
    )
    op.create_table(
        "limit_counter",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "subject", "start", name=op.f("pk_limit_counter")),
    )
    with op.batch_alter_table("limit_counter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_limit_counter_ends"), ["ends"], unique=False)

    op.create_table(
        "search_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("actor", sa.String(length=32), nullable=False),
        sa.Column("query", sa.String(length=256), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("clicked", sa.Integer(), nullable=True),
        sa.Column("opened", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_log")),
    )
    with op.batch_alter_table("search_log", schema=None) as batch_op:
        batch_op.create_index("ix_search_log_actor", ["actor", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_search_log_asked_at"), ["asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_search_log_opened"), ["opened"], unique=False)
        batch_op.create_index("ix_search_log_past", ["audience", "query"], unique=False)

    op.create_table(
        "seen_mark",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "subject", name=op.f("pk_seen_mark")),
    )
    with op.batch_alter_table("seen_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_mark_seen_at"), ["seen_at"], unique=False)
