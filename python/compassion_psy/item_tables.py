"""From the numbers of items to frames."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import uses_codes
from compassion_psy.data.responses import Responses
from compassion_psy.item_correlations import ItemCorrelations
from compassion_psy.item_descriptives import Descriptives, category_counts, of_counts, of_reals
from compassion_psy.item_results import ENDS
from compassion_psy.reliability_factors import FactorModel
from compassion_psy.reliability_notes import Group, describe
from compassion_psy.results import STATUSES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Found:
    """What the core found: estimate, standard error and limits × groups × items × coefficients."""

    numbers: Floats
    status: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class ItemRows:
    """The rows of one scale.

    Attributes
    ----------
    responses, used : Responses
        All answers, and those of the persons whom correlations and coefficients use.
    kept : numpy.ndarray, shape (groups,)
        How many of these persons each group has.
    names : tuple of str
        The coefficients.
    model : FactorModel
        How many factors they have.
    level : float
        Of the intervals.
    pairwise : bool
        Whether each pair of items counts for itself.
    correlations : ItemCorrelations
        Of the groups with such persons.
    of_all : Found
        The coefficients of all items (as if of one item), by group with such persons.
    without : Found
        The same without each item; of no items where a single one would be left.
    """

    responses: Responses
    used: Responses
    kept: npt.NDArray[np.int64]
    names: tuple[str, ...]
    model: FactorModel
    level: float
    pairwise: bool
    correlations: ItemCorrelations
    of_all: Found
    without: Found

    def table(self) -> pl.DataFrame:
        """Return one row for each group and item."""
        scale = self.responses.scale
        k, groups = scale.n_items, len(self.kept)
        descriptives = self._descriptives()
        n = np.array([each.n for each in descriptives])
        rows = np.repeat(self.responses.group_rows, k)
        descriptive = ("mean", "sd", "skew", "floor", "ceiling")
        columns = [
            *self._by(k),
            pl.Series("scale", [scale.name] * (k * groups), pl.String),
            pl.Series("item", list(scale.items) * groups, pl.String),
            pl.Series("reversed", [item in scale.reversed for item in scale.items] * groups),
            pl.Series("n", n, pl.Int64),
            pl.Series("missing", rows - n, pl.Int64),
            *(_real(name, [getattr(each, name) for each in descriptives]) for name in descriptive),
            pl.Series("persons", np.repeat(self.kept, k), pl.Int64),
            *self._correlation_columns(),
            *self._if_dropped_columns(),
            pl.Series("level", [self.level] * (k * groups), pl.Float64),
            pl.Series("note", self._notes(descriptives), pl.String),
        ]
        return pl.DataFrame(columns)

    def coefficients(self) -> pl.DataFrame:
        """Return one row for each group and coefficient of all items."""
        width, groups = len(self.names), len(self.kept)
        numbers = [self._of_all_groups(each) for each in self.of_all.numbers]
        return pl.DataFrame(
            [
                *self._by(width),
                pl.Series("scale", [self.responses.scale.name] * (width * groups), pl.String),
                pl.Series("coefficient", list(self.names) * groups, pl.String),
                *(
                    _real(name, values.ravel())
                    for name, values in zip(
                        ("estimate", "se", "lower", "upper"), numbers, strict=True
                    )
                ),
                pl.Series("persons", np.repeat(self.kept, width), pl.Int64),
            ]
        )

    def categories(self) -> pl.DataFrame:
        """Return one row for each group, item and possible answer."""
        scale = self.responses.scale
        lowest, highest = scale.minimum, scale.maximum
        possible: list[float] = []
        if uses_codes(scale):
            whole = range(int(lowest), int(highest) + 1)
            possible = [float(each) for each in (whole if scale.values is None else scale.values)]
        keyed = [
            [lowest + highest - answer if item in scale.reversed else answer for answer in possible]
            for item in scale.items
        ]
        codes = (np.array(keyed) - lowest).astype(np.int64).reshape(scale.n_items, len(possible))
        groups, k, width = len(self.kept), scale.n_items, len(possible)
        counts = np.zeros((groups, k, 0), np.int64)
        if possible:
            counts = np.take_along_axis(self._counts, codes[None], axis=2)
        answered = counts.sum(axis=2, keepdims=True)
        with np.errstate(invalid="ignore"):
            share = (counts / answered).ravel()
        return pl.DataFrame(
            [
                *self._by(k * width),
                pl.Series("scale", [scale.name] * counts.size, pl.String),
                pl.Series("item", np.repeat(scale.items, width).tolist() * groups, pl.String),
                pl.Series("answer", possible * (k * groups), pl.Float64),
                pl.Series("keyed", np.array(keyed).ravel().tolist() * groups, pl.Float64),
                pl.Series("count", counts.ravel(), pl.Int64),
                _real("share", share),
            ]
        )

    @cached_property
    def _counts(self) -> npt.NDArray[np.int64]:
        return category_counts(self.responses)

    def _by(self, times: int) -> list[pl.Series]:
        index = np.repeat(np.arange(len(self.kept)), times)
        return [column.gather(index) for column in self.responses.groups]

    def _descriptives(self) -> list[Descriptives]:
        scale, responses = self.responses.scale, self.responses
        if responses.origins is None:
            return [of_counts(c, scale) for group in self._counts for c in group]
        return [
            of_reals(column[first:last].astype(np.float64), origin, scale)
            for (first, last), origins in zip(
                itertools.pairwise(responses.group_starts), responses.origins, strict=True
            )
            for column, origin in zip(responses.answers, origins.tolist(), strict=True)
        ]

    def _correlation_columns(self) -> list[pl.Series]:
        total, total_se, rest, rest_se, corrected = (
            self._of_all_groups(getattr(self.correlations, name)).ravel()
            for name in ("total", "total_se", "rest", "rest_se", "corrected")
        )
        columns = []
        for name, r, se in (("item_total", total, total_se), ("item_rest", rest, rest_se)):
            lower, upper = _fisher(r, se, self.level)
            columns += [_real(name, r), _real(f"{name}_lower", lower)]
            columns += [_real(f"{name}_upper", upper)]
        return [*columns, _real("overlap_corrected", corrected)]

    def _if_dropped_columns(self) -> list[pl.Series]:
        k, groups = self.responses.scale.n_items, len(self.kept)
        absent = np.full((groups, k, len(self.names)), np.nan)
        known = self.without.numbers.shape[2] > 0
        numbers = [self._of_all_groups(each) if known else absent for each in self.without.numbers]
        return [
            _real(f"{name}_if_dropped{end}", numbers[which][:, :, place].ravel())
            for place, name in enumerate(self.names)
            for which, end in enumerate(ENDS)
        ]

    def _of_all_groups(self, numbers: Floats) -> Floats:
        """Return the numbers of all groups, NaN for those without persons that are used."""
        whole = np.full((len(self.kept), *numbers.shape[1:]), np.nan)
        whole[self.kept > 0] = np.where(np.isfinite(numbers), numbers, np.nan)
        return whole

    def _notes(self, descriptives: Sequence[Descriptives]) -> list[str | None]:
        described = iter(describe(self.used, self.pairwise))
        k = self.responses.scale.n_items
        nobody = Group(0, k, self.pairwise, [], [], None)
        place = np.cumsum(self.kept > 0) - 1
        notes: list[str | None] = []
        for number, kept in enumerate(self.kept.tolist()):
            group = next(described) if kept else nobody
            faults = group.faults()
            corrected = self.correlations.corrected
            if not faults and kept and np.isnan(corrected[place[number]]).all():
                faults.append(
                    "the correlation matrix has no inverse, so there is no overlap_corrected"
                )
            for item in range(k):
                parts = list(faults)
                if k == 2:
                    parts.append("one item alone has no reliability")
                elif kept:
                    parts += self._reasons(group, item, int(place[number]))
                notes.append("; ".join(parts) or None)
        return notes

    def _reasons(self, group: Group, item: int, place: int) -> list[str]:
        """Return why coefficients without an item have no value."""
        found = []
        fewer = Group(group.persons, group.n_items - 1, self.pairwise, [], [], None)
        values = self.without.numbers[0, place, item].tolist()
        codes = self.without.status[place, item].tolist()
        for name, code, value in zip(self.names, codes, values, strict=True):
            status = STATUSES[code]
            if status == "heywood":
                found.append(f"{name} if it is dropped is a Heywood case")
            elif math.isnan(value) and not group.constant and not group.unanswered:
                # Which group factors the others belong to is not known.
                why = self.model.reason(name, status, fewer.n_items, [])
                found.append(f"no {name} if it is dropped: {why or fewer.reason(name, status)}")
        return found


def _fisher(r: Floats, se: Floats, level: float) -> tuple[Floats, Floats]:
    """Return limits of correlations from their standard errors, on Fisher's scale."""
    with np.errstate(invalid="ignore", divide="ignore"):
        half = NormalDist().inv_cdf(1 - (1 - level) / 2) * se / (1 - r * r)
        z = np.arctanh(r)
        lower, upper = np.tanh(z - half), np.tanh(z + half)
    # Where an item is a copy of the rest there is no error to speak of.
    usable = np.isfinite(z) & np.isfinite(half)
    return np.where(usable, lower, np.nan), np.where(usable, upper, np.nan)


def _real(name: str, values: Any) -> pl.Series:
    return pl.Series(name, np.asarray(values, np.float64), nan_to_null=True)
