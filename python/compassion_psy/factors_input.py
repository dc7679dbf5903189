"""What factors are extracted from: correlations of items, checked, from all that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.data.responses import Responses
from compassion_psy.em_covariance import em_covariance
from compassion_psy.errors import DataError, OptionError
from compassion_psy.moments import Moments, moments
from compassion_psy.options import whole_number
from compassion_psy.scales import Scale

Floats = npt.NDArray[np.float64]

# Rounding of a correlation that was computed elsewhere, or written with ten digits.
_ROUNDING = 1e-9
# The core's least pivot: a smaller eigenvalue is that of a singular matrix.
_LEAST_EIGENVALUE = 1e-12
# Of an eigenvector: entries that make a combination of items, not rounding.
_TAKES_PART = 1e-3


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations of items.

    Attributes
    ----------
    name : str
        Of the scale.
    items : tuple of str
        Names of the items.
    matrix : numpy.ndarray, shape (items, items)
        The correlations.
    n : int or None
        Persons they are of; None where that is not known.
    n_excluded : int
        Persons left out because of missing answers.
    missing : str or None
        How missing answers were treated.
    """

    name: str
    items: tuple[str, ...]
    matrix: Floats
    n: int | None
    n_excluded: int
    missing: str | None


def correlations(
    data: Any,
    scale: Scale | None,
    *,
    n: int | None,
    missing: str,
    missing_codes: Sequence[float],
    threads: int | None,
) -> Correlations:
    """Return the correlations in a frame, Responses, Moments or matrix, or say what is wrong."""
    if isinstance(data, np.ndarray):
        if len(missing_codes):
            raise OptionError("missing_codes is given, but data is a matrix; leave it out.")
        found = _of_matrix(data, scale, n)
    else:
        if n is not None:
            raise OptionError("n is given, but data hold persons, who are counted; leave it out.")
        found = _of_persons(data, scale, missing, missing_codes, threads)
    if len(found.items) < 2:
        raise DataError(
            f"Scale {found.name!r} has one item ({found.items[0]!r}), but factors need at least 2; "
            "add items."
        )
    _refuse_constant(found)
    _refuse_doubles(found)
    return found


def refuse_singular(found: Correlations) -> None:
    """Raise DataError where correlations have no inverse, naming items that determine another."""
    values, vectors = np.linalg.eigh(found.matrix)
    if values[0] > _LEAST_EIGENVALUE:
        return
    if found.n is not None and found.n <= len(found.items):
        why = f"{found.n} persons are too few for {len(found.items)} items"
    elif values[0] < -_ROUNDING:
        why = f"its least eigenvalue is {values[0]:.3g}, as pairwise correlations may have"
    else:
        part = np.flatnonzero(np.abs(vectors[:, 0]) > _TAKES_PART)
        named = ", ".join(repr(found.items[j]) for j in part[:8])
        more = f" and {len(part) - 8} more" if len(part) > 8 else ""
        why = f"each of the items {named}{more} follows from the others"
    raise DataError(
        f"Scale {found.name!r}: the correlation matrix has no inverse, which maximum likelihood "
        f"needs: {why}; leave out an item, or use method='minres'."
    )


def _of_persons(
    data: Any,
    scale: Scale | None,
    missing: str,
    missing_codes: Sequence[float],
    threads: int | None,
) -> Correlations:
    rows = None
    if isinstance(data, Moments):
        if scale is not None and scale != data.scale:
            raise OptionError("scale is given, but data is a Moments, which has its own.")
        if len(missing_codes):
            raise OptionError("missing_codes is given, but data is a Moments; leave it out.")
        taken = data
    else:
        if not isinstance(data, Responses):
            if scale is None:
                raise OptionError("scale is missing; give a Scale.")
            data = Responses.from_frame(data, scale, missing_codes=missing_codes)
        elif len(missing_codes):
            data.refuse_options(scale, missing_codes=missing_codes)
        rows = data.rows
        if missing == "em":
            return _by_em(data, threads)
        taken = moments(data, scale, missing=missing, threads=threads)
    if taken.groups.height != 1:
        raise OptionError(
            f"data are in {taken.groups.height:,} groups, but factors are of one; take the moments "
            "of one, or of all together with Moments.pooled()."
        )
    n = int(taken.persons[0])
    if n < 3:
        raise DataError(
            f"Scale {taken.scale.name!r}: {n} persons can be used, but correlations need at least "
            "3; look at missing answers, or use missing='pairwise'."
        )
    matrix = taken.correlation if not taken.groups.width else taken.correlation[0]
    return Correlations(
        taken.scale.name,
        tuple(taken.scale.items),
        np.ascontiguousarray(matrix),
        n,
        0 if rows is None else rows - n,
        taken.missing,
    )


