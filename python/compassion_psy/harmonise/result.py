"""What harmonising gives: the frame, the log of steps, the scales."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from compassion_psy import tables
from compassion_psy.scales import Scale


@dataclass(frozen=True, eq=False, repr=False)
class Harmonised:
    """One frame from several sources, and what was changed on the way.

    Attributes
    ----------
    frame : polars.DataFrame
        The source column, kept columns and items; sources in the order of the recipe, rows in that
        of their files. Answers are as they were given, not keyed.
    log : polars.DataFrame
        One row a step, or a step and column: ``source``, ``step``, ``column`` (of the harmonised
        frame; null for steps about rows), ``rows`` (read, dropped, kept or joined; null for steps
        about cells), ``cells`` (that the step was applied to: a turned answer counts, though the
        middle of a range turns into itself; null for steps about rows), ``detail``.
    scales : tuple of Scale
        The scales of the recipe, with the columns of the frame.
    """

    frame: pl.DataFrame
    log: pl.DataFrame
    scales: tuple[Scale, ...]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Allow ``frame, log = cp.harmonise(recipe)``."""
        return iter((self.frame, self.log))

    def summary(self) -> pl.DataFrame:
        """Return the log with the columns of a step put together.

        Returns
        -------
        polars.DataFrame
            ``source``, ``step``, ``rows``, ``columns`` (how many the step was about), ``cells`` and
            ``detail`` (that of the first column, where not all are alike).
        """
        by_row = pl.when(pl.col("column").is_null()).then(pl.int_range(pl.len()))
        details = pl.col("detail")
        return (
            self.log.with_columns(part=by_row)
            .group_by("source", "step", "part", maintain_order=True)
            .agg(
                pl.col("rows").first(),
                pl.col("column").count().alias("columns"),
                # All null for a step about rows.
                pl.when(pl.col("cells").count() > 0).then(pl.col("cells").sum()).alias("cells"),
                pl.when(details.n_unique() == 1)
                .then(details.first())
                .otherwise(details.first() + ", ...")
                .alias("detail"),
            )
            .drop("part")
        )

    def __str__(self) -> str:
        """Return the summary as text."""
        return tables.to_text(self._shown(), title=self._title())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the summary for a notebook."""
        return tables.to_html(self._shown(), title=self._title())

    def _shown(self) -> pl.DataFrame:
        return self.summary().with_columns(
            pl.when(pl.col("columns") > 0).then(pl.col("columns")).alias("columns")
        )

    def _title(self) -> str:
        named = ", ".join(scale.name for scale in self.scales)
        return (
            f"Harmonised: {self.frame.height:,} rows, {self.frame.width} columns; scales: {named}"
        )
