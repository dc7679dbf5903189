"""Moments: everything that reliability needs to know of answers, small enough to share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.data.columns import uses_codes
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.options import one_of, whole_number
from compassion_psy.scales import Scale

Sums = npt.NDArray[np.int64] | npt.NDArray[np.float64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """Numbers of persons, sums and cross-products of keyed answers, by group.

    For every pair of items over the persons who answered both (with listwise moments: every
    item). Whole numbers are kept exact, so parts of data add up to the whole, in any order. Made
    by :func:`moments` or :meth:`read`.

    Attributes
    ----------
    scale : Scale
        The scale.
    missing : {"listwise", "pairwise"}
        Which persons count.
    groups : polars.DataFrame
        One row a group, with the `by` columns; a single row without columns where there are none.
    persons : numpy.ndarray, shape (groups,)
        Number of persons.
    weight : numpy.ndarray, shape (groups,)
        The sum of their weights; equal to `persons` where each weighs one.
    counts : numpy.ndarray, shape (groups, items, items)
        The weight of those who answered both items.
    sums : numpy.ndarray, shape (groups, items, items)
        At [i, j] the sum of item i over those who answered both.
    squares : numpy.ndarray, shape (groups, items, items)
        At [i, j] the sum of squares of item i over those who answered both.
    products : numpy.ndarray, shape (groups, items, items)
        The sum of products of both.
    """

    scale: Scale
    missing: str
    groups: pl.DataFrame
    persons: npt.NDArray[np.int64]
    weight: Sums
    counts: Sums
    sums: Sums
    squares: Sums
    products: Sums

    @property
    def n(self) -> int | npt.NDArray[np.int64]:
        """Number of persons: one number, or with `by` one a group."""
        return self.persons if self.groups.width else int(self.persons[0])

    @property
    def mean(self) -> Floats:
        """Item means, shape (items,), or with `by` (groups, items)."""
        return self._each(0)

    @property
    def covariance(self) -> Floats:
        """Item covariances (divisor n - 1), (items, items), or with `by` (groups, items, items).

        With pairwise moments each over the persons who answered both items, as R's
        ``cov(x, use = "pairwise")``.
        """
        return self._each(1)

    @property
    def correlation(self) -> Floats:
        """Item correlations, of the shape of `covariance`.

        With pairwise moments as R's ``cor(x, use = "pairwise")``.
        """
        return self._each(2)

    def __add__(self, other: object) -> Moments:
        """Return the moments of both sets of persons; groups of one name become one."""
        return self._combined(other, 1)

    def __sub__(self, other: object) -> Moments:
        """Return the moments without those of some of the persons."""
        return self._combined(other, -1)

    def pooled(self) -> Moments:
        """Return the moments of all groups as one."""
        total = {
            name: np.asarray(getattr(self, name).sum(axis=0, keepdims=True)) for name in _ARRAYS
        }
        return Moments(self.scale, self.missing, pl.DataFrame(height=1), **total)

    def to_frame(self) -> pl.DataFrame:
        """Return a tidy frame: a row for each group and pair of items, in units of the answers.

        Columns: by columns, ``scale``, ``missing``, ``item_i``, ``item_j``, ``minimum``,
        ``maximum``, ``reversed_i``, ``reversed_j``, ``continuous``, ``persons``, ``weight``,
        ``n``, ``sum_i``, ``sum_j``, ``square_i``, ``square_j``, ``product``.
        """
        scale, k = self.scale, self.scale.n_items
        i, j = np.triu_indices(k)
        index = np.repeat(np.arange(self.groups.height), len(i))
        keys = self.groups[index] if self.groups.width else pl.DataFrame(height=len(index))
        items = np.array(scale.items)
        turned = np.isin(items, scale.reversed)
        times = self.groups.height

        def pairs(array: Sums, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Sums:
            return array[:, rows, columns].ravel()

        return keys.with_columns(
            pl.lit(scale.name).alias("scale"),
            pl.lit(self.missing).alias("missing"),
            pl.Series("item_i", np.tile(items[i], times).tolist(), dtype=pl.String),
            pl.Series("item_j", np.tile(items[j], times).tolist(), dtype=pl.String),
            pl.lit(scale.minimum).alias("minimum"),
            pl.lit(scale.maximum).alias("maximum"),
            pl.Series("reversed_i", np.tile(turned[i], times)),
            pl.Series("reversed_j", np.tile(turned[j], times)),
            pl.lit(scale.continuous).alias("continuous"),
            pl.Series("persons", self.persons[index]),
            pl.Series("weight", self.weight[index]),
            pl.Series("n", pairs(self.counts, i, j)),
            pl.Series("sum_i", pairs(self.sums, i, j)),
            pl.Series("sum_j", pairs(self.sums, j, i)),
            pl.Series("square_i", pairs(self.squares, i, j)),
            pl.Series("square_j", pairs(self.squares, j, i)),
            pl.Series("product", pairs(self.products, i, j)),
        )

    def write(self, path: str | PathLike[str]) -> None:
        """Write the tidy frame to a Parquet file, for others to :meth:`read` and add."""
        self.to_frame().write_parquet(path)

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Moments:
        """Read what :meth:`write` wrote.

        Raises
        ------
        DataError
            Where the file cannot be read, or does not hold moments of one scale.
        """
        path = Path(path)
        try:
            frame = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"{path}: the moments file cannot be read: {error}.") from error
        absent = [name for name in _FRAME_COLUMNS if name not in frame.columns]
        if absent or frame.height == 0:
            what = f"column {absent[0]!r} is missing" if absent else "it has no rows"
            raise DataError(f"{path} is not a moments file: {what}; write it with Moments.write.")
        try:
            return _from_frame(frame)
        except (ValueError, TypeError, pl.exceptions.PolarsError) as error:
            raise DataError(f"{path} is not a moments file: {error}.") from error

    def __repr__(self) -> str:
        """Say what is in it."""
        by = f" in {self.groups.height:,} groups" if self.groups.width else ""
        return (
            f"Moments({self.missing}, {int(self.persons.sum()):,} persons{by}, "
            f"{self.scale.n_items} items of {self.scale.name!r})"
        )

    def _each(self, which: int) -> Floats:
        found = np.stack([self._dispersion(group)[which] for group in range(self.groups.height)])
        return found if self.groups.width else found[0]

    def _dispersion(self, group: int) -> tuple[Floats, Floats, Floats]:
        """Means, covariances and correlations of one group."""
        k = self.scale.n_items
        i, j = np.triu_indices(k)
        parts = [
            self.counts[group, i, j],
            self.sums[group].ravel(),
            self.squares[group].ravel(),
            self.products[group, i, j],
        ]
        return _core.dispersion(
            k,
            int(self.persons[group]),
            (self.weight[group].item(), np.concatenate(parts)),
            pairwise=True,
        )

    def _combined(self, other: object, sign: int) -> Moments:
        if not isinstance(other, Moments):
            return NotImplemented
        for what, own, theirs in (
            ("scale", self.scale, other.scale),
            ("missing", self.missing, other.missing),
            ("by columns", self.groups.columns, other.groups.columns),
        ):
            if own != theirs:
                raise OptionError(
                    f"These moments differ in {what} ({own!r} and {theirs!r}) and cannot be "
                    "combined; take both with the same scale and options."
                )
        own_place, other_place, groups = _places(self.groups, other.groups)
        arrays = {}
        for name in _ARRAYS:
            own_array, other_array = getattr(self, name), getattr(other, name)
            total = np.zeros(
                (groups.height, *own_array.shape[1:]), np.result_type(own_array, other_array)
            )
            total[own_place] += own_array
            total[other_place] += sign * other_array
            arrays[name] = total
        if (arrays["persons"] < 0).any():
            raise OptionError("More persons would be taken away than there are in a group.")
        return Moments(self.scale, self.missing, groups, **arrays)


_ARRAYS = ("persons", "weight", "counts", "sums", "squares", "products")
_FRAME_COLUMNS = [
    "scale",
    "missing",
    "item_i",
    "item_j",
    "minimum",
    "maximum",
    "reversed_i",
    "reversed_j",
    "continuous",
    "persons",
    "weight",
    "n",
    "sum_i",
    "sum_j",
    "square_i",
    "square_j",
    "product",
]


def moments(
    data: Any,
    scale: Scale | None = None,
    *,
    by: Names = None,
    missing: str = "listwise",
    weights: str | None = None,
    missing_codes: Sequence[float] = (),
    threads: int | None = None,
) -> Moments:
    """Reduce answers to moments: what sites can share instead of rows.

    Parameters
    ----------
    data : frame or Responses
        One row a person, as for :func:`reliability`.
    scale : Scale
        The scale. Not given where `data` is a Responses.
    by : str or list of str, optional
        Columns of sites or other groups.
    missing : {"listwise", "pairwise"}
        Whether persons count who answered every item, or for each pair of items all who answered
        both.
    weights : str, optional
        Column of survey weights; sums are then reals.
    missing_codes : sequence of numbers
        Answers that mean no answer.
    threads : int, optional
        Threads to use.

    Returns
    -------
    Moments
        Exact whole numbers, unless answers are continuous or weighted.

    Raises
    ------
    DataError, OptionError
        Where data or options are not usable.

    Notes
    -----
    R's ``cov(x, use = "pairwise")`` and ``cor(x, use = "pairwise")`` (or "complete") give the same
    ``covariance`` and ``correlation``.

    Examples
    --------
    >>> import polars as pl
    >>> scale = Scale("calm", items=["q1", "q2"], minimum=1, maximum=5)
    >>> north = moments(pl.DataFrame({"q1": [1, 2, 4], "q2": [2, 2, 5]}), scale)
    >>> south = moments(pl.DataFrame({"q1": [5, 3], "q2": [4, 3]}), scale)
    >>> both = north + south
    >>> both.n, both.mean.tolist()
    (5, [3.0, 3.2])
    """
    one_of("missing", missing, ("listwise", "pairwise"))
    if threads is not None:
        threads = whole_number("threads", threads, minimum=1)
    if isinstance(data, Responses):
        if scale not in (None, data.scale) or by is not None or weights is not None:
            raise OptionError("data is a Responses, which has its own scale, by and weights.")
        responses = data
    elif scale is None:
        raise OptionError("scale is missing; give a Scale.")
    else:
        responses = Responses.from_frame(
            data, scale, by=by, weights=weights, missing_codes=missing_codes
        )
    used, kept = responses.usable(missing)
    count = _core.codes_moments if _is_exact(used) else _core.reals_moments
    persons, weight, sums = count(  # type: ignore[operator]
        used.answers, used.design, pairwise=missing == "pairwise", threads=threads
    )
    arrays = _unpack(used.scale, weight, sums, pairwise=missing == "pairwise")
    # Groups without usable persons are kept, with moments of nobody.
    full = {"persons": persons, "weight": weight, **_in_answer_units(used.scale, *arrays)}
    for name, array in full.items():
        whole = np.zeros((len(kept), *array.shape[1:]), array.dtype)
        whole[kept > 0] = array
        full[name] = whole
    return Moments(responses.scale, missing, responses.groups, **full)


def _is_exact(responses: Responses) -> bool:
    return uses_codes(responses.scale) and responses.weights is None


def _unpack(
    scale: Scale, weight: Sums, sums: Sums, *, pairwise: bool
) -> tuple[Sums, Sums, Sums, Sums]:
    """Counts, sums, squares and products by pair, from the core's rows of sums."""
    k, groups = scale.n_items, len(sums)
    i, j = np.triu_indices(k)

    def symmetric(pairs: Sums) -> Sums:
        whole = np.zeros((groups, k, k), pairs.dtype)
        whole[:, i, j] = pairs
        whole[:, j, i] = pairs
        return whole

    if pairwise:
        counts, item_sums, squares, products = np.split(
            sums, np.cumsum([len(i), k * k, k * k]), axis=1
        )
        return (
            symmetric(counts),
            item_sums.reshape(groups, k, k),
            squares.reshape(groups, k, k),
            symmetric(products),
        )
    item_sums, products = np.split(sums, [k], axis=1)
    whole = symmetric(products)
    own = np.diagonal(whole, axis1=1, axis2=2)

    def spread(values: Sums) -> Sums:
        return np.ascontiguousarray(np.broadcast_to(values[:, :, None], (groups, k, k)))

    counts = np.ascontiguousarray(np.broadcast_to(weight[:, None, None], (groups, k, k)))
    return counts, spread(item_sums), spread(own), whole


