"""What factors are extracted from: correlations of items, checked, from all that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.data.responses import Responses
from compassion_psy.em_covariance import em_covariance
from compassion_psy.errors import DataError, OptionError
from compassion_psy.factors_matrix import ROUNDING, as_correlations, square
from compassion_psy.moments import Moments, moments
from compassion_psy.nearest_correlation import nearest_correlation
from compassion_psy.options import one_of, whole_number
from compassion_psy.polychoric import polychoric
from compassion_psy.polychoric_result import PolychoricResult
from compassion_psy.scales import Scale

Floats = npt.NDArray[np.float64]

# The core's least pivot: a smaller eigenvalue is that of a singular matrix.
_LEAST_EIGENVALUE = 1e-12
# The interval of RMSEA takes as long as chi-square is large.
_MOST_PERSONS = 1_000_000_000
_WHY_NOT = {
    "boundary": "it is not told from -1 or 1",
    "one_category": "everybody gave one of them the same answer",
    "too_few_rows": "fewer than two persons answered both",
    "not_converged": "no maximum of its likelihood was found",
}
_LATENT = (
    "Correlations are polychoric, of responses behind the answers; chi-square and what rests on "
    "it suppose correlations of normal answers, and are too sure of themselves."
)
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
    kind : {"pearson", "polychoric", "given"}
        What correlations they are.
    means, deviations : numpy.ndarray or None, shape (items,)
        Of keyed answers, where the data hold answers; divisor n - 1.
    notes : tuple of str
        What to know about them.
    """

    name: str
    items: tuple[str, ...]
    matrix: Floats
    n: int | None
    n_excluded: int
    missing: str | None
    kind: str
    means: Floats | None = None
    deviations: Floats | None = None
    notes: tuple[str, ...] = ()


def correlations(
    data: Any,
    scale: Scale | None,
    *,
    n: int | None,
    missing: str,
    missing_codes: Sequence[float],
    threads: int | None,
    kind: str = "pearson",
    smooth: bool = False,
) -> Correlations:
    """Return the correlations in what an analyst gave, or say what is wrong."""
    one_of("correlation", kind, ("pearson", "polychoric"))
    if not isinstance(smooth, bool):
        raise OptionError(f"smooth is {smooth!r}, but it must be True or False.")
    if isinstance(data, np.ndarray | PolychoricResult):
        what = "a matrix" if isinstance(data, np.ndarray) else "a PolychoricResult"
        if len(missing_codes):
            raise OptionError(f"missing_codes is given, but data is {what}; leave it out.")
        if isinstance(data, np.ndarray):
            found = _of_matrix(data, scale, n)
            if kind == "polychoric":
                found = replace(found, kind=kind, notes=(_LATENT,))
        else:
            found = _of_polychoric(data, scale, n)
    else:
        if n is not None:
            raise OptionError("n is given, but data hold persons, who are counted; leave it out.")
        found = _of_persons(data, scale, missing, missing_codes, threads, kind)
    if len(found.items) < 2:
        raise DataError(
            f"Scale {found.name!r} has one item ({found.items[0]!r}), but factors need at least 2; "
            "add items."
        )
    _refuse_constant(found)
    _refuse_doubles(found)
    return _smoothed(found) if smooth else found


def refuse_singular(found: Correlations) -> None:
    """Raise DataError where correlations have no inverse, naming items that determine another."""
    if np.linalg.eigvalsh(found.matrix)[0] > _LEAST_EIGENVALUE:
        return
    why = why_singular(found.matrix, found.n, found.items)
    raise DataError(
        f"Scale {found.name!r}: the correlation matrix has no inverse, which maximum likelihood "
        f"needs: {why}; leave out an item, use method='minres', or smooth=True."
    )


def why_singular(matrix: Floats, n: int | None, items: Sequence[str]) -> str:
    """Return why correlations have no inverse, naming items that determine another."""
    values, vectors = np.linalg.eigh(matrix)
    if n is not None and n <= len(items):
        return f"{n} persons are too few for {len(items)} items"
    if values[0] < -ROUNDING:
        return f"their least eigenvalue is {values[0]:.3g}, as pairwise correlations may have"
    part = np.flatnonzero(np.abs(vectors[:, 0]) > _TAKES_PART)
    return f"each of {named_items([items[j] for j in part.tolist()])} follows from the others"


def named_items(items: Sequence[str]) -> str:
    """Return the names of items, of many only the first."""
    more = f" and {len(items) - 8} more" if len(items) > 8 else ""
    return ", ".join(map(repr, items[:8])) + more


def _smoothed(found: Correlations) -> Correlations:
    least = float(np.linalg.eigvalsh(found.matrix)[0])
    if least > _LEAST_EIGENVALUE:
        return found
    near = nearest_correlation(found.matrix)
    moved = float(np.abs(near - found.matrix).max())
    note = (
        f"Correlations were smoothed: their least eigenvalue was {least:.3g}, and the largest "
        f"change of a correlation is {moved:.3g}."
    )
    return replace(found, matrix=near, notes=(*found.notes, note))


