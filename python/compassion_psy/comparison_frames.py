"""From estimates and the covariances of their errors to a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.comparison_results import ReliabilityComparison
from compassion_psy.comparison_tests import (
    EqualityTest,
    NoErrorToTest,
    Reals,
    feldt_dependent,
    feldt_independent,
    hakstian_whalen,
    holm,
    wald,
)
from compassion_psy.distributions import normal_two_sided
from compassion_psy.errors import DataError


@dataclass(frozen=True, eq=False)
class Compared:
    """What is compared.

    Attributes
    ----------
    labels : list of str
        The groups or waves.
    names : tuple of str
        The coefficients.
    n_items : int
        Number of items.
    estimates : numpy.ndarray, shape (groups, coefficients)
        NaN where there is no value.
    covariances : list of numpy.ndarray, shape (groups, groups)
        Of the errors of the estimates, one for each coefficient.
    persons, excluded : numpy.ndarray, shape (groups,)
        Persons who count, and rows that do not.
    notes : list of list of str or None, groups × coefficients
        What to know of an estimate.
    totals : numpy.ndarray or None, shape (groups, persons)
        The total scores, where the persons are the same.
    """

    labels: list[str]
    names: tuple[str, ...]
    n_items: int
    estimates: Reals
    covariances: Sequence[Reals]
    persons: npt.NDArray[np.int64]
    excluded: npt.NDArray[np.int64]
    notes: list[list[str | None]]
    totals: Reals | None


def comparison(compared: Compared, level: float) -> ReliabilityComparison:
    """Return estimates, tests and pairs.

    Raises
    ------
    DataError
        Where there are fewer than two groups.
    """
    if len(compared.labels) < 2:
        raise DataError(
            f"There is one group ({compared.labels[0]!r}), but a comparison needs at least two."
        )
    z = NormalDist().inv_cdf(1 - (1 - level) / 2)
    places = range(len(compared.names))
    return ReliabilityComparison(
        estimates=pl.concat([_estimates(compared, place, z) for place in places]),
        tests=pl.concat([_tests(compared, place) for place in places]),
        pairs=pl.concat([_pairs(compared, place, z) for place in places]),
        dependent=compared.totals is not None,
        level=level,
    )


def _estimates(compared: Compared, place: int, z: float) -> pl.DataFrame:
    value = compared.estimates[:, place]
    error = np.sqrt(np.diag(compared.covariances[place]))
    return pl.DataFrame(
        [
            _same("coefficient", compared.names[place], len(value)),
            pl.Series("group", compared.labels, pl.String),
            _real("estimate", value),
            _real("se", error),
            _real("lower", value - z * error),
            _real("upper", value + z * error),
            pl.Series("n", compared.persons, pl.Int64),
            pl.Series("n_excluded", compared.excluded, pl.Int64),
            pl.Series("note", [row[place] for row in compared.notes], pl.String),
        ]
    )


def _tests(compared: Compared, place: int) -> pl.DataFrame:
    name = compared.names[place]
    covariance = compared.covariances[place]
    value = compared.estimates[:, place]
    usable = np.isfinite(value) & np.isfinite(np.diag(covariance))
    groups = int(usable.sum())
    tests = ["wald"]
    if name == "alpha" and compared.totals is None:
        tests += ["feldt"] * (groups == 2) + ["hakstian_whalen"]
    elif name == "alpha" and len(value) == 2:
        tests.append("feldt")
    rows = []
    for test in tests:
        found: EqualityTest | None = None
        note = None if usable.all() else f"groups without an estimate: {len(value) - groups:,}"
        if groups >= 2:
            try:
                found = _tested(test, compared, place, usable)
            except NoErrorToTest:
                note = "the differences have no error to hold them against"
        rows.append((test, found, note))
    return pl.DataFrame(
        [
            _same("coefficient", name, len(rows)),
            pl.Series("test", [test for test, _, _ in rows], pl.String),
            *(
                pl.Series(
                    column, [getattr(found, column, None) for _, found, _ in rows], pl.Float64
                )
                for column in ("statistic", "df1", "df2", "p")
            ),
            pl.Series("groups", [groups] * len(rows), pl.Int64),
            pl.Series("note", [note for _, _, note in rows], pl.String),
        ]
    )


def _tested(
    test: str, compared: Compared, place: int, usable: npt.NDArray[np.bool_]
) -> EqualityTest:
    value = compared.estimates[usable, place]
    persons = compared.persons[usable].astype(np.float64)
    if test == "wald":
        return wald(value, compared.covariances[place][np.ix_(usable, usable)])
    if test == "hakstian_whalen":
        return hakstian_whalen(value, persons, compared.n_items)
    if compared.totals is None:
        return feldt_independent(value, persons)
    one, other = compared.totals - compared.totals.mean(axis=1, keepdims=True)
    spread = np.sqrt(np.sum(one * one) * np.sum(other * other))
    return feldt_dependent(value, len(one), float(np.sum(one * other) / spread))


def _pairs(compared: Compared, place: int, z: float) -> pl.DataFrame:
    first, second = np.triu_indices(len(compared.labels), 1)
    value, covariance = compared.estimates[:, place], compared.covariances[place]
    variance = np.diag(covariance)
    difference = value[second] - value[first]
    error = np.sqrt(
        np.maximum(variance[first] + variance[second] - 2 * covariance[first, second], 0)
    )
    known = np.isfinite(difference) & (error > 0)
    p = np.full(len(first), np.nan)
    p[known] = [normal_two_sided(each) for each in (difference[known] / error[known]).tolist()]
    adjusted = np.full(len(first), np.nan)
    adjusted[known] = holm(p[known])
    half = np.where(known, z * error, np.nan)
    labels = pl.Series(compared.labels, dtype=pl.String)
    return pl.DataFrame(
        [
            _same("coefficient", compared.names[place], len(first)),
            labels.gather(first).alias("first"),
            labels.gather(second).alias("second"),
            _real("difference", difference),
            _real("se", np.where(known, error, np.nan)),
            _real("lower", difference - half),
            _real("upper", difference + half),
            _real("p", p),
            _real("p_holm", adjusted),
        ]
    )


def _same(name: str, value: str, times: int) -> pl.Series:
    return pl.Series(name, [value] * times, pl.String)


def _real(name: str, values: Any) -> pl.Series:
    return pl.Series(name, np.asarray(values, np.float64), nan_to_null=True)
