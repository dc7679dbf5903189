"""Norms: what a score is compared with. None come with the package."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from numbers import Real

import polars as pl

from compassion_psy.errors import OptionError
from compassion_psy.scoring.quotient import quotient


@dataclass(frozen=True)
class Norms:
    """What is published of a score in a norm group.

    Parameters
    ----------
    name : str
        The norm group and its source; it stands in the column ``<score>_norms`` of the result.
    score : str
        The score it is of: its column (``phq_9_total``), or ``total`` or the key of a subscale
        where one scale is scored.
    mean, sd : float, optional
        Mean and standard deviation of the norm group, in the unit of the score.
    percentiles : mapping from float to float, optional
        The published table from score to percentile, 0 to 100.

    Raises
    ------
    OptionError
        Where neither mean and sd nor percentiles are given, or they are not usable.

    Examples
    --------
    >>> Norms("invented nurses 2020", mean=5.2, sd=4.0).score
    'total'
    """

    name: str
    _: KW_ONLY
    score: str = "total"
    mean: float | None = None
    sd: float | None = None
    percentiles: Mapping[float, float] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise OptionError(
                f"The name of norms is {self.name!r}; name the norm group and its source."
            )
        if (self.mean is None) != (self.sd is None):
            raise OptionError(f"Norms {self.name!r}: give mean and sd both, or neither.")
        if self.mean is None and not self.percentiles:
            raise OptionError(f"Norms {self.name!r}: give mean and sd, or percentiles, or all.")
        if self.mean is not None and self.sd is not None:
            self._check("mean", self.mean)
            self._check("sd", self.sd)
            if self.sd <= 0:
                raise OptionError(f"Norms {self.name!r}: sd is {self.sd}, but must be above 0.")
        if not isinstance(self.percentiles or {}, Mapping):
            raise OptionError(
                f"Norms {self.name!r}: percentiles is {self.percentiles!r}, but it must be a "
                "mapping from score to percentile."
            )
        for score, percentile in (self.percentiles or {}).items():
            self._check("percentiles, score", score)
            self._check(f"percentiles, at {score:g}", percentile)
            if not 0 <= percentile <= 100:
                raise OptionError(
                    f"Norms {self.name!r}: the percentile of {score:g} is {percentile:g}, but it "
                    "must be 0 to 100."
                )

    def columns(self, score: str) -> list[pl.Expr]:
        """Return what these norms say of the score in this column."""
        value = pl.col(score)
        found = []
        if self.mean is not None and self.sd is not None:
            z = quotient(value - float(self.mean), float(self.sd))
            found += [z.alias(f"{score}_z"), (50 + 10 * z).alias(f"{score}_t")]
        if self.percentiles:
            table = {float(key): float(each) for key, each in self.percentiles.items()}
            percentile = value.cast(pl.Float64).replace_strict(
                list(table), list(table.values()), default=None, return_dtype=pl.Float64
            )
            found.append(percentile.alias(f"{score}_percentile"))
        return [*found, pl.lit(self.name).alias(f"{score}_norms")]

    def _check(self, what: str, value: object) -> None:
        if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
            raise OptionError(
                f"Norms {self.name!r}: {what} is {value!r}, but it must be a finite number."
            )
