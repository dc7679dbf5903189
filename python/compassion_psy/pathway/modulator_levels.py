"""The values of modulators at which effects are looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import polars as pl

from compassion_psy.errors import OptionError, nearest
from compassion_psy.pathway.variables import Variables

PERCENTILES = (16, 50, 84)
"""One standard deviation below the mean, the mean, and one above, of a normal variable."""
_GRID = 21


@dataclass(frozen=True, eq=False)
class ModulatorLevels:
    """Values of each modulator.

    Attributes
    ----------
    values : mapping of str to tuple of float
        Where effects are looked at.
    grids : mapping of str to tuple of float
        From the lowest to the highest value, for curves.
    middles : mapping of str to float
        Medians.
    frame : polars.DataFrame
        ``modulator``, ``level``, ``value``.
    """

    values: Mapping[str, tuple[float, ...]]
    grids: Mapping[str, tuple[float, ...]]
    middles: Mapping[str, float]
    frame: pl.DataFrame


def modulator_levels(
    names: Sequence[str], variables: Variables, given: Mapping[str, Sequence[float]] | None
) -> ModulatorLevels:
    """Return the levels of the modulators, or raise OptionError where those given are none."""
    if given is not None and not isinstance(given, Mapping):
        raise OptionError(
            f"levels is {given!r}, but it must be a mapping from modulators to lists of numbers."
        )
    for name in given or {}:
        if name not in names:
            raise OptionError(
                f"levels names {name!r}, which modulates nothing. {nearest(name, names)}"
            )
    values, grids, middles, rows = {}, {}, {}, []
    for name in names:
        number = variables.names.index(name)
        column = variables.values[number] + variables.origins[number]
        distinct = np.unique(column)
        if given and name in given:
            own = _checked(name, given[name])
            titles = ["given"] * len(own)
        elif len(distinct) == 2:
            own, titles = distinct.tolist(), ["lower value", "higher value"]
        else:
            found = np.percentile(column, PERCENTILES).tolist()
            pairs = dict(zip(found, (f"{p} %" for p in PERCENTILES), strict=True))
            own, titles = list(pairs), list(pairs.values())
        values[name] = tuple(own)
        middles[name] = float(np.median(column))
        grids[name] = tuple(
            distinct.tolist()
            if len(distinct) <= _GRID
            else np.linspace(distinct[0], distinct[-1], _GRID).tolist()
        )
        rows += [(name, title, value) for title, value in zip(titles, own, strict=True)]
    schema = {"modulator": pl.String, "level": pl.String, "value": pl.Float64}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return ModulatorLevels(values, grids, middles, frame)


def _checked(name: str, given: Sequence[float]) -> list[float]:
    own = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else []
    usable = all(
        isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        for value in own
    )
    if not own or not usable or len(set(own)) < len(own):
        raise OptionError(
            f"levels[{name!r}] is {given!r}, but it must be a list of different numbers."
        )
    return [float(value) for value in own]