def _in_answer_units(
    scale: Scale, counts: Sums, sums: Sums, squares: Sums, products: Sums
) -> dict[str, Sums]:
    """From answers counted from their origin to answers as they are: x = origin + code."""
    if uses_codes(scale):
        origin: int | float = int(scale.minimum)
    else:
        origin = (scale.minimum + scale.maximum) / 2
    other = sums.transpose(0, 2, 1)
    return {
        "counts": counts,
        "sums": sums + origin * counts,
        "squares": squares + 2 * origin * sums + origin * origin * counts,
        "products": products + origin * (sums + other) + origin * origin * counts,
    }


def _places(
    own: pl.DataFrame, other: pl.DataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], pl.DataFrame]:
    """Where the groups of both are in the groups of the whole."""
    if not own.width:
        zero = np.zeros(1, np.int64)
        return zero, zero, own
    keys = own.columns
    try:
        groups = pl.concat([own, other], how="vertical_relaxed").unique(maintain_order=True)
    except pl.exceptions.PolarsError as error:
        raise OptionError(f"The groups of these moments are of different kinds: {error}") from error
    groups = groups.sort(keys, nulls_last=True)
    numbered = groups.with_row_index("place")

    def places(part: pl.DataFrame) -> npt.NDArray[np.int64]:
        part = part.cast(dict(groups.schema))
        joined = part.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
        return joined["place"].to_numpy().astype(np.int64)

    return places(own), places(other), groups


