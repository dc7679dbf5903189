"""Why a number of a reliability table is missing, and what its reader should know, in words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.data.columns import MISSING
from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError
from compassion_psy.reliability_definitions import (
    BOUNDS,
    EXACT_SPLIT_ITEMS,
    OF_BEST_SPLIT,
    OF_MANY_FACTORS,
    ORDINAL,
    SPLIT_STARTS,
)
from compassion_psy.reliability_shown import PARTS
from compassion_psy.repeated_items import repeated_items

FOR_ALPHA = ("feldt", "bonett", "hakstian_whalen", "normal_theory")
"""Closed-form intervals, for alpha alone."""

# Share of the standard error from which on a bias matters (Efron & Tibshirani 1993, p. 128).
_WORTH_A_NOTE = 0.25

_MANY = 0.05  # share of replicates that is worth a note; the statuses count all of them

# Answers on few steps agree by chance among so few persons for each item.
_FEW_A_ITEM = 3
_ITEMS_NAMED = 5
_ROWS = 1 << 16  # are looked at together
NO_STANDARD_ERROR = 3
"""The core's number for an interval that lacks a standard error."""

_OF_PAIRS = {
    "not_converged": "a polychoric correlation or the fit of one factor did not converge; see "
    "cp.polychoric",
    "boundary": "a polychoric correlation is not told from -1 or 1, as in a table with an empty "
    "corner, so it has no weight in the fit of one factor; see cp.polychoric for which, and merge "
    "rare categories or leave an item out",
}

_SEARCHES = {"glb": "search for the bound", OF_MANY_FACTORS: "fit of its factors"}

_FLAGS = {
    "heywood": "Heywood case: a unique variance is on its lower bound",
    "second_order_heywood": "second-order Heywood case: the general factor explains all of a group "
    "factor",
    "not_positive_definite": "the matrix of polychoric correlations is not positive definite",
    "boundary": "a polychoric correlation is not told from -1 or 1",
}

_FLAGGED_REPLICATES = {
    "heywood": "are Heywood cases",
    "second_order_heywood": "are second-order Heywood cases",
    "factor_switched": "are of switched factors",
    "not_positive_definite": "have a matrix that is not positive definite",
    "boundary": "have a polychoric correlation of -1 or 1",
    "empty_category": "lack a category that somebody chose",
}

_NO_INTERVAL = (
    None,
    "too few replicates have a value",
    "the estimate lies outside all replicates, so BCa is not defined; use the percentile method",
    "the standard error is not defined",
)


@dataclass(frozen=True)
class Group:
    """What is wrong with the answers of a group, whichever coefficient is asked for."""

    persons: int
    n_items: int
    pairwise: bool
    unanswered: list[str]
    constant: list[str]
    few_units: str | None
    answers: npt.NDArray[Any] | None = None
    items: Sequence[str] = ()
    em: bool = False
    apart: str | None = None  # with EM: a pair of items that fewer than two persons both answered

    def faults(self) -> list[str]:
        """Return what a reader should know of any number of this group."""
        if self.persons == 0:
            return ["nobody answered " + ("any item" if self.pairwise else "every item")]
        if self.persons == 1:
            return ["only one person answered " + ("any item" if self.pairwise else "every item")]
        faults = []
        if self.unanswered:
            faults.append(f"nobody answered {_listed(self.unanswered)}")
        if self.constant:
            verb = "does" if len(self.constant) == 1 else "do"
            faults.append(f"{_listed(self.constant)} {verb} not vary here")
        if self.persons <= self.n_items:
            faults.append("no more persons than items, too few to rely on")
        if self.few_units:
            faults.append(self.few_units)
        return faults

    def reason(self, coefficient: str, status: str) -> str | None:
        """Return why a coefficient has no value, unless `faults` say it."""
        if self.persons < 2:
            return None
        if coefficient in ORDINAL and status in _OF_PAIRS:
            return _OF_PAIRS[status]
        if self.em and status in ("not_converged", "not_positive_definite", "too_few_rows"):
            return no_maximum(self, status)
        if status == "not_converged":
            return f"the {_SEARCHES.get(coefficient, 'fit of one factor')} did not converge"
        if status == "not_positive_definite":
            if self.persons <= self.n_items:
                return "the matrix of the items is singular; use more persons or fewer items"
            if self.pairwise:
                return (
                    "the matrix of pairwise covariances is not positive definite; use "
                    "missing='listwise', or leave out items that few answered together"
                )
            if self.persons <= _FEW_A_ITEM * self.n_items:
                return (
                    "the matrix of the items is singular, by chance among so few persons, or "
                    "because items repeat each other or add up to one another; use more persons"
                )
            copies = [] if self.answers is None else repeated_items(self.answers, self.items)
            more = len(copies) - _ITEMS_NAMED
            which = ", ".join(copies[:_ITEMS_NAMED]) + (f" and {more} more" if more > 0 else "")
            return (
                f"{which or 'items repeat each other or add up to one another'}, so their matrix "
                "is singular; leave one of them out"
            )
        if status == "undefined":
            of_factor = coefficient.startswith("omega") or coefficient in (
                "h",
                "ave",
                OF_MANY_FACTORS,
            )
            if of_factor and self.n_items == 2:
                return "one factor needs at least 3 items"
            if coefficient == OF_MANY_FACTORS and self.persons > self.n_items:
                return (
                    "the items have no factor in common, or the total score does not vary; check "
                    "which items are reversed"
                )
            remedy = "" if self.persons <= self.n_items else "; check which items are reversed"
            return f"the total score does not vary{remedy}"
        if self.unanswered or self.constant:
            return None
        return (
            "for some pair of items too few answered both, or those who did gave one answer; "
            "leave one of the pair out"
        )


