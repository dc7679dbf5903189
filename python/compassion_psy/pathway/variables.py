"""The variables of a model as columns of numbers: scores, products, parts of teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.design import Names, Starts, check_design, listed_columns, order_of_rows
from compassion_psy.data.frames import as_frame, require_columns, with_names
from compassion_psy.data.responses import Design
from compassion_psy.errors import DataError, OptionError
from compassion_psy.pathway.structure import PRODUCT, Structure
from compassion_psy.scales import Scale, snake_case
from compassion_psy.scales.choice import chosen
from compassion_psy.scoring import score

Reals = npt.NDArray[np.float64]
Scales = Mapping[str, Scale | str] | Scale | str | Sequence[Scale | str] | None

# Squares of such differences, and products of these, are still numbers.
_FINEST, _WIDEST = 1e-70, 1e70
WITHIN, BETWEEN = "_within", "_between"


@dataclass(frozen=True, eq=False)
class Variables:
    """The variables of a model for the persons who have all of them.

    Attributes
    ----------
    names : tuple of str
        In the order of the structure.
    values : numpy.ndarray, shape (variables, persons)
        Less their origins.
    origins : numpy.ndarray, shape (variables,)
        What each variable is counted from: near its middle, where sums of squares lose least.
    stratum_starts, cluster_starts : numpy.ndarray or None
        The first person of each, and the number of persons at the end.
    missing : polars.DataFrame
        ``variable`` and how many persons lack it (``n_missing``).
    n_excluded : int
        Persons left out because they lack a variable.
    frame : polars.DataFrame
        The rows that are used, in their order in the data.
    scales : mapping of str to Scale
        The scales behind variables that are total scores, or parts of them.
    """

    names: tuple[str, ...]
    values: Reals
    origins: Reals
    stratum_starts: Starts | None
    cluster_starts: Starts | None
    missing: pl.DataFrame
    n_excluded: int
    frame: pl.DataFrame
    scales: Mapping[str, Scale]

    @property
    def n(self) -> int:
        """Persons used."""
        return int(self.values.shape[1])

    @property
    def n_clusters(self) -> int | None:
        """Clusters used; None where there are none."""
        return None if self.cluster_starts is None else len(self.cluster_starts) - 1

    @property
    def design(self) -> Design:
        """The boundaries as the core takes them."""
        return {
            "groups": np.array([0, self.n], dtype=np.int64),
            "strata": self.stratum_starts,
            "clusters": self.cluster_starts,
            "weights": None,
            "keys": np.zeros(1, np.uint64),
        }


def variables_of(
    data: Any,
    structure: Structure,
    *,
    scales: Scales,
    missing_codes: Sequence[float],
    cluster: Names,
    strata: Names,
    center: Sequence[str],
) -> Variables:
    """Return the variables of a model, or raise DataError where a column is not usable."""
    roles = {
        "by": [],
        "strata": listed_columns("strata", strata),
        "cluster": listed_columns("cluster", cluster),
    }
    centred = _centred(center, roles["cluster"])
    named = _named_scales(scales)
    plain = list(dict.fromkeys(f for name in structure.variables for f in name.split(PRODUCT)))
    parts = {part for name in centred for part in (name + WITHIN, name + BETWEEN)}
    wanted = [*(name for name in plain if name not in parts), *centred]
    wanted = list(dict.fromkeys(wanted))
    needed = list(dict.fromkeys([*wanted, *roles["strata"], *roles["cluster"]]))
    data, columns = with_names(data)
    _check_parts(plain, {*columns, *named}, parts)
    frame = as_frame(data, None if named else needed)
    frame = _with_scores(frame, named, missing_codes)
    require_columns(frame.columns, needed)
    if frame.height == 0:
        raise DataError("The data have no rows; there is nothing to analyse.")
    check_design(frame, roles)
    numbers = {name: _numbers(frame[name]) for name in wanted}
    missing = {name: np.isnan(column) for name, column in numbers.items()}
    used = ~np.logical_or.reduce(list(missing.values()))
    lacking = pl.DataFrame(
        {"variable": list(missing), "n_missing": [int(each.sum()) for each in missing.values()]},
        schema={"variable": pl.String, "n_missing": pl.Int64},
    )
    n_excluded = int((~used).sum())
    fewest = len(structure.variables) + 2
    if used.sum() < fewest:
        worst, count = lacking.sort("n_missing", maintain_order=True).row(-1)
        most = f" (column {worst!r} is missing for {count:,})" if count else ""
        raise DataError(
            f"{int(used.sum())} of {frame.height:,} persons have all variables{most}, but "
            f"the model needs at least {fewest}; add persons, or leave variables out."
        )
    kept = frame if n_excluded == 0 else frame.filter(pl.Series(used))
    order, starts = order_of_rows(kept, roles)
    if roles["cluster"] and len(starts[2]) < 3:
        raise DataError(
            f"There is one cluster by {', '.join(map(repr, roles['cluster']))}, but at least 2 are "
            "needed (20 or more for good limits); name another column."
        )
    _check_strata(roles, starts)
    rows = {name: column[used] for name, column in numbers.items()}
    if order is not None:
        rows = {name: column[order] for name, column in rows.items()}
    for name in centred:
        between = _team_means(rows[name], starts[2])
        rows[name + BETWEEN] = between
        rows[name + WITHIN] = rows[name] - between
    values = np.empty((len(structure.variables), int(used.sum())))
    origins = np.empty(len(structure.variables))
    for number, name in enumerate(structure.variables):
        column = np.multiply.reduce([rows[factor] for factor in name.split(PRODUCT)])
        if column.min() == column.max():
            raise DataError(
                f"Column {name!r} is {column[0]:g} for all {len(column):,} persons used; a "
                "variable that does not vary explains nothing and cannot be explained: leave it "
                "out."
            )
        if not _FINEST < column.max() - column.min() < _WIDEST:
            raise DataError(
                f"Column {name!r} lies between {column.min():g} and {column.max():g}, which cannot "
                "be squared with all digits; write it in other units."
            )
        origins[number] = column.min() / 2 + column.max() / 2
        values[number] = column - origins[number]
    return Variables(
        names=structure.variables,
        values=values,
        origins=origins,
        stratum_starts=starts[1] if roles["strata"] else None,
        cluster_starts=starts[2] if roles["cluster"] else None,
        missing=lacking,
        n_excluded=n_excluded,
        frame=kept,
        scales={name: scale for name, scale in named.items() if name in wanted},
    )


def nameable(
    columns: Sequence[str], scales: Scales, cluster: Names, center: Sequence[str]
) -> set[str]:
    """Return what a model may name: columns, scales, parts within and between teams."""
    centred = _centred(center, listed_columns("cluster", cluster))
    parts = {part for name in centred for part in (name + WITHIN, name + BETWEEN)}
    return {*columns, *_named_scales(scales), *parts}


def _check_parts(plain: Sequence[str], columns: set[str], parts: set[str]) -> None:
    """Raise DataError for a part of a variable that `center` does not name."""
    for name in plain:
        whole = name.removesuffix(WITHIN).removesuffix(BETWEEN)
        if whole != name and name not in columns | parts and whole in columns:
            raise DataError(
                f"There is no column {name!r} in the data; for the parts of {whole!r} within and "
                "between teams name it in center, and the teams in cluster."
            )


def _check_strata(roles: Mapping[str, Sequence[str]], starts: Sequence[Starts]) -> None:
    if not roles["strata"]:
        return
    _, strata, clusters = starts
    what = "cluster" if roles["cluster"] else "person"
    units = np.diff(np.searchsorted(clusters, strata) if roles["cluster"] else strata)
    alone = int((units == 1).sum())
    if alone:
        raise DataError(
            f"{alone:,} of {len(units):,} strata by {', '.join(map(repr, roles['strata']))} hold "
            f"one {what}, but a standard error needs at least two in each; merge strata, or leave "
            "strata out."
        )


def _centred(center: Sequence[str], cluster: list[str]) -> list[str]:
    names = listed_columns("center", center)
    if names and not cluster:
        raise OptionError(
            f"center names {names[0]!r}, but parts within and between teams need cluster=."
        )
    return names


def _named_scales(scales: Scales) -> dict[str, Scale]:
    """Return scales by the name that stands for their total score."""
    if scales is None:
        return {}
    if isinstance(scales, Mapping):
        named = {name: chosen(each, None) for name, each in scales.items()}
    else:
        listed = [scales] if isinstance(scales, (Scale, str)) else scales
        if not isinstance(listed, Sequence):
            raise OptionError(_not_scales(scales))
        given = [chosen(each, None) for each in listed]
        named = {snake_case(each.name): each for each in given if isinstance(each, Scale)}
        if len(named) < len(given):
            raise OptionError(_not_scales(scales))
    for name, scale in named.items():
        if not isinstance(scale, Scale) or not isinstance(name, str):
            raise OptionError(_not_scales(scales))
    return named


def _not_scales(scales: object) -> str:
    return (
        f"scales is {scales!r}, but it must be a mapping from names in the model to a Scale or an "
        "id, or a list of them."
    )


def _with_scores(
    frame: pl.DataFrame, named: dict[str, Scale], missing_codes: Sequence[float]
) -> pl.DataFrame:
    for name, scale in named.items():
        if scale.total is None:
            raise OptionError(
                f"Scale {scale.name!r} has no total score, only subscales; give "
                f"scale.subscale({scale.subscales[0].key!r})."
            )
        require_columns(frame.columns, scale.items)
        own = score(frame.select(scale.items), scale, missing_codes=missing_codes)
        assert isinstance(own, pl.DataFrame)
        total = own[f"{snake_case(scale.name)}_total"]
        if name in frame.columns:
            raise DataError(
                f"The name {name!r}, given in scales, is also a column of the data; rename one."
            )
        frame = frame.with_columns(total.alias(name))
    return frame


def _numbers(column: pl.Series) -> Reals:
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        raise DataError(
            f"Column {column.name!r} holds {column.dtype.base_type()}, but a variable of the model "
            "must be numbers; recode the column."
        )
    values = column.cast(pl.Float64).fill_null(np.nan).to_numpy()
    endless = np.isinf(values)
    if endless.any():
        raise DataError(
            f"Column {column.name!r} holds infinity (row {int(endless.argmax()) + 1}, counted from "
            "1); write it as null, or correct it."
        )
    return values


def _team_means(values: Reals, starts: Starts) -> Reals:
    sizes = np.diff(starts)
    return np.repeat(np.add.reduceat(values, starts[:-1]) / sizes, sizes)
