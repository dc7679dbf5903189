"""Responses: the one gate from frames to arrays, where everything is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import (
    MISSING,
    check_items,
    check_missing_codes,
    check_weights,
    item_answers,
)
from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

Starts = npt.NDArray[np.int64]
Names = str | Sequence[str] | None


class Design(TypedDict):
    """Boundaries and weights as the core takes them."""

    groups: Starts
    strata: Starts | None
    clusters: Starts | None
    weights: npt.NDArray[np.float64] | None


@dataclass(frozen=True, eq=False, repr=False)
class Responses:
    """Checked answers of persons to the items of one scale, ready for the core.

    Made by :meth:`from_frame`. Rows are in order of group, stratum and cluster; within these, as
    in the data.

    Attributes
    ----------
    scale : Scale
        The scale that was answered.
    answers : numpy.ndarray, shape (items, rows)
        Keyed answers: reversed items are already turned. uint8 codes counted from the scale's
        minimum, 255 where there is no answer; for continuous scales float64 distances from the
        middle of the range, NaN where there is no answer.
    groups : polars.DataFrame
        One row a group, with the `by` columns; without `by` a single row and no column.
    group_starts, stratum_starts, cluster_starts : numpy.ndarray or None
        The first row of each, and the number of rows at the end.
    weights : numpy.ndarray or None, shape (rows,)
        Survey weights.
    """

    scale: Scale
    answers: npt.NDArray[np.uint8] | npt.NDArray[np.float64]
    groups: pl.DataFrame
    group_starts: Starts
    stratum_starts: Starts | None
    cluster_starts: Starts | None
    weights: npt.NDArray[np.float64] | None

    @classmethod
    def from_frame(
        cls,
        data: Any,
        scale: Scale,
        *,
        by: Names = None,
        cluster: Names = None,
        strata: Names = None,
        weights: str | None = None,
        missing_codes: Sequence[float] = (),
    ) -> Responses:
        """Check the answers in a frame and take them in.

        Parameters
        ----------
        data : frame
            One row a person: a Polars DataFrame or LazyFrame, or anything Polars can take in
            (pandas, pyarrow, a DuckDB relation).
        scale : Scale
            Which columns are items, the range of an answer, which items are reversed.
        by : str or list of str, optional
            Columns of sites or other groups, which are analysed one by one. Rows without a value
            make a group of their own.
        cluster : str or list of str, optional
            Columns that name the cluster (ward, team, class) of a person. Clusters of one name in
            different groups or strata are different clusters.
        strata : str or list of str, optional
            Columns of strata, within which sampling took place.
        weights : str, optional
            Column of survey weights, positive numbers.
        missing_codes : sequence of numbers
            Answers that mean no answer, such as 0 or 99. They must lie outside the scale's range.

        Raises
        ------
        DataError
            Where columns or answers are not usable; the message names column, values, rows, the
            limit and what to do.

        Examples
        --------
        >>> import polars as pl
        >>> scale = Scale("calm", items=["q1", "q2"], minimum=1, maximum=5, reversed=["q2"])
        >>> frame = pl.DataFrame({"q1": [1, 5, None], "q2": [5, 2, 3], "site": ["b", "a", "b"]})
        >>> responses = Responses.from_frame(frame, scale, by="site")
        >>> responses.answers.tolist()
        [[4, 0, 255], [3, 0, 2]]
        """
        if not isinstance(scale, Scale):
            raise OptionError(f"scale is a {type(scale).__name__}, but it must be a Scale.")
        by, cluster, strata = (_names(*pair) for pair in _named(by, cluster, strata))
        columns = list(dict.fromkeys([*scale.items, *by, *cluster, *strata]))
        if weights is not None:
            columns = list(dict.fromkeys([*columns, weights]))
        frame = as_frame(data, columns)
        if frame.height == 0:
            raise DataError("The data have no rows; there is nothing to analyse.")
        check_missing_codes(scale, missing_codes)
        check_items(frame, scale, missing_codes)
        for role, names in (("cluster", cluster), ("strata", strata)):
            _require_complete(frame, role, names)
        order, starts = _order(frame, by, strata, cluster)
        survey_weights = None
        if weights is not None:
            check_weights(frame[weights])
            survey_weights = frame[weights].cast(pl.Float64).to_numpy()
            survey_weights = survey_weights if order is None else survey_weights[order]
        first = starts[0][:-1] if order is None else order[starts[0][:-1]]
        return cls(
            scale=scale,
            answers=item_answers(frame, scale, missing_codes, order),
            groups=frame.select(by)[first] if by else pl.DataFrame(height=1),
            group_starts=starts[0],
            stratum_starts=starts[1] if strata else None,
            cluster_starts=starts[2] if cluster else None,
            weights=survey_weights,
        )

    @property
    def rows(self) -> int:
        """Number of persons."""
        return int(self.answers.shape[1])

    @property
    def group_rows(self) -> npt.NDArray[np.int64]:
        """Number of persons in each group."""
        return np.diff(self.group_starts)

    @property
    def design(self) -> Design:
        """Boundaries and weights as the core takes them."""
        return {
            "groups": self.group_starts,
            "strata": self.stratum_starts,
            "clusters": self.cluster_starts,
            "weights": self.weights,
        }

    def usable(self, missing: str) -> tuple[Responses, npt.NDArray[np.int64]]:
        """Return the rows an analysis uses, and how many each group of `self` has of them.

        With ``missing="listwise"`` the rows that answered every item, with "pairwise" those that
        answered any. Groups without such rows are left out.
        """
        answered = ~self._is_missing().all(axis=0) if missing == "pairwise" else self._complete()
        if answered.all():
            return self, self.group_rows
        before = np.concatenate([[0], np.cumsum(answered)])
        kept_rows = np.diff(before[self.group_starts])
        kept = replace(
            self,
            answers=np.compress(answered, self.answers, axis=1),
            groups=self.groups.filter(pl.Series(kept_rows > 0)),
            group_starts=np.unique(before[self.group_starts]),
            stratum_starts=_kept_starts(before, self.stratum_starts),
            cluster_starts=_kept_starts(before, self.cluster_starts),
            weights=None if self.weights is None else self.weights[answered],
        )
        return kept, kept_rows

    def _complete(self) -> npt.NDArray[np.bool_]:
        complete = np.ones(self.rows, dtype=np.bool_)
        for column in self.answers:
            # Column by column: no second array of the size of all answers.
            complete &= column != MISSING if column.dtype == np.uint8 else ~np.isnan(column)
        return complete

    def _is_missing(self) -> npt.NDArray[np.bool_]:
        codes = self.answers.dtype == np.uint8
        return self.answers == MISSING if codes else np.isnan(self.answers)

    def __repr__(self) -> str:
        """Say what is in it, not the answers themselves."""
        parts = [f"{self.rows:,} rows", f"{self.scale.n_items} items of {self.scale.name!r}"]
        if self.groups.width:
            parts.append(f"{self.groups.height:,} groups by {', '.join(self.groups.columns)}")
        if self.cluster_starts is not None:
            parts.append(f"{len(self.cluster_starts) - 1:,} clusters")
        return f"Responses({', '.join(parts)})"


def _named(by: Names, cluster: Names, strata: Names) -> list[tuple[str, Names]]:
    return [("by", by), ("cluster", cluster), ("strata", strata)]


def _names(option: str, names: Names) -> list[str]:
    listed = [names] if isinstance(names, str) else list(names or ())
    for name in listed:
        if not isinstance(name, str):
            raise OptionError(f"{option} holds {name!r}, but it must be column names (str).")
    if len(set(listed)) < len(listed):
        raise OptionError(f"{option} names a column twice: {', '.join(map(repr, listed))}.")
    return listed


def _require_complete(frame: pl.DataFrame, role: str, names: list[str]) -> None:
    for name in names:
        absent = frame[name].null_count()
        if absent:
            raise DataError(
                f"Column {name!r}, used as {role}, has no value in {absent:,} rows; fill them, or "
                "leave these rows out."
            )


def _order(
    frame: pl.DataFrame, by: list[str], strata: list[str], cluster: list[str]
) -> tuple[npt.NDArray[np.uint32] | None, list[Starts]]:
    """Return the order of rows, and the starts of groups, strata and clusters in it."""
    keys = list(dict.fromkeys([*by, *strata, *cluster]))
    if not keys:
        whole = np.array([0, frame.height], dtype=np.int64)
        return None, [whole, whole, whole]
    ordered = (
        frame.lazy()
        .select(keys)
        .with_row_index("row of the data")
        .sort(keys, nulls_last=True, maintain_order=True)
        .collect()
    )
    starts = []
    for end in (len(by), len(by) + len(strata), len(by) + len(strata) + len(cluster)):
        names = list(dict.fromkeys([*by, *strata, *cluster][:end]))
        starts.append(_starts(ordered, names))
    return ordered["row of the data"].to_numpy(), starts


def _starts(ordered: pl.DataFrame, names: list[str]) -> Starts:
    """Where the values of these columns change."""
    if not names:
        return np.array([0, ordered.height], dtype=np.int64)
    changed = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
    first = ordered.select(changed.alias("changed"))["changed"].to_numpy().copy()
    first[0] = True
    return np.append(np.flatnonzero(first), ordered.height).astype(np.int64)


def _kept_starts(before: Starts, starts: Starts | None) -> Starts | None:
    return None if starts is None else np.unique(before[starts])