def _of_persons(
    data: Any,
    scale: Scale | None,
    missing: str,
    missing_codes: Sequence[float],
    threads: int | None,
    kind: str,
) -> Correlations:
    rows = None
    if isinstance(data, Moments):
        if kind == "polychoric":
            raise OptionError(
                "correlation is 'polychoric', but Moments hold no tables of answers; give the "
                "frame, or a PolychoricResult."
            )
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
            return _by_em(data, kind, threads)
        taken = moments(data, scale, missing=missing, threads=threads)
    if taken.groups.height != 1:
        raise OptionError(
            f"data are in {taken.groups.height:,} groups, but factors are of one; take the moments "
            "of one, or of all together with Moments.pooled()."
        )
    n = int(taken.persons[0])
    if n < 3:
        silent = "" if not isinstance(data, Responses) else _never_answered(data)
        who = "one person" if n == 1 else f"{n} persons" if n else "nobody"
        raise DataError(
            f"Scale {taken.scale.name!r}: {who} can be used, but correlations need at least 3 "
            f"persons; {silent or _remedy(taken.missing)}."
        )
    one = taken.pooled() if taken.groups.width else taken
    found = Correlations(
        taken.scale.name,
        tuple(taken.scale.items),
        np.ascontiguousarray(one.correlation),
        n,
        0 if rows is None else rows - n,
        taken.missing,
        "pearson",
        means=one.mean,
        deviations=np.sqrt(np.diag(one.covariance)),
    )
    if kind == "pearson":
        return found
    # Of what is constant there is no table; its name is in a message for all kinds.
    _refuse_constant(found)
    latent = _of_polychoric(polychoric(data, missing=_either(missing), threads=threads), None, n)
    return replace(found, matrix=latent.matrix, kind="polychoric", notes=latent.notes)


def _never_answered(data: Responses) -> str:
    """Return what to do about items that nobody answered, or nothing."""
    silent = data.is_missing().all(axis=1)
    if data.rows == 0 or not silent.any():
        return ""
    item = data.scale.items[int(np.argmax(silent))]
    return f"nobody answered {item!r}: check the column and missing_codes, or leave it out"


def _remedy(missing: str) -> str:
    """Return where more persons may be found."""
    if missing == "listwise":
        return "look at missing answers, or use missing='pairwise'"
    return "look at missing answers"


def _either(missing: str) -> Literal["pairwise", "listwise"]:
    return "pairwise" if missing == "pairwise" else "listwise"


def _of_polychoric(result: PolychoricResult, scale: Scale | None, n: int | None) -> Correlations:
    if scale is not None:
        raise OptionError("scale is given, but data is a PolychoricResult, which has its own.")
    if result.groups.height > 1:
        raise OptionError(
            f"The PolychoricResult is of {result.groups.height:,} groups, but factors are of one; "
            "give result.matrix(group), with n."
        )
    bad = result.pairs.filter(pl.col("status") != "ok")
    if bad.height:
        pair = bad.row(0, named=True)
        raise DataError(
            f"Items {pair['item_1']!r} and {pair['item_2']!r} of scale {result.scale!r} have no "
            f"polychoric correlation to analyse: {_WHY_NOT[pair['status']]}; leave one out."
        )
    counts = result.pairs["n"].unique()
    if n is not None:
        n = whole_number("n", n, minimum=3, maximum=_MOST_PERSONS)
    elif len(counts) == 1:
        n = int(counts[0])
    return Correlations(
        result.scale,
        tuple(result.items),
        result.correlations,
        n,
        result.n_excluded,
        None,
        "polychoric",
        notes=(_LATENT,),
    )


def _by_em(data: Responses, kind: str, threads: int | None) -> Correlations:
    if kind == "polychoric":
        raise OptionError(
            "missing is 'em', which is of means and covariances, but correlation is 'polychoric'; "
            "use missing='pairwise'."
        )
    found = em_covariance(data, threads=threads)
    if found.groups.height != 1:
        raise OptionError(
            f"data are in {found.groups.height:,} groups, but factors are of one; give the answers "
            "of one."
        )
    fit = found.fits.row(0, named=True)
    if fit["status"] != "ok":
        raise DataError(f"Scale {found.scale!r}: {fit['note']}.")
    n = fit["n"]
    covariance = found.arrays["covariance"][0] * n / (n - 1)
    deviations = np.sqrt(np.diag(covariance))
    matrix = covariance / np.outer(deviations, deviations)
    np.fill_diagonal(matrix, 1)
    return Correlations(
        found.scale,
        found.items,
        matrix,
        n,
        fit["n_excluded"],
        "em",
        "pearson",
        means=found.arrays["mean"][0],
        deviations=deviations,
    )


def _of_matrix(matrix: npt.NDArray[Any], scale: Scale | None, n: int | None) -> Correlations:
    values = square(matrix)
    size = len(values)
    if scale is not None and scale.n_items != size:
        raise OptionError(
            f"Scale {scale.name!r} has {scale.n_items} items, but the matrix has {size} rows; give "
            "the scale whose items these are."
        )
    names = tuple(f"item{j + 1}" for j in range(size)) if scale is None else tuple(scale.items)
    values = as_correlations(values, names)
    if n is not None:
        n = whole_number("n", n, minimum=3, maximum=_MOST_PERSONS)
    name = "correlations" if scale is None else scale.name
    return Correlations(name, names, values, n, 0, None, "given")


def _refuse_constant(found: Correlations) -> None:
    bad = ~np.isfinite(found.matrix)
    if not bad.any():
        return
    if found.deviations is not None and not found.deviations.all():
        constant = found.items[int(np.argmin(found.deviations))]
        raise DataError(
            f"Item {constant!r} of scale {found.name!r} has the same answer from everybody, so it "
            "correlates with nothing; leave it out."
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
