"""What a test-retest analysis gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables

RETEST_COLUMNS = (
    *("coefficient", "estimate", "se", "lower", "upper", "n", "n_unmatched", "n_incomplete"),
    "note",
)
"""Columns of the table, after those that name the group."""

RETEST_DEFINITIONS = {
    "r": "the correlation of the total scores of both waves",
    "icc_a1": "ICC(A,1), the agreement of both waves: a shift of everybody lowers it",
    "icc_c1": "ICC(C,1), their consistency: a shift of everybody makes no difference",
    "sem": "the standard error of measurement, the standard deviation of the changes over √2",
    "mdc": "the minimal detectable change: no smaller change of a person exceeds error at this "
    "level",
    "change": "the mean of the second wave less that of the first",
}
"""What a row of the table is."""


@dataclass(frozen=True, eq=False, repr=False)
class RetestResult:
    """How far a scale gives the same persons the same scores again.

    Attributes
    ----------
    table : polars.DataFrame
        One row for each group and coefficient: ``coefficient`` ("r", "icc_a1", "icc_c1", "sem",
        "mdc", "change"), ``estimate``, ``se``, ``lower``, ``upper``, ``n`` (persons who count),
        ``n_unmatched`` (persons in one wave alone), ``n_incomplete`` (persons in both who did not
        answer every item twice), ``note``.
    waves : tuple of str
        The first and the second wave.
    level : float
        Of the intervals, and of the minimal detectable change.
    """

    table: pl.DataFrame
    waves: tuple[str, str]
    level: float

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def _title(self) -> str:
        return (
            f"Test-retest, {self.waves[0]} and {self.waves[1]}, {100 * self.level:.6g} % intervals"
        )

    def _notes(self) -> list[str]:
        notes = [f"{name}: {text}." for name, text in RETEST_DEFINITIONS.items()]
        return [*notes, "Scores are sums of the items."]

    def __str__(self) -> str:
        """Return the table as text, rounded."""
        return tables.to_text(self.table, title=self._title(), notes=self._notes())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, rounded."""
        return tables.to_html(self.table, title=self._title(), notes=self._notes())
