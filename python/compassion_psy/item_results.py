"""What an item analysis gives back."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy import tables

ENDS = ("", "_se", "_lower", "_upper")
"""What stands behind the name of a column that is an estimate, its error and its limits."""

ITEM_COLUMNS = (
    *("scale", "item", "reversed", "n", "missing", "mean", "sd", "skew", "floor", "ceiling"),
    *("persons", "item_total", "item_total_lower", "item_total_upper"),
    *("item_rest", "item_rest_lower", "item_rest_upper", "overlap_corrected"),
    *("answer", "keyed", "count", "share", "coefficient", "estimate", "se", "lower", "upper"),
    *("level", "note"),
)
"""Columns of the frames, besides the `by` columns and those of coefficients without an item."""

_NOTES = (
    "skew: g1. item_rest: with the sum of the other items; overlap_corrected: with what the "
    "items have in common (r.cor). ..._if_dropped: the coefficient of the other items.",
    "More intervals are in .table, coefficients of all items in .coefficients, the use of each "
    "category in .categories.",
)


@dataclass(frozen=True, eq=False, repr=False)
class ItemAnalysis:
    """Statistics of items, by group.

    Attributes
    ----------
    table : polars.DataFrame
        One row for each group, score of the scale and item; reversed items are turned:

        - the `by` columns, ``scale``, ``item``, ``reversed``;
        - of everybody who answered the item: ``n``, ``missing`` (persons of the group who did
          not), ``mean``, ``sd`` (divisor n - 1), ``skew`` (g1, of the third and second central
          moments with divisor n), ``floor`` and ``ceiling`` (shares of answers at the declared
          minimum and maximum of the scale);
        - of the ``persons`` that the treatment of missing answers leaves: ``item_total``
          (correlation with the total, the item among it), ``item_rest`` (with the total of the
          others), both with ``_lower`` and ``_upper``, ``overlap_corrected`` (with what the
          items have in common), and for each coefficient ``<coefficient>_if_dropped`` (of the other
          items, for the same persons) with ``_se``, ``_lower`` and ``_upper``;
        - ``level`` of the intervals, and ``note``: why something is missing.
    coefficients : polars.DataFrame
        The coefficients of all items together, to hold ``<coefficient>_if_dropped`` against: the
        `by` columns, ``scale``, ``coefficient``, ``estimate``, ``se``, ``lower``, ``upper``,
        ``persons``.
    categories : polars.DataFrame
        One row for each group, score, item and possible answer: the `by` columns, ``scale``,
        ``item``, ``answer`` (as given), ``keyed`` (as it counts), ``count``, ``share``. Scales of
        answers with decimals, or of more than 255 codes, have no rows here.
    """

    table: pl.DataFrame
    coefficients: pl.DataFrame
    categories: pl.DataFrame

    def to_frame(self) -> pl.DataFrame:
        """Return the table."""
        return self.table

    def _shown(self) -> pl.DataFrame:
        """Return the table with the interval of the item-rest correlation alone."""
        hidden = ("item_total_lower", "item_total_upper")
        limits = ("_if_dropped_se", "_if_dropped_lower", "_if_dropped_upper")
        return self.table.drop(
            *hidden, *(name for name in self.table.columns if name.endswith(limits))
        )

    def __str__(self) -> str:
        """Return the table as text, rounded."""
        return tables.to_text(self._shown(), title="Item analysis", notes=_NOTES)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the table for a notebook, rounded."""
        return tables.to_html(self._shown(), title="Item analysis", notes=_NOTES)