def no_maximum(group: Group, status: str) -> str | None:
    """Return why EM, or a fit to what it found, has no value, unless `faults` say it."""
    if status == "not_converged":
        return (
            "EM, or the fit of one factor to its covariances, did not converge; use "
            "missing='listwise'"
        )
    if status == "not_positive_definite":
        return (
            "the covariances by EM are singular: items repeat each other or add up to one another, "
            "or too few persons answered them together; leave one of them out"
        )
    if status != "too_few_rows" or group.unanswered:
        return None
    if group.persons <= group.n_items:
        return f"EM needs more persons than items ({group.persons} and {group.n_items})"
    return group.apart


@dataclass(frozen=True)
class Outcome:
    """How one coefficient of a group came out."""

    status: str
    no_interval: int = 0  # the core's number of why there is none
    valued: bool = False
    flagged: Mapping[str, int] = field(default_factory=dict)  # replicates with a value, by status
    failed: float = 0.0  # share of the replicates
    at_the_end: bool = False  # a limit lies at or beyond the most extreme replicate
    replicates: int = 1
    only_ok: bool = False  # the interval is of replicates that are not flagged
    bias: float = math.nan  # the mean of the replicates less the estimate
    error: float = math.nan  # their standard deviation
    reason: str | None = None  # why a coefficient of factors is not defined
    said: Sequence[str] = ()  # of a coefficient of factors


def note(group: Group, coefficient: str, formula: str | None, outcome: Outcome) -> str | None:
    """Return what is to be said of one row of the table, or nothing.

    `formula` is the interval that is not from a bootstrap, where one was asked for.
    """
    parts = group.faults()
    if not outcome.valued:
        reason = outcome.reason or group.reason(coefficient, outcome.status)
        return PARTS.join([*parts, reason] if reason else parts)
    if coefficient in OF_BEST_SPLIT and group.n_items > EXACT_SPLIT_ITEMS:
        parts.append(
            f"more than {EXACT_SPLIT_ITEMS} items: the best found from {SPLIT_STARTS} random "
            "splits, not from all"
        )
    parts += outcome.said
    if outcome.status in _FLAGS:
        parts.append(_FLAGS[outcome.status])
    if formula in FOR_ALPHA and coefficient != "alpha":
        parts.append(f"the {formula} interval is for alpha alone")
    elif outcome.no_interval and not group.few_units:
        parts.append(f"no interval: {_NO_INTERVAL[outcome.no_interval]}")
    if outcome.at_the_end:
        parts.append(
            "so few replicates for this level that a limit is the most extreme of them; use more"
        )
    if coefficient in BOUNDS and outcome.bias >= _WORTH_A_NOTE * outcome.error:
        parts.append(
            f"biased upwards: the mean of the replicates is {outcome.bias:.3f} above the estimate"
        )
    if outcome.failed >= _MANY:
        parts.append(f"{_MANY:.0%} or more of the replicates have no value: the rest may mislead")
    for status, what in _FLAGGED_REPLICATES.items():
        count = outcome.flagged.get(status, 0)
        if count and outcome.only_ok:
            parts.append(f"{count:,} replicates that {what} were left out of the interval")
        elif count >= _MANY * outcome.replicates:
            share = f"{_MANY:.0%} or more of the replicates {what}"
            parts.append(f"{share} ({count:,} of {outcome.replicates:,})")
    return PARTS.join(parts) or None


def fault_of_all(
    group: Group, coefficients: Sequence[str], statuses: Sequence[str], *, valued: bool
) -> str | None:
    """Return why data that are not in groups cannot be analysed, or nothing.

    `valued` is whether any coefficient has a value.
    """
    if group.persons < 2:
        return f"{group.faults()[0]}; reliability needs at least 2 persons"
    if group.unanswered:
        return (
            f"nobody answered {_listed(group.unanswered)}; check the column and missing_codes, or "
            "leave it out of the scale"
        )
    if group.constant:
        return (
            f"everybody gave one answer to {_listed(group.constant)}; an item that does not vary "
            "tells nothing, leave it out of the scale"
        )
    if group.few_units:
        return group.few_units
    if valued:
        return None
    return (
        f"{group.persons:,} persons and {group.n_items} items have no {coefficients[0]}: "
        f"{group.reason(coefficients[0], statuses[0])}"
    )


