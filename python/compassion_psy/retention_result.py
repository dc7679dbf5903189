"""What is known about the number of factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from compassion_psy.tables import to_html, to_text


@dataclass(frozen=True, eq=False, repr=False)
class NumberOfFactors:
    """How many factors items have, by several criteria.

    Attributes
    ----------
    table : polars.DataFrame
        One row a criterion: ``criterion``, ``factors`` (null where it has no answer), ``detail``
        (what decided, or why there is no answer).
    eigenvalues : polars.DataFrame
        One row for each ``type`` ("components": of the correlations; "factors": with the
        communalities of one factor on the diagonal), ``random`` data ("normal" or "permuted"; null
        where there are none) and ``number`` of an eigenvalue: ``observed``, and over the draws of
        random data its ``mean`` and ``percentile``.
    partials : polars.DataFrame
        One row for each number of ``components`` taken out: the mean of ``squares`` and of
        ``fourth_powers`` of the partial correlations; null where components leave nothing of an
        item.
    hull : polars.DataFrame
        One row for each ``fit`` index ("caf", "cfi") and number of ``factors``: ``df``, ``value``,
        ``on_hull``, ``bend`` (the gain in fit for a parameter before, over that after; null off the
        hull and at its ends), ``status`` of the extraction.
    scale : str
        The scale's name.
    correlation : {"pearson", "polychoric"}
        What was analysed.
    n : int or None
        Persons; None where that is not known.
    n_excluded : int
        Persons left out because of missing answers.
    missing : str or None
        How missing answers were treated.
    draws : int
        Sets of random data of each kind.
    percentile : float
        Which percentile of the random eigenvalues was taken.
    seed : int
        Of the random data: with it, the same call gives the same bits.
    notes : tuple of str
        What to know about it.
    """

    table: pl.DataFrame
    eigenvalues: pl.DataFrame
    partials: pl.DataFrame
    hull: pl.DataFrame
    scale: str
    correlation: str
    n: int | None
    n_excluded: int
    missing: str | None
    draws: int
    percentile: float
    seed: int
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def __str__(self) -> str:
        """Return the table as text, rounded."""
        return self._render(to_text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, rounded."""
        return self._render(to_html)

    def _render(self, render: Callable[..., str]) -> str:
        persons = "" if self.n is None else f"; n = {self.n:,}"
        title = f"{self.scale}: number of factors, {self.correlation} correlations{persons}"
        return render(self.table, title=title, notes=self.notes)
