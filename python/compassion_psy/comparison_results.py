"""What a comparison of reliabilities gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables

_NOTES = (
    "difference: of the second less the first. wald: differences over their influence standard "
    "errors. feldt, hakstian_whalen: for alpha, "
    "of parallel items and normal answers. p_holm is adjusted for all pairs of a coefficient.",
)


@dataclass(frozen=True, eq=False, repr=False)
class ReliabilityComparison:
    """Reliabilities side by side, with tests of whether they are equal.

    Attributes
    ----------
    estimates : polars.DataFrame
        One row for each coefficient and group (or wave): ``coefficient``, ``group``,
        ``estimate``, ``se`` (from influence values), ``lower``, ``upper``, ``n``, ``n_excluded``,
        ``note``.
    tests : polars.DataFrame
        Tests that all are equal: ``coefficient``, ``test`` ("wald", and for alpha "feldt" or
        "hakstian_whalen"), ``statistic``, ``df1``, ``df2``, ``p`` (two-sided), ``groups`` (how
        many were compared), ``note`` (why there is no value).
    pairs : polars.DataFrame
        One row for each coefficient and pair of groups: ``coefficient``, ``first``, ``second``,
        ``difference`` (second less first), ``se``, ``lower``, ``upper``, ``p``, ``p_holm``.
    dependent : bool
        Whether the same persons answered each time.
    level : float
        Of the intervals.
    """

    estimates: pl.DataFrame
    tests: pl.DataFrame
    pairs: pl.DataFrame
    dependent: bool
    level: float

    def to_frame(self) -> pl.DataFrame:
        """Return the pairs."""
        return self.pairs

    def _title(self) -> str:
        who = "of the same persons" if self.dependent else "of independent groups"
        return f"Reliabilities {who}, {100 * self.level:.6g} % intervals"

    def __str__(self) -> str:
        """Return estimates, tests and pairs as text, rounded."""
        parts = [
            tables.to_text(self.estimates, title=self._title()),
            tables.to_text(self.tests, title="Are they equal?"),
            tables.to_text(self.pairs, title="Pairs", notes=_NOTES),
        ]
        return "\n\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return estimates, tests and pairs for a notebook, rounded."""
        return "\n".join(
            [
                tables.to_html(self.estimates, title=self._title()),
                tables.to_html(self.tests, title="Are they equal?"),
                tables.to_html(self.pairs, title="Pairs", notes=_NOTES),
            ]
        )