def nobody(responses: Responses, pairwise: bool) -> DataError:
    """Return the error to raise where no row is usable."""
    without = responses.is_missing().all(axis=1)
    unanswered = np.array(responses.scale.items)[without].tolist()
    if pairwise or len(unanswered) == responses.scale.n_items:
        what = f"none of {responses.rows:,} persons answered any item"
        remedy = "check the columns and missing_codes"
    elif unanswered:
        what = f"nobody answered {_listed(unanswered)}"
        remedy = "check the column and missing_codes, or leave it out of the scale"
    else:
        what = f"none of {responses.rows:,} persons answered every item"
        remedy = "use missing='pairwise'"
    return DataError(f"Scale {responses.scale.name!r}: {what}; {remedy}.")


def describe(used: Responses, pairwise: bool, *, em: bool = False) -> list[Group]:
    """Return what is wrong with the answers of each group, all of which have rows."""
    starts = used.group_starts[:-1]
    if used.answers.dtype == np.uint8:
        lowest = np.minimum.reduceat(used.answers, starts, axis=1)
        highest = np.maximum.reduceat(used.answers, starts, axis=1)
        if (highest == MISSING).any():
            # One more, so that a missing answer becomes the lowest by wrapping around.
            highest = np.maximum.reduceat(used.answers + np.uint8(1), starts, axis=1) - np.uint8(1)
        unanswered = lowest == MISSING
    else:
        lowest = np.fmin.reduceat(used.answers, starts, axis=1)
        highest = np.fmax.reduceat(used.answers, starts, axis=1)
        unanswered = np.isnan(lowest)
    constant = (lowest == highest) & ~unanswered
    items = np.array(used.scale.items)
    few_units = _few_units(used)
    apart = _apart(used) if em else [None] * len(starts)
    return [
        Group(
            persons=int(persons),
            n_items=used.scale.n_items,
            pairwise=pairwise,
            unanswered=items[unanswered[:, group]].tolist(),
            constant=items[constant[:, group]].tolist(),
            few_units=few_units[group],
            answers=used.answers[:, used.group_starts[group] : used.group_starts[group + 1]],
            items=used.scale.items,
            em=em,
            apart=apart[group],
        )
        for group, persons in enumerate(used.group_rows)
    ]


def _apart(used: Responses) -> list[str | None]:
    """For each group the pairs of items that fewer than two persons both answered, in words."""
    found: list[str | None] = []
    items = used.scale.items
    for first, last in itertools.pairwise(used.group_starts.tolist()):
        both = np.zeros((len(items), len(items)))
        for start in range(first, last, _ROWS):
            answers = used.answers[:, start : min(start + _ROWS, last)]
            absent = answers == MISSING if answers.dtype == np.uint8 else np.isnan(answers)
            answered = (~absent).astype(np.float64)
            both += answered @ answered.T
        pairs = [(i, j) for i, j in np.argwhere(np.triu(both < 2, 1)).tolist()]
        if not pairs:
            found.append(None)
            continue
        i, j = pairs[0]
        more = f" (and of {len(pairs) - 1:,} more pairs)" if len(pairs) > 1 else ""
        found.append(
            f"fewer than two persons answered both {items[i]!r} and {items[j]!r}{more}, so "
            "nothing tells their covariance; leave one of the pair out"
        )
    return found


def _few_units(used: Responses) -> list[str | None]:
    """For each group why its persons or clusters cannot be resampled, if they cannot."""
    if not (used.cluster or used.strata):
        return [None] * used.groups.height
    strata = used.group_starts if used.stratum_starts is None else used.stratum_starts
    if used.cluster_starts is None:
        units = np.diff(strata)
    else:
        units = np.diff(np.searchsorted(used.cluster_starts, strata))
    fewest = np.minimum.reduceat(units, np.searchsorted(strata, used.group_starts[:-1]))
    what, remedies = "one person", []
    if used.cluster:
        what = f"one cluster ({', '.join(used.cluster)})"
        remedies.append("leave cluster out to resample persons")
    if used.strata:
        what += f" in a stratum ({', '.join(used.strata)})"
        remedies.append("merge strata")
    text = (
        f"only {what}, but a standard error or interval needs at least two; {' or '.join(remedies)}"
    )
    return [text if few < 2 else None for few in fewest]


def _listed(items: list[str]) -> str:
    more = len(items) - _ITEMS_NAMED
    named = ", ".join(map(repr, items[:_ITEMS_NAMED]))
    return f"{named} and {more} more" if more > 0 else named