def _by_em(data: Responses, threads: int | None) -> Correlations:
    found = em_covariance(data, threads=threads)
    if found.groups.height != 1:
        raise OptionError(
            f"data are in {found.groups.height:,} groups, but factors are of one; give the answers "
            "of one."
        )
    fit = found.fits.row(0, named=True)
    if fit["status"] != "ok":
        raise DataError(f"Scale {found.scale!r}: {fit['note']}.")
    matrix = found.correlation[0] if found.groups.width else found.correlation
    np.fill_diagonal(matrix, 1)
    matrix = np.ascontiguousarray(matrix)
    return Correlations(found.scale, found.items, matrix, fit["n"], fit["n_excluded"], "em")


def _of_matrix(matrix: npt.NDArray[Any], scale: Scale | None, n: int | None) -> Correlations:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise DataError(
            f"data is an array of shape {matrix.shape}, but a correlation matrix is square; "
            "answers of persons come as a frame with a Scale."
        )
    if matrix.dtype.kind not in "fiu" or not np.isfinite(matrix).all():
        raise DataError("The correlation matrix holds values that are no numbers; fill them in.")
    size = len(matrix)
    if scale is not None and scale.n_items != size:
        raise OptionError(
            f"Scale {scale.name!r} has {scale.n_items} items, but the matrix has {size} rows; give "
            "the scale whose items these are."
        )
    names = tuple(f"item{j + 1}" for j in range(size)) if scale is None else tuple(scale.items)
    values = matrix.astype(np.float64)
    off_one = np.abs(np.diag(values) - 1)
    if off_one.max() > _ROUNDING:
        worst = int(off_one.argmax())
        raise DataError(
            f"The matrix has {values[worst, worst]:g} on the diagonal at {names[worst]!r}, but a "
            "correlation matrix has 1; divide covariances by the standard deviations."
        )
    uneven = np.abs(values - values.T)
    if uneven.max() > _ROUNDING or np.abs(values).max() > 1 + _ROUNDING:
        i, j = np.unravel_index(np.maximum(uneven, np.abs(values) - 1).argmax(), values.shape)
        raise DataError(
            f"The matrix has {values[i, j]:g} and {values[j, i]:g} for {names[i]!r} and "
            f"{names[j]!r}, but correlations lie between -1 and 1 and are equal both ways; correct "
            "the matrix."
        )
    values = (values + values.T) / 2
    np.fill_diagonal(values, 1)
    if n is not None:
        n = whole_number("n", n, minimum=3)
    name = "correlations" if scale is None else scale.name
    return Correlations(name, names, np.ascontiguousarray(values), n, 0, None)


def _refuse_constant(found: Correlations) -> None:
    bad = ~np.isfinite(found.matrix)
    if not bad.any():
        return
    constant = [item for item, row in zip(found.items, bad, strict=True) if row.all()]
    if constant:
        raise DataError(
            f"Item {constant[0]!r} of scale {found.name!r} has the same answer from everybody, so "
            "it correlates with nothing; leave it out."
        )
    i, j = np.argwhere(bad)[0]
    raise DataError(
        f"Items {found.items[i]!r} and {found.items[j]!r} of scale {found.name!r} have no "
        "correlation: too few persons answered both, or all alike; leave one out."
    )


def _refuse_doubles(found: Correlations) -> None:
    apart = np.abs(found.matrix) - np.eye(len(found.items))
    i, j = np.unravel_index(apart.argmax(), apart.shape)
    if apart[i, j] > 1 - _LEAST_EIGENVALUE:
        raise DataError(
            f"Items {found.items[i]!r} and {found.items[j]!r} of scale {found.name!r} correlate "
            f"{found.matrix[i, j]:+.0f}: one is the other again; leave one out."
        )
