"""Small cells: what is shown by site must not show a person."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from compassion_psy.data.frames import require_columns
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import whole_number

HIDDEN = "suppressed"
"""The column that says why a cell is hidden."""


def hide_small_cells(
    frame: pl.DataFrame,
    *,
    count: str,
    values: Sequence[str] = (),
    within: Sequence[str] = (),
    minimum: int = 10,
) -> pl.DataFrame:
    """Which numbers by site stand for too few persons to be shown?

    Counts from 1 to below `minimum` are hidden, and the values beside them. Where that hides one
    cell only, it would be the total less the others: so the next smallest cell is hidden too. A
    count of 0 shows nobody and stays.

    Parameters
    ----------
    frame : polars.DataFrame
        One row a cell.
    count : str
        Column of the number of persons.
    values : sequence of str
        Columns that are hidden with it: shares, means, coefficients.
    within : sequence of str
        Columns whose values have a total of their own, such as ``["item"]`` in a table of missing
        answers by item and site.
    minimum : int
        The smallest number of persons that is shown. 10 is the limit of many health registers
        (5 to 11 occur [1]_); that of your data's owner goes first.

    Returns
    -------
    polars.DataFrame
        The frame, with null where hidden, and a column ``suppressed`` that says why.

    Raises
    ------
    DataError
        Where a column is absent, the count is no whole number, or the column is there already.

    References
    ----------
    .. [1] Hundepool, A., et al. (2012). *Statistical disclosure control*. Wiley.

    Examples
    --------
    >>> frame = pl.DataFrame({"site": ["A", "B", "C"], "n": [80, 4, 30], "alpha": [0.8, 0.7, 0.9]})
    >>> shown = hide_small_cells(frame, count="n", values=["alpha"])
    >>> shown.select("site", "n", "alpha").rows()
    [('A', 80, 0.8), ('B', None, None), ('C', None, None)]
    >>> shown["suppressed"].to_list()[1:]
    ['fewer than 10 persons', 'would tell the only smaller cell from the total']
    """
    minimum = whole_number("minimum", minimum, minimum=1)
    for name, names in (("values", values), ("within", within)):
        if isinstance(names, str):
            raise OptionError(f"{name} is the text {names!r}; give a list, [{names!r}].")
    require_columns(frame.columns, [count, *values, *within])
    if HIDDEN in frame.columns:
        raise DataError(f"The frame has a column {HIDDEN!r} already; small cells are hidden once.")
    if not frame.schema[count].is_integer():
        raise DataError(f"Column {count!r} holds {frame.schema[count]}, but counts are whole.")
    n = pl.col(count)
    small = ((n > 0) & (n < minimum)).fill_null(value=False)
    # Ties go by place, so that one cell more is hidden and not all that are as small.
    large = pl.when(n >= minimum).then(n).rank("ordinal")
    alone = small.sum() == 1
    if within:
        large, alone = large.over(within), alone.over(within)
    next_smallest = (alone & (large == 1)).fill_null(value=False)
    reason = (
        pl.when(small)
        .then(pl.lit(f"fewer than {minimum} persons"))
        .when(next_smallest)
        .then(pl.lit("would tell the only smaller cell from the total"))
    )
    marked = frame.with_columns(reason.alias(HIDDEN))
    shown = pl.when(pl.col(HIDDEN).is_null())
    return marked.with_columns(shown.then(pl.col(name)).alias(name) for name in (count, *values))
