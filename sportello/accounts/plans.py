"""The support plans and what each includes: data, read once from a TOML file and checked as a whole."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from sportello.core.settings import SettingsError

SHIPPED = Path(__file__).with_name("plans.toml")


class Feature(StrEnum):
    """What the code asks a plan for. A plans file must have all of them, and may have more for its table."""

    CRITICAL_SOLUTIONS = "critical-solutions"
    SOFTWARE_UPDATES = "software-updates"
    PATCHES = "patches"
    ACTIVITY_REVIEW = "activity-review"
    EARLY_ADOPTER = "early-adopter"
    INCIDENT_LOGGING = "incident-logging"
    ONLINE_SUPPORT = "online-support"
    PHONE_ACCESS = "phone-access"
    REMOTE_ACCESS = "remote-access"
    SUCCESS_MANAGER = "success-manager"
    SENIOR_ACCESS = "senior-access"
    RESPONSE_TARGETS = "response-targets"
    SEVERITY_PRIORITY = "severity-priority"
    PLAN_PRIORITY = "plan-priority"
    CIS = "cis"
    EXTENDED_CIS = "extended-cis"
    HOW_TO = "how-to"
    ONLINE_COMMUNITIES = "online-communities"
    RECORDED_BRIEFINGS = "recorded-briefings"
    INTERACTIVE_BRIEFINGS = "interactive-briefings"
    EDUCATION_INCENTIVES = "education-incentives"
    UPGRADE_PLANNING = "upgrade-planning"
    SPECIAL_EVENTS = "special-events"


class PlansError(SettingsError):
    """The plans file is wrong: one clear line."""


@dataclass(frozen=True)
class Words:
    """A text in both languages of the interface."""

    en: str
    it: str

    def for_language(self, language: str) -> str:
        return self.it if language == "it" else self.en


Value = bool | Words


@dataclass(frozen=True)
class FeatureRow:
    """One row of the matrix; `values` by plan code: False, True, or the words that say what is covered."""

    key: str
    area: str
    name: Words
    description: Words
    values: Mapping[str, Value]


@dataclass(frozen=True)
class Area:
    """A group of rows."""

    code: str
    name: Words
    rows: tuple[FeatureRow, ...]


@dataclass(frozen=True)
class Plan:
    """One plan of the ladder."""

    code: str
    name: str
    values: Mapping[str, Value]

    def includes(self, feature: Feature) -> bool:
        """True if the plan has the feature, in whatever extent."""
        return self.values[feature] is not False

    def value(self, feature: Feature) -> Value:
        """False, True, or the words that say what is covered."""
        return self.values[feature]

    @cached_property
    def features(self) -> frozenset[str]:
        """Everything that the plan has, in whatever extent."""
        return frozenset(key for key, value in self.values.items() if value is not False)


@dataclass(frozen=True)
class Plans:
    """All plans, lowest first, and the areas of the comparison."""

    plans: tuple[Plan, ...]
    areas: tuple[Area, ...]

    @classmethod
    def load(cls, path: Path | str | None = None) -> "Plans":
        """Read the file (None or "": the shipped plans). Raises PlansError: one line that names the place."""
        from sportello.accounts.plans_file import read  # it builds the classes of this module

        source = Path(path) if path else SHIPPED
        try:
            return read(tomllib.loads(source.read_text("utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, PlansError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise PlansError(f"plans file {source}: {reason}") from None

    @property
    def ladder(self) -> tuple[str, ...]:
        """Plan codes, lowest first."""
        return tuple(plan.code for plan in self.plans)

    def plan(self, code: str) -> Plan:
        """The plan of this code. Raises KeyError."""
        for plan in self.plans:
            if plan.code == code:
                return plan
        raise KeyError(code)

    def features(self, code: str | None) -> frozenset[str]:
        """What the plan of this code has; nothing for no plan."""
        return self.plan(code).features if code else frozenset()

    def name(self, code: str) -> str:
        """The plan's name, or the code itself for a plan that is no longer offered."""
        return next((plan.name for plan in self.plans if plan.code == code), code)

    def offers(self, code: str) -> bool:
        """True for the code of a plan that stands in the file."""
        return code in self.ladder

    def lowest_with(self, feature: Feature) -> str | None:
        """Code of the lowest plan that includes the feature; None if none does."""
        return next((plan.code for plan in self.plans if plan.includes(feature)), None)
