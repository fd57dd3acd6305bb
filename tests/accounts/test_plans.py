"""The plan matrix is data, and every mistake in it is one clear line."""

from pathlib import Path

import pytest

from sportello.accounts.plans import SHIPPED, Feature, Plans, PlansError


def test_the_shipped_plans_are_three_and_offer_twenty_three_features(plans: Plans) -> None:
    assert plans.ladder == ("xtreme", "premium", "elite")
    assert len(Feature) == 23
    assert sum(len(area.rows) for area in plans.areas) == 23
    for area in plans.areas:
        for row in area.rows:
            assert row.name.en
            assert row.name.it
            assert row.description.it


XTREME = {
    "critical-solutions", "software-updates", "patches", "incident-logging", "online-support", "phone-access",
    "remote-access", "response-targets", "severity-priority", "cis", "how-to", "online-communities",
    "recorded-briefings",
}  # fmt: skip
PREMIUM = XTREME | {"plan-priority", "extended-cis", "interactive-briefings"}


@pytest.mark.parametrize(("code", "expected"), [("xtreme", XTREME), ("premium", PREMIUM), ("elite", set(Feature))])
def test_each_plan_includes_what_the_offering_says(plans: Plans, code: str, expected: set[str]) -> None:
    assert {feature.value for feature in Feature if plans.plan(code).includes(feature)} == expected


def test_interactive_briefings_begin_at_premium_and_the_coverage_is_in_words(plans: Plans) -> None:
    assert plans.lowest_with(Feature.INTERACTIVE_BRIEFINGS) == "premium"
    assert plans.lowest_with(Feature.ONLINE_COMMUNITIES) == "xtreme"
    value = plans.plan("premium").value(Feature.EXTENDED_CIS)
    assert not isinstance(value, bool)
    assert value.for_language("it") == "24×7"


def test_the_italian_names_are_those_of_the_offering(plans: Plans) -> None:
    names = {row.key: row.name.it for area in plans.areas for row in area.rows}
    assert names["interactive-briefings"] == "Briefing interattivi"
    assert names["activity-review"] == "Verifica delle attività di assistenza"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('key = "cis"', 'key = "cjs"', "feature 'cis' is missing"),
        ('key = "cis"', 'key = "how-to"', "feature 'how-to' stands there twice"),
        ('code = "elite"', 'code = "Elite!"', "code = 'Elite!'"),
        ('code = "elite"', 'code = "public"', "plan code 'public' is reserved"),
        ('area = "planning"', 'area = "plannning"', "area 'plannning' is not one of"),
        ("premium = true, elite = true }", "premium = true, elite = false }", "premium has it, so elite must"),
        ("values = { xtreme = true, premium = true, elite = true }", "values = { xtreme = true }", "exactly the plans"),
        ('it = "CIS esteso"', 'de = "CIS"', "one text each for en and it"),
        ("[[plans]]", "[[plans", "line"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path: Path, old: str, new: str, says: str) -> None:
    text = SHIPPED.read_text("utf-8")
    assert old in text
    (tmp_path / "plans.toml").write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(PlansError) as error:
        Plans.load(tmp_path / "plans.toml")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(PlansError, match=r"plans\.toml: No such file"):
        Plans.load(tmp_path / "plans.toml")


def test_an_operator_may_add_rows_of_their_own(tmp_path: Path) -> None:
    values = 'values = { xtreme = false, premium = false, elite = "24×7" }'
    own = f'[[features]]\nkey = "coffee"\narea = "support"\nname = "Coffee"\n{values}\n'
    (tmp_path / "plans.toml").write_text(SHIPPED.read_text("utf-8") + own, "utf-8")
    rows = [row.key for area in Plans.load(tmp_path / "plans.toml").areas for row in area.rows]
    assert "coffee" in rows
