"""Coefficients of several factors: their names, what they stand for, and what is said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from compassion_psy.errors import OptionError
from compassion_psy.factor_limits import most_factors
from compassion_psy.options import one_of, whole_number
from compassion_psy.reliability_definitions import DEFINITIONS

TwoFactors = Literal["equal", "first", "second"]

MOST_FACTORS = 20
"""The most group factors there can be (the core's ``MOST_GROUPS``)."""

OF_GENERAL = ("omega_h", "omega_limit", "ecv", "puc")
"""Coefficients of a general factor and all groups."""

OF_GROUPS = {"omega_groups": "omega_group", "omega_groups_total": "omega_group_total"}
"""Names that stand for a coefficient of each group factor, and the beginning of theirs."""

_ITEMS_NAMED = 5

_TWO = {
    "equal": "both factors load alike on the general one (two_factors='equal')",
    "first": "the first factor is the general one (two_factors='first')",
    "second": "the second factor is the general one (two_factors='second')",
}


@dataclass(frozen=True)
class FactorModel:
    """How many factors, and how two of them load on the general one.

    Raises
    ------
    OptionError
        Where a value is outside its limits.
    """

    factors: int = 3
    two_factors: TwoFactors = "equal"

    def __post_init__(self) -> None:
        factors = whole_number("factors", self.factors, minimum=1, maximum=MOST_FACTORS)
        object.__setattr__(self, "factors", factors)
        one_of("two_factors", self.two_factors, get_args(TwoFactors))

    def names(self, coefficients: str | Sequence[str]) -> tuple[str, ...]:
        """Return the coefficients asked for, each once, or raise OptionError where one is none."""
        groups = [self._of_groups(name) for name in OF_GROUPS]
        single = [*DEFINITIONS, *OF_GENERAL, *groups[0], *groups[1]]
        if coefficients == "all":
            return tuple(single)
        names = (coefficients,) if isinstance(coefficients, str) else coefficients
        if not isinstance(names, Sequence) or not names:
            raise OptionError(
                f"coefficients is {coefficients!r}; choose from "
                f"{', '.join([*DEFINITIONS, *OF_GENERAL, *OF_GROUPS])}."
            )
        found: list[str] = []
        for name in names:
            one_of("coefficients", name, (*single, *OF_GROUPS))
            if name in OF_GROUPS and self.factors == 1:
                raise OptionError(
                    f"coefficients has {name!r}, but one factor has no groups; use factors=2 or "
                    "more."
                )
            found += self._of_groups(name) if name in OF_GROUPS else [name]
        return tuple(dict.fromkeys(found))

    def _of_groups(self, name: str) -> list[str]:
        if self.factors == 1:
            return []
        return [f"{OF_GROUPS[name]}_{number}" for number in range(1, self.factors + 1)]

    def check_items(self, coefficients: Sequence[str], scale: str, items: int) -> None:
        """Raise OptionError where the items do not identify so many factors."""
        asked = [name for name in coefficients if is_of_factors(name)]
        most = most_factors(items)
        if self.factors > 1 and asked and self.factors > most:
            remedy = f"use factors={most}" if most else "leave it out"
            raise OptionError(
                f"factors is {self.factors}, but the {items} items of {scale!r} identify at most "
                f"{most} for {asked[0]!r}; {remedy}."
            )

    def definition(self, name: str) -> str:
        """Return what a coefficient stands for: estimator, matrix, denominator, factors."""
        if name in DEFINITIONS and (name != "omega_total" or self.factors == 1):
            return DEFINITIONS[name]
        by = "by minimum residuals on the correlation matrix"
        if name == "omega_total":
            return (
                f"omega of {self.factors} factors together {by}, over the observed total variance; "
                "no item flipped"
            )
        what = _general(name)
        how = f"{self.factors} factors {by}, oblimin (gamma 0, not Kaiser-normalised)"
        if self.factors == 2:
            how += f", {_TWO[self.two_factors]}"
        return f"{what}; Schmid-Leiman of {how}; no item flipped"

    def notes(
        self, name: str, items: Sequence[str], general: Sequence[float], groups: Sequence[int]
    ) -> list[str]:
        """Return what is to be said of a coefficient that has a value.

        `general` are the items' loadings on the general factor, `groups` the places of the group
        factors they belong to.
        """
        if not is_of_general(name):
            return []
        notes = [_TWO[self.two_factors]] if self.factors == 2 else []
        number = group_number(name)
        if number is not None:
            members = [
                item for item, group in zip(items, groups, strict=True) if group == number - 1
            ]
            notes.append(f"group {number}: {_named(members)}")
        negative = [item for item, loading in zip(items, general, strict=True) if loading < 0]
        if negative:
            verb = "loads" if len(negative) == 1 else "load"
            notes.append(
                f"{len(negative)} of {len(items)} items {verb} negatively on the general factor, "
                f"none is flipped: {_named(negative)}; check which items are reversed"
            )
        return notes

    def reason(self, name: str, status: str, n_items: int, groups: Sequence[int]) -> str | None:
        """Return why a coefficient has no value, where its factors say it.

        `groups` is empty where it is not known which group factors the items belong to.
        """
        if not is_of_factors(name) or status not in ("undefined", "not_converged"):
            return None
        if status == "not_converged":
            if self.factors == 1:
                return None
            return f"the fit of {self.factors} factors did not converge; ask for fewer factors"
        if n_items < 3:
            return "one factor needs at least 3 items"
        most = most_factors(n_items)
        if self.factors > most:
            return f"{n_items} items identify at most {most} factors; use factors={most}"
        if self.factors == 1 and is_of_general(name):
            return "one factor has no general factor beside it; use factors=2 or more"
        number = group_number(name)
        if (
            number is not None
            and len(groups)
            and max(groups) < self.factors
            and number - 1 not in groups
        ):
            return f"no item loads highest on group factor {number}; ask for fewer factors"
        if self.factors == 1:
            return None
        return (
            f"the items have fewer than {self.factors} factors in common, or the total score does "
            "not vary; ask for fewer factors, or check which items are reversed"
        )


def of_many_factors(factors: int) -> str:
    """Return how many factors the factor-based bound has."""
    return f"{factors} factor" if factors == 1 else f"{factors} factors"


def is_of_general(name: str) -> bool:
    """Whether a coefficient is one of a general factor, which one factor has not."""
    return name in OF_GENERAL or group_number(name) is not None


def is_of_factors(name: str) -> bool:
    """Whether a coefficient depends on the number of factors."""
    return name == "omega_total" or is_of_general(name)


def group_number(name: str) -> int | None:
    """Return the number of the group factor, from 1, that a coefficient is of, if of one."""
    start, _, number = name.rpartition("_")
    return int(number) if start in OF_GROUPS.values() and number.isdecimal() else None


def _general(name: str) -> str:
    number = group_number(name)
    total = "over the observed variance of the group's sum"
    if number is not None and name.startswith("omega_group_total"):
        return (
            f"omega of the items that load highest on group factor {number} (by variance "
            f"explained): the general factor and that one, {total}"
        )
    if number is not None:
        return (
            f"omega of group factor {number} (by variance explained) alone, for the items that "
            f"load highest on it, {total}"
        )
    return {
        "omega_h": "omega hierarchical: the general factor, over the observed total variance",
        "omega_limit": "omega hierarchical of endlessly many such items: the general factor, over "
        "the variance that all factors explain",
        "ecv": "the general factor's share of the variance that all factors explain",
        "puc": "the share of correlations between items of different groups, an item being of the "
        "group on which it loads highest",
    }[name]


def _named(items: Sequence[str]) -> str:
    more = len(items) - _ITEMS_NAMED
    named = ", ".join(map(repr, items[:_ITEMS_NAMED]))
    return f"{named} and {more} more" if more > 0 else named
