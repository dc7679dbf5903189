"""From the core's arrays to the rows of a reliability table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.responses import Responses
from compassion_psy.errors import DataError
from compassion_psy.options import Bootstrap
from compassion_psy.reliability_definitions import OF_MANY_FACTORS
from compassion_psy.reliability_excess import above_one
from compassion_psy.reliability_factors import FactorModel, is_of_factors, of_many_factors
from compassion_psy.reliability_notes import (
    NO_STANDARD_ERROR,
    Group,
    Outcome,
    describe,
    fault_of_all,
    note,
)
from compassion_psy.results import FLAGGED, STATUSES, ReplicateSet

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

# Of (B + 1) p, which for 19 replicates and 90 % is 1.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Question:
    """What was asked of the answers."""

    coefficients: tuple[str, ...]
    interval: Bootstrap | str | None
    pairwise: bool
    level: float
    model: FactorModel
    em: bool = False  # covariances by EM; pairwise then says that persons with any answer count

    @property
    def bootstrap(self) -> Bootstrap | None:
        """The bootstrap, where one was asked for."""
        return self.interval if isinstance(self.interval, Bootstrap) else None

    @property
    def formula(self) -> str | None:
        """The name of an interval by formula, where one was asked for."""
        return self.interval if isinstance(self.interval, str) else None


@dataclass(frozen=True)
class Found:
    """What the core found, by group that has usable rows.

    Arrays are groups × coefficients; those of replicates groups × replicates × coefficients.
    """

    estimate: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    status: Codes
    interval_status: Codes
    replicates: Floats
    replicate_status: Codes
    # groups × items: loadings on the general factor, NaN without one; the place of the group factor
    general: Floats
    group_of_item: Codes
    bound_factors: Codes  # by group: how many the factor-based bound has, 0 without one


class ScaleRows:
    """The rows of one scale, for every group of the data: those without usable rows as well.

    Parameters
    ----------
    question : Question
        What was asked.
    responses : Responses
        All answers.
    used : Responses
        Those rows that the core has seen.
    kept_rows : numpy.ndarray, shape (groups of responses,)
        How many rows of each group these are.
    found : Found
        What the core found.

    Raises
    ------
    DataError
        Where the data are not in groups and cannot be analysed.
    """

    def __init__(
        self,
        question: Question,
        responses: Responses,
        used: Responses,
        kept_rows: npt.NDArray[np.int64],
        found: Found,
    ) -> None:
        self.question = question
        self.responses = responses
        self.used = used
        self.kept_rows = kept_rows
        self.found = found
        self.described = describe(used, question.pairwise, em=question.em)
        # The place of each group of the data among those the core has seen.
        self.place = np.cumsum(kept_rows > 0) - 1
        if responses.groups.width == 0:
            words = [STATUSES[code] for code in found.status[0].tolist()]
            # That the items have no such factors is said in the row, and no fault of the data.
            told = [
                (name, word)
                for name, word in zip(question.coefficients, words, strict=True)
                if not (word == "undefined" and is_of_factors(name))
            ]
            fault = fault_of_all(
                self.described[0],
                [name for name, _ in told],
                [word for _, word in told],
                valued=not told or bool(np.isfinite(found.estimate[0]).any()),
            )
            if fault is not None:
                raise DataError(f"Scale {responses.scale.name!r}: {fault}.")

    def table(self) -> pl.DataFrame:
        """Return one row for each group and coefficient."""
        question, found, scale = self.question, self.found, self.responses.scale
        groups, width = len(self.kept_rows), len(question.coefficients)
        bootstrap = question.bootstrap
        method = bootstrap.method if bootstrap else question.formula
        resampled = np.array([group.few_units is None for group in self.described])[:, None]
        known = resampled & np.isfinite(found.estimate)
        failed = None
        if bootstrap:
            failures = np.isnan(found.replicates).sum(axis=1)
            known &= self._given().sum(axis=1) >= 2
            # The replicates of two persons are all alike: that is no error of zero.
            known &= found.interval_status != NO_STANDARD_ERROR
            failed = self._of_all(failures, bootstrap.replicates).ravel()
        index = np.repeat(np.arange(groups), width)
        excluded = self.responses.group_rows - self.kept_rows

        def same(name: str, value: object, dtype: type[pl.DataType]) -> pl.Series:
            return pl.Series(name, [value], dtype=dtype).new_from_index(0, len(index))

        # Made of series: what frames do in parallel would hang in a forked process.
        return pl.DataFrame(
            [
                *(column.gather(index) for column in self.responses.groups),
                same("scale", scale.name, pl.String),
                pl.Series("coefficient", list(question.coefficients) * groups, dtype=pl.String),
                self._numbers("estimate", found.estimate),
                self._numbers("se", np.where(known, found.standard_error, np.nan)),
                self._numbers("lower", np.where(resampled, found.lower, np.nan)),
                self._numbers("upper", np.where(resampled, found.upper, np.nan)),
                same("level", question.level if method else None, pl.Float64),
                same("interval", method, pl.String),
                pl.Series("n", self.kept_rows[index], dtype=pl.Int64),
                same("n_items", scale.n_items, pl.Int64),
                pl.Series("n_excluded", excluded[index], dtype=pl.Int64),
                same("replicates", bootstrap and bootstrap.replicates, pl.Int64),
                same("failed", None, pl.Int64) if failed is None else pl.Series("failed", failed),
                pl.Series("note", self._notes(), dtype=pl.String),
            ]
        )

    def replicates(self) -> ReplicateSet:
        """Return the replicates of the groups that have any."""
        return ReplicateSet(
            scale=self.used.scale.name,
            coefficients=self.question.coefficients,
            groups=self.used.groups,
            values=np.ascontiguousarray(self.found.replicates.transpose(0, 2, 1)),
            statuses=np.ascontiguousarray(self.found.replicate_status.transpose(0, 2, 1)),
        )

    def _of_all(self, values: npt.NDArray[Any], absent: float) -> npt.NDArray[Any]:
        """Return the values of all groups, `absent` for those without usable rows."""
        return np.where((self.kept_rows > 0)[:, None], values[self.place], absent)

    def _numbers(self, name: str, values: Floats) -> pl.Series:
        return pl.Series(name, self._of_all(values, np.nan).ravel(), nan_to_null=True)

    def _notes(self) -> list[str | None]:
        question, found = self.question, self.found
        model, items = question.model, self.used.scale.items
        only_ok = question.bootstrap is not None and question.bootstrap.replicates_used == "ok"
        nobody = Group(0, self.used.scale.n_items, question.pairwise, [], [], None)
        replicates = max(found.replicates.shape[1], 1)
        given = ~np.isnan(found.replicates)
        flagged = {
            status: (given & (found.replicate_status == STATUSES.index(status))).sum(axis=1)
            for status in FLAGGED
        }
        failed = np.isnan(found.replicates).sum(axis=1) / replicates
        at_the_end = self._at_the_end()
        bias = _means(found.replicates) - found.estimate
        notes: list[str | None] = []
        for rows, place in zip(self.kept_rows, self.place, strict=True):
            for at, coefficient in enumerate(question.coefficients):
                group, outcome = nobody, Outcome("too_few_rows")
                if rows > 0:
                    group = self.described[place]
                    status = STATUSES[found.status[place, at]]
                    outcome = Outcome(
                        status=status,
                        no_interval=int(found.interval_status[place, at]),
                        valued=bool(np.isfinite(found.estimate[place, at])),
                        flagged={name: int(count[place, at]) for name, count in flagged.items()},
                        failed=float(failed[place, at]),
                        at_the_end=bool(at_the_end[place, at]),
                        replicates=replicates,
                        bias=float(bias[place, at]),
                        error=float(found.standard_error[place, at]),
                        only_ok=only_ok,
                        reason=model.reason(
                            coefficient, status, len(items), found.group_of_item[place].tolist()
                        ),
                        said=self._said(place, at),
                    )
                notes.append(note(group, coefficient, question.formula, outcome))
        return notes

    def _said(self, place: int, at: int) -> list[str]:
        """Return what is to be said of a coefficient that has a value, by what it is made of."""
        question, found = self.question, self.found
        coefficient = question.coefficients[at]
        said = question.model.notes(
            coefficient,
            self.used.scale.items,
            found.general[place].tolist(),
            found.group_of_item[place].tolist(),
        )
        if coefficient == OF_MANY_FACTORS:
            said.append(of_many_factors(int(found.bound_factors[place])))
        if found.estimate[place, at] > 1:
            excess = above_one(coefficient, question.model.factors)
            said += [excess] if excess else []
        return said

    def _given(self) -> npt.NDArray[np.bool_]:
        """Whether a replicate is used, groups × replicates × coefficients."""
        found, bootstrap = self.found, self.question.bootstrap
        given = ~np.isnan(found.replicates)
        if bootstrap is not None and bootstrap.replicates_used == "ok":
            given &= found.replicate_status == STATUSES.index("ok")
        return given

    def _at_the_end(self) -> npt.NDArray[np.bool_]:
        """Whether a limit is the most extreme replicate, groups × coefficients."""
        found, bootstrap = self.found, self.question.bootstrap
        if bootstrap is None or bootstrap.method == "normal":
            return np.zeros(found.estimate.shape, np.bool_)
        given = self._given()
        known = (given.sum(axis=1) > 1) & np.isfinite(found.lower)
        # The least quantile that lies among B replicates is at 1 / (B + 1).
        tail = (1 - self.question.level) / 2
        at_the_end = (given.sum(axis=1) + 1) * tail < 1 - _ROUNDING
        if bootstrap.method == "bca":
            least = np.where(given, found.replicates, np.inf).min(axis=1)
            most = np.where(given, found.replicates, -np.inf).max(axis=1)
            at_the_end |= ((found.lower <= least) | (found.upper >= most)) & (least < most)
        return np.asarray(known & at_the_end)


def _means(replicates: Floats) -> Floats:
    """Return the means of the replicates that have a value, NaN where none has."""
    given = np.isfinite(replicates)
    sums = np.where(given, replicates, 0.0).sum(axis=1)
    counts = given.sum(axis=1)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))
