"""Power of a trial, and its expectation over what a pilot leaves open."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from compassion_psy.distributions import chi_square_quantile, noncentral_t_tail, t_quantile

Reals = npt.NDArray[np.float64]

LARGEST = 10_000_000
"""Units an arm beyond which no trial is looked for."""

_TAIL = 1e-13  # of the chi-square, left out at each end
_NODES = 201


@dataclass(frozen=True)
class Plan:
    """How the trial will be made and tested.

    Attributes
    ----------
    arms : int
        One or two.
    covariates : int
        Covariates of the analysis: each takes a degree of freedom.
    alpha : float
        Of the two-sided test.
    information : float
        Persons that a unit is worth: 1, or of a cluster m / (1 + (m - 1) icc).
    """

    arms: int
    covariates: int
    alpha: float
    information: float

    @property
    def fewest(self) -> int:
        """Units an arm below which there is no degree of freedom."""
        return math.ceil((self.covariates + 1) / self.arms) + 1

    def _df(self, units: int) -> int:
        return self.arms * (units - 1) - self.covariates

    def _root(self, units: int) -> float:
        """What makes a standardised difference the noncentrality of t."""
        return math.sqrt(units * self.information / self.arms)

    def power(self, d: float, units: int) -> float:
        """Return the probability to find a standardised difference, in its own direction.

        R's ``power.t.test(units, delta = d, sd = 1)`` for persons without covariates.
        """
        df = self._df(units)
        critical = t_quantile(1 - self.alpha / 2, df)
        return noncentral_t_tail(critical, df, abs(d) * self._root(units))

    def assurance(self, pilot: PilotSignal, units: int) -> float:
        """Return the power to expect, over what the pilot says the truth may be.

        Given the pilot, the true d is ``d sqrt(q / df) + k z`` with q a chi-square of df and z
        a standard normal. Over z it is in closed form: a noncentral t whose centre is normal is a
        noncentral t, scaled.
        """
        df, root = self._df(units), self._root(units)
        critical = t_quantile(1 - self.alpha / 2, df)
        wider = math.sqrt(1 + (pilot.k * root) ** 2)
        powers = [
            noncentral_t_tail(critical / wider, df, abs(pilot.d) * scale * root / wider)
            for scale in pilot.scales[0]
        ]
        return float(pilot.scales[1] @ np.array(powers))


@dataclass(frozen=True)
class PilotSignal:
    """A standardised difference as a pilot knows it.

    Attributes
    ----------
    d : float
        Difference over standard deviation.
    k : float
        Standard error of the difference over the standard deviation; 0 where the difference is
        declared and not estimated.
    df : int
        Degrees of freedom of the standard deviation.
    """

    d: float
    k: float
    df: int

    @cached_property
    def scales(self) -> tuple[Reals, Reals]:
        """Return values of sqrt(q / df), q a chi-square of df, and their weights.

        The trapezoidal rule on the logarithm of q, of whose density it is exact to rounding.
        """
        low, high = (math.log(chi_square_quantile(p, self.df)) for p in (_TAIL, 1 - _TAIL))
        logs = np.linspace(low, high, _NODES)
        weights = np.exp(self.df / 2 * (logs - math.log(self.df)) - (np.exp(logs) - self.df) / 2)
        return np.exp(logs / 2) / math.sqrt(self.df), weights / weights.sum()


def fewest_units(reaches: Callable[[int], float], target: float, fewest: int) -> int | None:
    """Return the smallest number of units that reaches the target; None where none does."""
    high = fewest
    while reaches(high) < target:
        if high >= LARGEST:
            return None
        high = min(2 * high, LARGEST)
    low = max(fewest, high // 2)
    while low < high:
        middle = (low + high) // 2
        if reaches(middle) < target:
            low = middle + 1
        else:
            high = middle
    return high
