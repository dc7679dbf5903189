"""The row of each site: raw and shrunk estimates, rank, funnel limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.sites.funnel import FEWEST, Funnel, adjusted_for_many, funnel
from compassion_psy.sites.means import Estimates
from compassion_psy.sites.proportions import exact_limits
from compassion_psy.sites.shrinkage import Posterior, ranks, shrunk
from compassion_psy.sites.transforms import OnScale

Reals = npt.NDArray[np.float64]

FUNNEL_LEVEL = 0.998
"""The second level of funnel plots, three standard deviations wide."""

_FUNNEL = {
    "n": pl.Int64,
    **dict.fromkeys(("estimate", "centre", "level", "lower", "upper"), pl.Float64),
    **dict.fromkeys(("lower_adjusted", "upper_adjusted"), pl.Float64),
}


@dataclass(frozen=True, eq=False)
class Compared:
    """Sites that are analysed, on the scale of pooling.

    Attributes
    ----------
    estimates : Estimates
        As they are reported.
    placed : OnScale
        On the scale of pooling.
    used : array of bool (sites,)
        Whether a site has an estimate and a standard error there.
    level : float
        Of the intervals.
    """

    estimates: Estimates
    placed: OnScale
    used: npt.NDArray[np.bool_]
    level: float

    @property
    def y(self) -> Reals:
        """Values of the sites that are used."""
        return self.placed.values[self.used]

    @property
    def v(self) -> Reals:
        """Sampling variances of these."""
        return self.placed.variances[self.used]

    def columns(self, *, draws: int, seed: int, control: str) -> dict[str, list[Any]]:
        """Return shrunk estimates, ranks and tests of the sites that are used."""
        found: dict[str, Any] = {"shrunk": self._back(shrunk(self.y, self.v))}
        posterior = Posterior.of(self.y, self.v)
        found["shrunk_lower"], found["shrunk_upper"] = self._interval(*posterior.limits(self.level))
        drawn = posterior.draws(draws, seed)
        expected, low, high = ranks(-drawn if self.placed.falls else drawn, self.level)
        found |= {"rank": expected.tolist()}
        found |= {"rank_lower": low.astype(int).tolist(), "rank_upper": high.astype(int).tolist()}
        names = ("funnel_lower", "funnel_upper", "p", "p_adjusted", "outside")
        if len(self.y) < FEWEST:
            return found | {name: [None] * len(self.y) for name in names}
        made = self.funnel()
        limits = self._interval(*made.limits(self.level, adjusted=True))
        p = made.p(self.y)
        adjusted = adjusted_for_many(p, control)
        above = (self.y > made.centre) != self.placed.falls
        outside = [
            "no" if each >= 1 - self.level else "above" if high else "below"
            for each, high in zip(adjusted, above, strict=True)
        ]
        values = (*limits, p.tolist(), adjusted.tolist(), outside)
        return found | dict(zip(names, values, strict=True))

    def funnel(self) -> Funnel:
        """Return the funnel of the sites that are used."""
        return funnel(self.y, self.v, self.estimates.df[self.used])

    def funnel_table(self, names: pl.Series, n: Reals, *, proportion: bool) -> pl.DataFrame:
        """Return limits at both levels for each site that is used."""
        if len(self.y) < FEWEST:
            return (
                names.clear()
                .to_frame()
                .with_columns(pl.lit(None, kind).alias(name) for name, kind in _FUNNEL.items())
            )
        parts = []
        made = self.funnel()
        centre = self.placed.back(made.centre)
        for level in (self.level, FUNNEL_LEVEL):
            adjusted = self._interval(*made.limits(level, adjusted=True))
            if proportion:
                plain = tuple(each.tolist() for each in exact_limits(centre, n[self.used], level))
            else:
                plain = self._interval(*made.limits(level, adjusted=False))
            parts.append(
                pl.DataFrame(
                    [
                        names.filter(pl.Series(self.used)),
                        pl.Series("n", n[self.used].astype(np.int64)),
                        pl.Series("estimate", self.estimates.values[self.used]),
                        pl.Series("centre", np.full(len(self.y), centre)),
                        pl.Series("level", np.full(len(self.y), level)),
                        pl.Series("lower", plain[0]),
                        pl.Series("upper", plain[1]),
                        pl.Series("lower_adjusted", adjusted[0]),
                        pl.Series("upper_adjusted", adjusted[1]),
                    ]
                )
            )
        return pl.concat(parts)

    def _back(self, values: Reals) -> list[float]:
        return [self.placed.back(float(value)) for value in values]

    def _interval(self, low: Reals, high: Reals) -> tuple[list[float], list[float]]:
        pairs = [self.placed.interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
