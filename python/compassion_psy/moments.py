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

from compassion_psy import _core, moments_frame
from compassion_psy.data.columns import code_list, uses_codes
from compassion_psy.data.forking import refuse_forked_polars
from compassion_psy.data.responses import Names, Responses
from compassion_psy.errors import DataError, OptionError
from compassion_psy.moments_arrays import (
    Arrays,
    Floats,
    Sums,
    in_answer_units,
    places,
    refuse_impossible,
    refuse_overflow,
    unpack,
)
from compassion_psy.options import (
    check_instruction_set,
    one_of,
    thread_count,
)
from compassion_psy.scales import Scale
from compassion_psy.scales.choice import chosen
from compassion_psy.scales.numbering import Columns


@dataclass(frozen=True, eq=False, repr=False)
class Moments:
    """Numbers of persons, sums and cross-products of keyed answers, by group.

    For every pair of items over the persons who answered both (with listwise moments: every
    item). Answers in at most 255 codes without survey weights are kept as exact whole numbers, so
    parts of data add up to the whole, in any order; else sums are doubles, and where answers lie
    far from 0 for their spread, covariances lose as many digits. Made by :func:`moments` or
    :meth:`read`.

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
        The sum of their weights, in the unit of the weights; equal to `persons` where each weighs
        one.
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

    def __post_init__(self) -> None:
        if self.products.dtype.kind == "i":
            refuse_overflow(self.scale, self.persons)

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

    def __add__(self, other: Moments) -> Moments:
        """Return the moments of both sets of persons; groups of one name become one."""
        return self._combined(other, 1) if isinstance(other, Moments) else NotImplemented

    def __radd__(self, other: int) -> Moments:
        """Let ``sum`` add up moments: it starts from 0."""
        return self if other == 0 else NotImplemented

    def __sub__(self, other: Moments) -> Moments:
        """Return the moments without those of some of the persons."""
        return self._combined(other, -1) if isinstance(other, Moments) else NotImplemented

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
        return moments_frame.to_frame(self.scale, self.missing, self.groups, self._arrays())

    def write(self, path: str | PathLike[str]) -> None:
        """Write the tidy frame to a Parquet file, for others to :meth:`read` and add.

        Raises
        ------
        DataError
            Where the file cannot be written.
        """
        path = Path(path)
        try:
            self.to_frame().write_parquet(path)
        except OSError as error:
            reason = error.strerror or str(error).partition(":")[0]
            raise DataError(f"{path}: the moments file cannot be written: {reason}.") from error

    @classmethod
    def read(cls, path: str | PathLike[str]) -> Moments:
        """Read what :meth:`write` wrote.

        Raises
        ------
        DataError
            Where the file cannot be read, or does not hold moments of one scale.
        """
        refuse_forked_polars()
        path = Path(path)
        try:
            frame = pl.read_parquet(path, glob=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"{path}: the moments file cannot be read: {error}.") from error
        absent = [name for name in moments_frame.COLUMNS if name not in frame.columns]
        if absent or frame.height == 0:
            what = f"column {absent[0]!r} is missing" if absent else "it has no rows"
            raise DataError(f"{path} is not a moments file: {what}; write it with Moments.write.")
        try:
            scale, missing, groups, arrays = moments_frame.from_frame(frame)
        except (ValueError, TypeError, pl.exceptions.PolarsError) as error:
            raise DataError(f"{path} is not a moments file: {error}.") from error
        return cls(scale, missing, groups, **arrays)

    def _arrays(self) -> Arrays:
        return {name: getattr(self, name) for name in _ARRAYS}

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
        weight, sums = self.weight[group], np.concatenate(parts)
        if sums.dtype.kind == "f":
            # A power of two changes no bit, and products of extreme weights stay in range.
            exponent = -np.frexp(weight)[1]
            weight, sums = np.ldexp(weight, exponent), np.ldexp(sums, exponent)
        return _core.dispersion(k, int(self.persons[group]), (weight.item(), sums), pairwise=True)

    def _combined(self, other: Moments, sign: int) -> Moments:
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
        refuse_forked_polars()
        own_place, other_place, groups = places(self.groups, other.groups)
        arrays = {}
        for name in _ARRAYS:
            own_array, other_array = getattr(self, name), getattr(other, name)
            total = np.zeros(
                (groups.height, *own_array.shape[1:]), np.result_type(own_array, other_array)
            )
            total[own_place] += own_array
            total[other_place] += sign * other_array
            arrays[name] = total
        if sign < 0:
            before = {name: np.zeros_like(array) for name, array in arrays.items()}
            for name, array in before.items():
                array[own_place] += getattr(self, name)
            refuse_impossible(before, arrays)
        return Moments(self.scale, self.missing, groups, **arrays)


_ARRAYS = ("persons", "weight", "counts", "sums", "squares", "products")


def moments(
    data: Any,
    scale: Scale | str | None = None,
    *,
    columns: Columns | None = None,
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
    scale : Scale or str
        The scale, or the id of a published one. Not given where `data` is a Responses.
    columns : str, sequence or mapping, optional
        With an id, the columns of its items; see :func:`compassion_psy.scales.get`.
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
        Exact whole numbers, unless answers are continuous, weighted or of more than 255 codes.

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
    check_instruction_set(_core.simd_levels())
    threads = thread_count(threads)
    scale = chosen(scale, columns)
    if isinstance(data, Responses):
        data.refuse_options(scale, by=by, weights=weights, missing_codes=code_list(missing_codes))
        responses = data
    elif scale is None:
        raise OptionError("scale is missing; give a Scale.")
    else:
        responses = Responses.from_frame(
            data, scale, by=by, weights=weights, missing_codes=missing_codes
        )
    for name in responses.groups.columns:
        if name in moments_frame.COLUMNS:
            raise OptionError(f"Moments have a column {name!r} of their own; rename the by column.")
    if _is_exact(responses):
        refuse_overflow(responses.scale, responses.group_rows)
    used, kept = responses.usable(missing)
    count = _core.codes_moments if _is_exact(used) else _core.reals_moments
    persons, weight, sums = count(
        used.answers, used.design, pairwise=missing == "pairwise", threads=threads
    )
    arrays = unpack(used.scale, weight, sums, pairwise=missing == "pairwise")
    # Groups without usable persons are kept, with moments of nobody.
    full: Arrays = {"weight": weight, **in_answer_units(used.scale, used.origins, *arrays)}
    if used.weights is not None:
        exponents = used.weight_exponents
        for name, array in full.items():
            full[name] = np.ldexp(array, exponents.reshape(-1, *[1] * (array.ndim - 1)))
    full["persons"] = persons
    for name, array in full.items():
        whole = np.zeros((len(kept), *array.shape[1:]), array.dtype)
        whole[kept > 0] = array
        full[name] = whole
    return Moments(responses.scale, missing, responses.groups, **full)


def _is_exact(responses: Responses) -> bool:
    return uses_codes(responses.scale) and responses.weights is None
