"""How alike are the factors of two solutions, and how can one be turned towards the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.congruence_result import Congruence, Procrustes
from compassion_psy.errors import DataError, OptionError, nearest
from compassion_psy.factors_result import FactorSolution

Floats = npt.NDArray[np.float64]

# All orders of so many factors are looked at; more are not told apart by anybody.
_MOST_FACTORS = 9
# Of a singular value, over the largest: below, two factors cannot be told apart.
_SINGULAR = 1e-10


@dataclass(frozen=True, eq=False)
class _Loadings:
    items: list[str] | None
    factors: list[str]
    values: Floats


def congruence(first: Any, second: Any) -> Congruence:
    """How alike are the factors of two solutions?

    Parameters
    ----------
    first, second : FactorSolution, frame or numpy.ndarray, shape (items, factors)
        Loadings of the same items: a solution of :func:`efa`, a frame with a column ``item`` and
        one a factor, or an array. Items of solutions and frames are matched by name, whatever
        their order; those of an array come in the order of the other.

    Returns
    -------
    Congruence
        Tucker's phi of each pair of factors, and which factor is which.

    Raises
    ------
    DataError
        Where the items differ or loadings are no numbers.

    Notes
    -----
    Tucker's phi of loadings x and y is Σ x y / sqrt(Σ x² Σ y²) [1]_. Factors are matched one to
    one so that the absolute congruences have the largest sum. From 0.95 on factors are equal, from
    0.85 on fairly similar [2]_.

    R gives the same with ``psych::factor.congruence(first, second, digits = 17)``.

    References
    ----------
    .. [1] Tucker, L. R. (1951). *A method for synthesis of factor analysis studies* (Personnel
       Research Section Report No. 984). Department of the Army.
    .. [2] Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a
       meaningful index of factor similarity. *Methodology*, 2, 57-64.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[0.8, 0.1], [0.7, 0.0], [0.1, 0.6], [0.0, 0.5]])
    >>> found = congruence(a[:, ::-1] * [1, -1], a)
    >>> found.matches.rows()
    [('F1', 'F2', -1, 1.0), ('F2', 'F1', 1, 1.0)]
    """
    left, right = _same_items(first, second, ("first", "second"))
    phi = _phi(left.values, right.values)
    frame = pl.DataFrame(phi, schema=right.factors)
    frame = frame.insert_column(0, pl.Series("factor", left.factors))
    rows = []
    for j, place in enumerate(_best_match(phi)):
        value = None if place is None else float(phi[place, j])
        sign = None if value is None else (-1 if value < 0 else 1)
        name = None if place is None else left.factors[place]
        rows.append((right.factors[j], name, sign, None if value is None else abs(value)))
    schema = {"factor": pl.String, "match": pl.String, "sign": pl.Int8, "phi": pl.Float64}
    return Congruence(phi=frame, matches=pl.DataFrame(rows, schema=schema, orient="row"))


def procrustes(loadings: Any, target: Any, *, oblique: bool = False) -> Procrustes:
    """How near can the factors of a solution be turned to those of another?

    Parameters
    ----------
    loadings, target : FactorSolution, frame or numpy.ndarray, shape (items, factors)
        Loadings of the same items on as many factors, as for :func:`congruence`. Unrotated or
        orthogonally rotated loadings are turned; the oblique ones of a FactorSolution are replaced
        by its unrotated ones, which span the same space.
    target : FactorSolution, frame or numpy.ndarray, shape (items, factors)
        Where to.
    oblique : bool
        Whether the factors may correlate.

    Returns
    -------
    Procrustes
        The turned loadings, what they were multiplied by, and how near they come.

    Raises
    ------
    DataError
        Where items or numbers of factors differ, loadings are no numbers, or two factors cannot be
        told apart.
    OptionError
        Where `oblique` is not True or False.

    Notes
    -----
    The orthogonal T that makes the sum of squares of A T - B smallest is U V' of the singular value
    decomposition A'B = U D V' [1]_. Oblique: the regression T = (A'A)⁻¹ A'B with columns scaled so
    that factors have variance one [2]_; Φ is then (T'T)⁻¹.

    A solution that was turned towards a target looks like it also where data do not: congruence
    after it is no evidence by itself.

    R gives the same with ``psych::Procrustes(A, B)``.

    References
    ----------
    .. [1] Schönemann, P. H. (1966). A generalized solution of the orthogonal Procrustes problem.
       *Psychometrika*, 31, 1-10.
    .. [2] Hurley, J. R., & Cattell, R. B. (1962). The Procrustes program: Producing direct rotation
       to test a hypothesized factor structure. *Behavioral Science*, 7, 258-262.

    Examples
    --------
    >>> import numpy as np
    >>> target = np.array([[0.8, 0.0], [0.7, 0.0], [0.0, 0.6], [0.0, 0.5]])
    >>> turn = np.array([[0.6, 0.8], [-0.8, 0.6]])
    >>> found = procrustes(target @ turn, target)
    >>> np.allclose(found.rotation, turn.T), round(found.distance, 9)
    (True, 0.0)
    """
    if not isinstance(oblique, bool):
        raise OptionError(f"oblique is {oblique!r}, but it must be True or False.")
    if isinstance(loadings, FactorSolution):
        names = loadings.loadings.columns
        items = loadings.loadings["item"]
        loadings = pl.DataFrame(loadings.unrotated, schema=names[1:]).insert_column(0, items)
    left, right = _same_items(loadings, target, ("loadings", "target"))
    a, b = left.values, right.values
    if a.shape != b.shape:
        raise DataError(
            f"loadings are on {a.shape[1]} factors and the target's on {b.shape[1]}; give as many."
        )
    u, singular, vt = np.linalg.svd(a.T @ b)
    if singular[-1] <= _SINGULAR * singular[0]:
        raise DataError(
            "The loadings and the target have fewer factors in common than columns, so that the "
            "rotation is not determined; ask for fewer factors."
        )
    rotation = u @ vt
    if oblique:
        rotation = np.linalg.lstsq(a, b, rcond=None)[0]
        rotation = rotation * np.sqrt(np.diag(np.linalg.inv(rotation.T @ rotation)))
    turned = a @ rotation
    phi = np.linalg.inv(rotation.T @ rotation) if oblique else np.eye(a.shape[1])
    frame = pl.DataFrame(turned, schema=right.factors)
    items = pl.Series("item", left.items or right.items or _numbered("item", len(a)))
    return Procrustes(
        loadings=frame.insert_column(0, items),
        phi=phi,
        rotation=rotation,
        distance=float(np.sqrt(np.mean((turned - b) ** 2))),
        congruence=pl.DataFrame({"factor": right.factors, "phi": np.diag(_phi(turned, b)).copy()}),
        oblique=oblique,
    )


def _phi(first: Floats, second: Floats) -> Floats:
    lengths = np.sqrt(np.outer((first**2).sum(axis=0), (second**2).sum(axis=0)))
    phi: Floats = first.T @ second / lengths
    return phi


def _best_match(phi: Floats) -> list[int | None]:
    """Return for each column the row of the one-to-one match with the largest absolute sum."""
    rows, columns = phi.shape
    size = max(rows, columns)
    if size > _MOST_FACTORS:
        raise DataError(
            f"A solution has {size} factors, but at most {_MOST_FACTORS} can be matched; compare "
            "fewer."
        )
    padded = np.zeros((size, size))
    padded[:rows, :columns] = np.abs(phi)
    orders = np.array(list(permutations(range(size))))
    best = orders[padded[orders, np.arange(size)].sum(axis=1).argmax()]
    return [int(row) if row < rows else None for row in best[:columns]]


def _same_items(first: Any, second: Any, names: tuple[str, str]) -> tuple[_Loadings, _Loadings]:
    left, right = _loadings(first, names[0]), _loadings(second, names[1])
    if len(left.values) != len(right.values):
        raise DataError(
            f"{names[0]} has {len(left.values)} items and {names[1]} {len(right.values)}; give "
            "loadings of the same items."
        )
    if left.items is None or right.items is None or left.items == right.items:
        return left, right
    missing = [item for item in left.items if item not in set(right.items)]
    if missing:
        raise DataError(
            f"Item {missing[0]!r} of {names[0]} is not in {names[1]}. "
            f"{nearest(missing[0], right.items)}"
        )
    order = [right.items.index(item) for item in left.items]
    return left, _Loadings(left.items, right.factors, right.values[order])


def _loadings(given: Any, name: str) -> _Loadings:
    frame = given.loadings if isinstance(given, FactorSolution) else given
    items = None
    if isinstance(frame, pl.DataFrame):
        if "item" not in frame.columns:
            raise DataError(f"{name} has no column 'item'; name the items there.")
        items = [str(item) for item in frame["item"]]
        twice = [item for item in items if items.count(item) > 1]
        if twice:
            raise DataError(f"{name} has item {twice[0]!r} more than once; keep one row of each.")
        frame = frame.drop("item")
        words = [column for column in frame.columns if not frame[column].dtype.is_numeric()]
        if words:
            raise DataError(f"Column {words[0]!r} of {name} holds no numbers; leave it out.")
        factors, values = frame.columns, frame.cast(pl.Float64).to_numpy()
    elif isinstance(frame, np.ndarray) and frame.ndim == 2 and frame.dtype.kind in "fiu":
        factors, values = _numbered("F", frame.shape[1]), frame.astype(np.float64)
    else:
        raise DataError(
            f"{name} is a {type(given).__name__}, but loadings are a FactorSolution, a Polars "
            "frame with a column 'item', or an array of items × factors."
        )
    if not values.size or not np.isfinite(values).all():
        raise DataError(f"{name} holds no loadings, or some that are no numbers; fill them in.")
    empty = np.flatnonzero((values == 0).all(axis=0))
    if empty.size:
        raise DataError(f"Factor {factors[empty[0]]!r} of {name} has only zeros; leave it out.")
    return _Loadings(items, list(factors), values)


def _numbered(stem: str, count: int) -> list[str]:
    return [f"{stem}{number + 1}" for number in range(count)]
