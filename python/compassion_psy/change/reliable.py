"""Whose change is more than measurement error: reliable change and its classes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.change.weights import replicate_moments
from compassion_psy.data.responses import Responses
from compassion_psy.errors import CompassionError
from compassion_psy.options import Bootstrap
from compassion_psy.reliability import reliability
from compassion_psy.scales import Scale

Reals = npt.NDArray[np.float64]

CLASSES = ("recovered", "improved", "unchanged", "deteriorated")
"""What became of a person (Jacobson & Truax 1991)."""


@dataclass(frozen=True, eq=False)
class ErrorOfChange:
    """The standard error of a person's change.

    Attributes
    ----------
    coefficient : str, optional
        Which reliability: a coefficient, "given", or None where there is none.
    reliability : float
        Its value.
    sd : float
        Standard deviation of the first wave.
    n : int
        Persons of both.
    replicates : array, optional
        S_diff of each bootstrap replicate.
    note : str, optional
        Why something is missing.
    """

    coefficient: str | None
    reliability: float
    sd: float
    n: int
    replicates: Reals | None = None
    note: str | None = None

    @property
    def sem(self) -> float:
        """Standard error of measurement: SD √(1 - reliability)."""
        usable = 0 <= self.reliability < 1 and self.sd > 0
        return self.sd * math.sqrt(1 - self.reliability) if usable else math.nan

    @property
    def s_diff(self) -> float:
        """Standard error of a difference: √2 SEM (Jacobson & Truax 1991)."""
        return math.sqrt(2) * self.sem


def from_number(value: float, pre: Reals, bootstrap: Bootstrap | None, seed: int) -> ErrorOfChange:
    """Return the error with a reliability that is given: only the SD is of these persons."""
    error = ErrorOfChange("given", value, _sd(pre), len(pre))
    if bootstrap is None or len(pre) < 3:
        return _explained(error)
    return _explained(replace(error, replicates=_sds(pre, bootstrap, seed) * math.sqrt(
        2 * (1 - value))))  # fmt: skip


def from_answers(
    answers: pl.DataFrame,
    scores: Reals,
    scale: Scale,
    coefficient: str,
    missing_codes: tuple[float, ...],
    bootstrap: Bootstrap | None,
    seed: int,
) -> ErrorOfChange:
    """Return the error with the reliability of the first wave's answers.

    Its replicates draw the same persons for the reliability and for the SD.
    """
    try:
        responses = Responses.from_frame(answers, scale, missing_codes=missing_codes)
        complete = ~responses.is_missing().any(axis=0)
        found = reliability(
            responses,
            coefficients=coefficient,
            interval=None if bootstrap is None else replace(bootstrap, seed=seed),
            progress=False,
        )
    except CompassionError as reason:
        return ErrorOfChange(coefficient, math.nan, math.nan, 0, note=str(reason))
    row = found.table.row(0, named=True)
    pre = scores[complete]
    value = math.nan if row["estimate"] is None else row["estimate"]
    error = ErrorOfChange(coefficient, value, _sd(pre), len(pre), note=row["note"])
    if bootstrap is None or not found.replicate_sets or len(pre) < 3:
        return _explained(error)
    drawn = found.replicate_sets[0].values[0, 0]
    with np.errstate(invalid="ignore"):
        replicates = _sds(pre, bootstrap, seed) * np.sqrt(2 * (1 - drawn))
    return _explained(replace(error, replicates=replicates))


def _explained(error: ErrorOfChange) -> ErrorOfChange:
    if error.note is not None or error.s_diff > 0:
        return error
    if not error.sd > 0:
        return replace(error, note="nobody differs from another at the first wave: no error")
    return replace(error, note=f"a reliability of {error.reliability:.3g} gives no error")


def _sd(scores: Reals) -> float:
    return float(scores.std(ddof=1)) if len(scores) > 1 else math.nan


def _sds(scores: Reals, bootstrap: Bootstrap, seed: int) -> Reals:
    _, variances = replicate_moments((scores - scores.mean())[:, None], bootstrap, seed)
    return np.asarray(np.sqrt(np.maximum(variances[:, 0], 0)))


@dataclass(frozen=True)
class Cutoffs:
    """From where on a score is one of the functional population (Jacobson & Truax 1991).

    Attributes
    ----------
    a, b, c : float
        Two SDs from the first wave's mean; two SDs from the norms' mean; between both means,
        where both populations are equally likely. NaN for b and c without norms.
    used : str
        Which one classes are made with.
    """

    a: float
    b: float
    c: float
    used: str

    @classmethod
    def of(
        cls,
        mean: float,
        sd: float,
        norms: tuple[float, float] | None,
        better: int,
        used: str | None,
    ) -> Cutoffs:
        """Take mean and SD of the first wave, and of the norms; `better` is 1 or -1."""
        a = mean + better * 2 * sd
        if norms is None:
            return cls(a, math.nan, math.nan, used or "a")
        b = norms[0] - better * 2 * norms[1]
        return cls(a, b, (norms[1] * mean + sd * norms[0]) / (norms[1] + sd), used or "c")

    @property
    def value(self) -> float:
        """The one that is used."""
        return {"a": self.a, "b": self.b, "c": self.c}[self.used]


def classes(
    pre: Reals, post: Reals, error: ErrorOfChange, cutoffs: Cutoffs, better: int, z: float
) -> list[str | None]:
    """Return what became of each person; None where there is no standard error."""
    if not error.s_diff > 0:
        return [None] * len(pre)
    rci = better * (post - pre) / error.s_diff
    before = better * (pre - cutoffs.value) <= 0
    after = better * (post - cutoffs.value) > 0
    return [
        "deteriorated" if index < -z
        else "unchanged" if index <= z
        else "recovered" if crossed
        else "improved"
        for index, crossed in zip(rci, before & after, strict=True)
    ]  # fmt: skip


def probability_reliable(changes: Reals, error: ErrorOfChange, z: float) -> Reals:
    """Return for each person the share of replicates in which |change| exceeds z S_diff."""
    if error.replicates is None or not error.s_diff > 0:
        return np.full(len(changes), np.nan)
    usable = np.sort(error.replicates[np.isfinite(error.replicates)])
    if not len(usable):
        return np.full(len(changes), np.nan)
    return np.searchsorted(z * usable, np.abs(changes), side="left") / len(usable)
