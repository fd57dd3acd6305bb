"""The one rule: Python and SQL agree on every combination of plan, products, organisation and role."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.models import Article, ArticleTranslation
from sportello.core import audience
from sportello.core.audience import PUBLIC, STAFF, Viewer, admits, check_key, readable_keys
from sportello.core.db import Database
from sportello.core.errors import Invalid
from tests.factories.articles import make_article
from tests.people import LADDER

PRODUCTS = ("ledger", "foundry", "harbor")
ORGANISATIONS = ("acme", "tramonto")
KEYS = (
    PUBLIC, STAFF, *LADDER, *(f"{plan}@{product}" for plan in LADDER for product in PRODUCTS),
    *(f"org:{key}" for key in ORGANISATIONS),
)  # fmt: skip

viewers = st.builds(
    lambda plan, products, organisation, staff: Viewer(
        audiences=readable_keys(LADDER, plan=plan, products=products, organisation=organisation, staff=staff)
    ),
    st.sampled_from((None, *LADDER)),
    st.sets(st.sampled_from(PRODUCTS)),
    st.sampled_from((None, *ORGANISATIONS)),
    st.booleans(),
)


def expected(plan: str | None, products: set[str], organisation: str | None, staff: bool, key: str) -> bool:
    """The rule once more, told the other way round: from the item's key."""
    if staff or key == PUBLIC:
        return True
    if plan is None or key == STAFF:
        return False
    if key.startswith("org:"):
        return key == f"org:{organisation}"
    wanted, _, product = key.partition("@")
    return LADDER.index(wanted) <= LADDER.index(plan) and (not product or product in products)


@given(
    st.sampled_from((None, *LADDER)), st.sets(st.sampled_from(PRODUCTS)),
    st.sampled_from((None, *ORGANISATIONS)), st.booleans(), st.sampled_from(KEYS),
)  # fmt: skip
def test_the_set_of_keys_is_the_rule(
    plan: str | None, products: set[str], organisation: str | None, staff: bool, key: str
) -> None:
    keys = readable_keys(LADDER, plan=plan, products=products, organisation=organisation, staff=staff)
    assert admits(Viewer(audiences=keys), key) == expected(plan, products, organisation, staff, key)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(viewer=viewers)
def test_sql_and_python_agree(database: Database, viewer: Viewer) -> None:
    with database.write() as session:
        if not session.scalars(Article.visible_to(audience.system())).first():
            for i, key in enumerate(KEYS):
                make_article(session, f"k{i}", key)
        by_sql = set(session.scalars(Article.visible_to(viewer, Article.audience)))
        through_parent = set(session.scalars(ArticleTranslation.visible_to(viewer, Article.audience)))
    by_python = {key for key in KEYS if admits(viewer, key)}
    assert by_sql == by_python == through_parent


def test_ended_coverage_leaves_what_is_public() -> None:
    assert readable_keys(LADDER, plan=None, products=["ledger"], organisation="acme") == {PUBLIC}


def test_an_unknown_plan_is_no_coverage() -> None:
    assert readable_keys(LADDER, plan="platinum", products=["ledger"], organisation="acme") == {PUBLIC}


@pytest.mark.parametrize("key", ["", "gold", "public@ledger", "staff@ledger", "org:", "premium@", "premium@A B", "*"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(Invalid):
        check_key(key, LADDER)


@pytest.mark.parametrize("key", KEYS)
def test_every_key_of_the_site_is_accepted(key: str) -> None:
    assert check_key(key, LADDER) == key
