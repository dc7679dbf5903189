"""What an analysis of acceptability gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables


@dataclass(frozen=True, eq=False, repr=False)
class Acceptability:
    """How far people took to a course.

    Attributes
    ----------
    table : polars.DataFrame
        Proportions, one row a step: ``measure`` ("recruited", "started", "completed"), ``of``
        ("invited", "recruited", "started"), ``count``, ``n``, ``n_missing`` (persons of whom it
        is not known, not in n), ``estimate``, ``lower``, ``upper``, ``level``, ``interval``.
    amounts : polars.DataFrame
        One row for sessions, practice and each satisfaction item: ``measure``, ``n``,
        ``n_missing``, ``mean``, ``sd``, ``median``, ``lowest``, ``highest``, ``lower`` and
        ``upper`` of the mean (t), ``level``, ``note``.
    doses : polars.DataFrame
        Change by dose, one row a change and dose: ``change``, ``dose`` ("sessions" or "practice"),
        ``n``, ``n_missing``, ``slope`` (change for one session or one unit of practice more),
        ``lower`` and ``upper`` (t), ``r``, ``p``, ``test``, ``level``, ``note``.
    seed : int
        Of the orders drawn for permutation tests of more than 14 persons.
    notes : tuple of str
        What to know about it.
    """

    table: pl.DataFrame
    amounts: pl.DataFrame
    doses: pl.DataFrame
    seed: int
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the proportions."""
        return self.table

    def _parts(self) -> list[tuple[str, pl.DataFrame]]:
        parts = [("Acceptability", self.table), ("Sessions, practice, satisfaction", self.amounts)]
        parts.append(("Change by dose", self.doses))
        return [(title, frame) for title, frame in parts if frame.height]

    def __str__(self) -> str:
        """Return the tables as text, rounded."""
        return tables.parts_to_text(self._parts(), notes=self.notes)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the tables for a notebook, rounded."""
        return tables.parts_to_html(self._parts(), notes=self.notes)
