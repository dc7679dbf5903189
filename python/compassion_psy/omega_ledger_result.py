"""The ledger of omegas: what was found, and how to look at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from compassion_psy import tables

LEDGER_COLUMNS = (
    *("scale", "convention", "coefficient", "estimator", "matrix", "denominator", "factors"),
    *("rotation", "items_flipped", "flipped", "missing", "n", "estimate", "difference"),
    *("basis", "source", "note"),
)
"""Columns of the ledger, besides the `by` columns."""

_KEPT_APART = (
    "coefficient",
    "estimator",
    "matrix",
    "denominator",
    "rotation",
    "missing",
    "basis",
    "source",
)

_NOTES = (
    "difference: from the first row. flipped: items that the program turns unasked, because they "
    "load negatively; this package never does.",
    "basis: run - the program was run, and gave this package's number; documentation - its manual, "
    "or a report of its error, says so; recalled - not checked.",
)


@dataclass(frozen=True, eq=False, repr=False)
class OmegaLedger:
    """What every program would call omega, side by side.

    Attributes
    ----------
    table : polars.DataFrame
        One row for each group and convention: the `by` columns, ``scale``, ``convention`` (program
        and call), ``coefficient`` (its name in this package, null where it has none),
        ``estimator``, ``matrix``, ``denominator``, ``factors``, ``rotation``, ``items_flipped``
        (how many items the program turns unasked), ``flipped`` (which), ``missing``, ``n``
        (persons used), ``estimate``, ``difference`` (from the first row of the group), ``basis``
        and ``source`` (how the convention is known), ``note`` (why there is no number, or what to
        know).
    """

    table: pl.DataFrame

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def __str__(self) -> str:
        """Return the numbers, and below what each stands for, rounded."""
        return "\n\n".join(self._parts(tables.to_text))

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        return "\n".join(self._parts(tables.to_html))

    def _parts(self, render: Callable[..., str]) -> list[str]:
        shown = self.table.drop(*_KEPT_APART, "flipped")
        conventions = self.table.select("convention", *_KEPT_APART).unique(
            "convention", maintain_order=True
        )
        return [
            render(shown, title="What programs call omega", notes=_NOTES),
            render(conventions, title="What each stands for"),
        ]
