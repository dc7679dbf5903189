"""Responses: the one gate from frames to arrays, where everything is checked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Sized
from dataclasses import dataclass, replace
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.columns import (
    MISSING,
    Answers,
    check_items,
    check_missing_codes,
    check_weights,
    code_answers,
    real_answers,
    uses_codes,
)
from compassion_psy.data.design import (
    Names,
    Starts,
    check_design,
    design_columns,
    group_keys,
    order_of_rows,
)
from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError, OptionError
from compassion_psy.scales import Scale

__all__ = ["Design", "Names", "Responses"]

_NO_COLUMNS = pl.DataFrame(height=1)


class Design(TypedDict):
    """Boundaries and weights as the core takes them."""

    groups: Starts
    strata: Starts | None
    clusters: Starts | None
    weights: npt.NDArray[np.float64] | None
    keys: npt.NDArray[np.uint64]


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
        minimum, 255 where there is no answer; for continuous scales, and those of more than 255
        codes, float64 distances from `origins`, NaN where there is no answer.
    origins : numpy.ndarray or None, shape (groups, items)
        For float64 answers the value they are counted from, near the middle of the answers of the
        group; None for codes.
    groups : polars.DataFrame
        One row a group, with the `by` columns; without `by` a single row and no column.
    group_starts, stratum_starts, cluster_starts : numpy.ndarray or None
        The first row of each, and the number of rows at the end.
    weights : numpy.ndarray or None, shape (rows,)
        Survey weights.
    strata, cluster : tuple of str
        The columns that named strata and clusters; empty where none did.
    """

    scale: Scale
    answers: Answers
    groups: pl.DataFrame
    group_starts: Starts
    stratum_starts: Starts | None
    cluster_starts: Starts | None
    weights: npt.NDArray[np.float64] | None
    strata: tuple[str, ...] = ()
    cluster: tuple[str, ...] = ()
    origins: npt.NDArray[np.float64] | None = None

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
        columns = design_columns(scale, by=by, cluster=cluster, strata=strata, weights=weights)
        missing_codes = check_missing_codes(scale, missing_codes)
        needed = [*scale.items, *itertools.chain(*columns.values())]
        frame = as_frame(data, list(dict.fromkeys(needed)))
        if frame.height == 0:
            raise DataError("The data have no rows; there is nothing to analyse.")
        check_items(frame, scale, missing_codes)
        check_design(frame, columns)
        order, starts = order_of_rows(frame, columns)
        survey_weights = None
        if weights is not None:
            check_weights(frame[weights])
            survey_weights = frame[weights].cast(pl.Float64).to_numpy()
            survey_weights = survey_weights if order is None else survey_weights[order]
        answers: Answers
        if uses_codes(scale):
            answers, origins = code_answers(frame, scale, missing_codes, order), None
        else:
            answers, origins = real_answers(frame, scale, missing_codes, order, starts[0])
        first = starts[0][:-1] if order is None else order[starts[0][:-1]]
        return cls(
            scale=scale,
            answers=answers,
            groups=frame.select(columns["by"])[first] if columns["by"] else _NO_COLUMNS,
            group_starts=starts[0],
            stratum_starts=starts[1] if columns["strata"] else None,
            cluster_starts=starts[2] if columns["cluster"] else None,
            weights=survey_weights,
            strata=tuple(columns["strata"]),
            cluster=tuple(columns["cluster"]),
            origins=origins,
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
    def weight_exponents(self) -> npt.NDArray[np.int64]:
        """The power of two in the largest survey weight of each group; 0 without weights."""
        if self.weights is None:
            return np.zeros(len(self.group_starts) - 1, np.int64)
        largest = np.maximum.reduceat(self.weights, self.group_starts[:-1])
        return np.frexp(largest)[1].astype(np.int64) - 1

    @property
    def design(self) -> Design:
        """Boundaries and weights as the core takes them.

        Weights are divided by a power of two for each group (see `weight_exponents`), so that
        products of very large or small ones neither overflow nor vanish. That changes no bit of a
        coefficient.
        """
        weights = self.weights
        if weights is not None:
            weights = np.ldexp(weights, np.repeat(-self.weight_exponents, self.group_rows))
        return {
            "groups": self.group_starts,
            "strata": self.stratum_starts,
            "clusters": self.cluster_starts,
            "weights": weights,
            "keys": group_keys(self.groups, len(self.group_starts) - 1),
        }

    def refuse_options(self, scale: object, **options: object) -> None:
        """Raise OptionError where a call on these answers names a scale or columns of its own."""
        # Not compared with what is empty: an array compares each of its values.
        given = [
            name
            for name, value in options.items()
            if not (value is None or (isinstance(value, Sized) and len(value) == 0))
        ]
        if scale is not None and scale != self.scale:
            given.append("scale")
        if given:
            raise OptionError(
                f"{given[0]} is given, but data is a Responses, which has its own; leave it out, "
                "or give it to Responses.from_frame."
            )

    def usable(self, missing: str) -> tuple[Responses, npt.NDArray[np.int64]]:
        """Return the rows an analysis uses, and how many each group of `self` has of them.

        With ``missing="listwise"`` the rows that answered every item, with "pairwise" those that
        answered any. Groups without such rows are left out.
        """
        answered = self._complete()
        if missing == "pairwise":
            answered = np.asarray(~self.is_missing().all(axis=0))
        if answered.all():
            return self, self.group_rows
        kept = self.where(answered)
        return kept, np.add.reduceat(answered, self.group_starts[:-1], dtype=np.int64)

    def where(self, wanted: npt.NDArray[np.bool_]) -> Responses:
        """Return these rows; groups that have none of them are left out."""
        before = np.concatenate([[0], np.cumsum(wanted)])
        groups = np.diff(before[self.group_starts]) > 0
        return replace(
            self,
            answers=np.compress(wanted, self.answers, axis=1),  # type: ignore[arg-type]
            groups=_rows_where(self.groups, groups),
            group_starts=np.unique(before[self.group_starts]),
            stratum_starts=_kept_starts(before, self.stratum_starts),
            cluster_starts=_kept_starts(before, self.cluster_starts),
            weights=None if self.weights is None else self.weights[wanted],
            origins=None if self.origins is None else self.origins[groups],
        )

    def is_missing(self) -> npt.NDArray[np.bool_]:
        """Whether an answer is missing, shape (items, rows)."""
        codes = self.answers.dtype == np.uint8
        return self.answers == MISSING if codes else np.isnan(self.answers)

    def _complete(self) -> npt.NDArray[np.bool_]:
        complete = np.ones(self.rows, dtype=np.bool_)
        for column in self.answers:
            # Column by column: no second array of the size of all answers.
            complete &= column != MISSING if column.dtype == np.uint8 else ~np.isnan(column)
        return complete

    def __repr__(self) -> str:
        """Say what is in it, not the answers themselves."""
        parts = [f"{self.rows:,} rows", f"{self.scale.n_items} items of {self.scale.name!r}"]
        if self.groups.width:
            parts.append(f"{self.groups.height:,} groups by {', '.join(self.groups.columns)}")
        if self.cluster_starts is not None:
            parts.append(f"{len(self.cluster_starts) - 1:,} clusters")
        return f"Responses({', '.join(parts)})"


def _rows_where(groups: pl.DataFrame, kept: npt.NDArray[np.bool_]) -> pl.DataFrame:
    # Column by column: what frames do in parallel would hang in a forked process.
    columns = [column.filter(pl.Series(kept)) for column in groups]
    return pl.DataFrame(columns) if columns else groups


def _kept_starts(before: Starts, starts: Starts | None) -> Starts | None:
    return None if starts is None else np.unique(before[starts])