def _from_frame(frame: pl.DataFrame) -> Moments:
    by = frame.columns[: frame.columns.index("scale")]
    settings = frame.select("scale", "missing", "minimum", "maximum", "continuous").unique()
    if settings.height > 1:
        raise ValueError("it holds more than one scale")
    name, missing, minimum, maximum, continuous = settings.row(0)
    own = frame.filter(pl.col("item_i") == pl.col("item_j"))
    if by:
        groups = frame.select(by).unique(maintain_order=True)
        own = own.join(groups.head(1), on=by, nulls_equal=True, maintain_order="left")
    else:
        groups = pl.DataFrame(height=1)
    items = own["item_i"].to_list()
    scale = Scale(
        name,
        items=items,
        minimum=minimum,
        maximum=maximum,
        reversed=own.filter("reversed_i")["item_i"].to_list(),
        continuous=continuous,
    )
    k, pairs = len(items), len(items) * (len(items) + 1) // 2
    i, j = np.triu_indices(k)
    expected = [(items[a], items[b]) for a, b in zip(i, j, strict=True)] * groups.height
    if list(frame.select("item_i", "item_j").iter_rows()) != expected:
        raise ValueError("its rows are not all pairs of items of every group in order")

    def square(upper: str, lower: str) -> Sums:
        columns = [frame[name].to_numpy().reshape(groups.height, pairs) for name in (upper, lower)]
        whole = np.zeros((groups.height, k, k), columns[0].dtype)
        whole[:, j, i] = columns[1]
        whole[:, i, j] = columns[0]
        return whole

    def first(name: str) -> Sums:
        return frame[name].to_numpy().reshape(groups.height, pairs)[:, 0].copy()

    return Moments(
        scale,
        missing,
        groups,
        persons=first("persons"),
        weight=first("weight"),
        counts=square("n", "n"),
        sums=square("sum_i", "sum_j"),
        squares=square("square_i", "square_j"),
        products=square("product", "product"),
    )
