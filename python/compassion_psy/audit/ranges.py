"""Answers that the scale does not allow: stray codes, or a whole range that is shifted."""

from __future__ import annotations

import math

import numpy as np
import polars as pl

from compassion_psy.audit.findings import Finding
from compassion_psy.audit.keys import at_place
from compassion_psy.audit.screening import Screened
from compassion_psy.data.columns import MISSING

_SHOWN = 5
_FEWEST = 50  # answers without which an unused end of the range says nothing


def range_findings(screened: Screened) -> list[Finding]:
    """Return the findings on impossible answers, by site, then by item.

    Where all answers of a site fit the range once they are moved by a constant, and they touch
    its moved end, that is one finding; otherwise there is one for each item.
    """
    found = []
    for site, (first, last) in enumerate(zip(screened.starts, screened.starts[1:], strict=False)):
        impossible = screened.impossible[:, first:last]
        if not impossible.any():
            continue
        rows = screened.order[first:last]
        where = at_place(screened.groups, site)
        group = site if screened.groups.width else None
        shifted = _shift(screened, slice(first, last), where, group)
        if shifted is not None:
            found.append(shifted)
            continue
        for place in map(int, np.flatnonzero(impossible.any(axis=1))):
            item = screened.scale.items[place]
            values = screened.frame[item].gather(rows[impossible[place]])
            found.append(_stray(item, values, screened, where, group, last - first))
    return found


def _stray(
    item: str, values: pl.Series, screened: Screened, where: str, group: int | None, rows: int
) -> Finding:
    scale = screened.scale
    first = [_text(value) for value in values.unique(maintain_order=True).head(_SHOWN + 1)]
    shown = ", ".join(first[:_SHOWN]) + (", ..." if len(first) > _SHOWN else "")
    remedy = _remedy(values, first)
    return Finding(
        kind="range",
        finding="impossible_answer",
        item=item,
        group=group,
        evidence=f"{where}: {len(values):,} of {rows:,} answers are not "
        f"whole numbers from {scale.minimum:g} to {scale.maximum:g}: {shown}.",
        remedy=remedy,
    )


def _remedy(values: pl.Series, named: list[str]) -> str:
    if values.dtype == pl.String:
        return "Say in a recipe which label counts as what (labels = {...}), and harmonise."
    if len(named) == 1:
        return (
            f"If {named[0]} means no answer, declare missing_codes=[{named[0]}]; otherwise correct "
            "it."
        )
    return "Declare those that mean no answer as missing codes, and correct the others."


def _shift(screened: Screened, site: slice, where: str, group: int | None) -> Finding | None:
    scale = screened.scale
    lowest, highest, count = math.inf, -math.inf, 0
    impossible = screened.impossible[:, site]
    # Codes declared to mean no answer do not count.
    given = impossible | (screened.codes[:, site] != MISSING)
    for item, here in zip(scale.items, given, strict=True):
        column = screened.frame[item].gather(screened.order[site][here])
        numbers = column.cast(pl.Float64, strict=False).drop_nulls()
        if not len(numbers):
            continue
        # Smallest and largest are exact.
        low, high = float(np.min(numbers.to_numpy())), float(np.max(numbers.to_numpy()))
        lowest, highest, count = min(lowest, low), max(highest, high), count + len(numbers)
    below, above = lowest - scale.minimum, highest - scale.maximum
    by = 0.0
    if below < 0 and above <= below:
        by = below
    elif above > 0 and below >= above:
        by = above
    if not by or not by.is_integer() or count < _FEWEST or scale.values is not None:
        return None
    return Finding(
        kind="range",
        finding="range_shifted",
        group=group,
        evidence=f"{where}: the {count:,} answers run from {lowest:g} to "
        f"{highest:g} where the scale runs from {scale.minimum:g} to {scale.maximum:g}; "
        f"{impossible.sum():,} of them are impossible.",
        remedy=f"Add {-by:g} to the answers of this source in the recipe, if its form ran from "
        f"{scale.minimum + by:g} to {scale.maximum + by:g}.",
    )


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)
