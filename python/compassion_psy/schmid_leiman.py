"""What items share with all others, and what with their group: Schmid & Leiman's factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy import _core
from compassion_psy.errors import DataError, OptionError
from compassion_psy.factors_result import FactorSolution
from compassion_psy.options import one_of
from compassion_psy.tables import to_html, to_text

Floats = npt.NDArray[np.float64]

# Rounding of correlations that were computed, and of tables with four digits.
_ASYMMETRY = 1e-8
# Of a uniqueness that is zero but for the sums it comes from.
_ROUNDING = 1e-9
# Loadings of Heywood cases are near 1, those that are not standardised need not be.
_LARGEST = 10.0

# An eigenvalue of a table with three digits may be below zero by as much.
_ROUNDED = 1e-3

_TWO = {
    "equal": "Two factors have one correlation: both load alike on the general one.",
    "first": "Two factors have one correlation: the first is the general one.",
    "second": "Two factors have one correlation: the second is the general one.",
}


@dataclass(frozen=True, eq=False, repr=False)
class SchmidLeiman:
    """A general factor and group factors, uncorrelated.

    Attributes
    ----------
    loadings : polars.DataFrame
        One row an item: ``item``, ``g`` (its loading on the general factor), ``F1*``, ``F2*``, ...
        (on the group factors), ``h2`` (the part of its variance that factors explain), ``u2`` (its
        own part, 1 - h2), ``p2`` (the general factor's share of h2; null where h2 is 0).
    gamma : numpy.ndarray, shape (factors,)
        Loadings of the correlated factors on the general one.
    two_factors : str
        How two factors load on the general one, as asked.
    status : {"ok", "heywood"}
        "heywood" where the general factor explains all of a factor.
    notes : tuple of str
        What to know about it.
    """

    loadings: pl.DataFrame
    gamma: Floats
    two_factors: str
    status: str
    notes: tuple[str, ...]

    def to_frame(self) -> pl.DataFrame:
        """Return the loadings."""
        return self.loadings

    def __str__(self) -> str:
        """Return the loadings as text, rounded."""
        return self._shown(to_text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the loadings for a notebook, rounded."""
        return self._shown(to_html)

    def _shown(self, render: Callable[..., str]) -> str:
        gamma = ", ".join(f"{x:.3f}" for x in self.gamma)
        notes = [f"Factors load on the general one: {gamma}.", *self.notes]
        return render(self.loadings, title="Schmid-Leiman", notes=notes)


def schmid_leiman(
    solution_or_loadings: Any, phi: Any = None, *, two_factors: str = "equal"
) -> SchmidLeiman:
    r"""How much of the items is a general factor's, and how much that of their groups?

    Parameters
    ----------
    solution_or_loadings : FactorSolution, polars.DataFrame or array, shape (items, factors)
        Correlated factors: what :func:`efa` gives with an oblique rotation; or loadings (the
        pattern), of which a frame names the items in its column ``item``.
    phi : array, shape (factors, factors)
        Correlations of the factors; not given with a solution.
    two_factors : {"equal", "first", "second"}
        What the one correlation of two factors does not tell: whether both load alike on the
        general factor, or the first, or the second, is the general one.

    Returns
    -------
    SchmidLeiman
        Loadings on the general factor and the groups.

    Raises
    ------
    DataError
        Where loadings and correlations are not numbers that fit each other.
    OptionError
        Where an option is not usable, or there is only one factor.

    Notes
    -----
    One factor by minimum residuals of the factor correlations, uniquenesses at least 0.005, gives
    :math:`\gamma`, with a sum that is not negative. Then :math:`g = \Lambda \gamma` and
    :math:`s_{ij} = \lambda_{ij} \sqrt{1 - \gamma_j^2}`, zero where :math:`\gamma_j^2` exceeds 1
    [1]_; :math:`h^2` is the diagonal of :math:`\Lambda \Phi \Lambda'`. No item is flipped.

    R gives the same numbers with ``psych::schmid(R, nfactors)`` from its own factors.

    References
    ----------
    .. [1] Schmid, J., & Leiman, J. M. (1957). The development of hierarchical factor solutions.
       *Psychometrika*, 22, 53-61.

    Examples
    --------
    >>> pattern = [[0.8, 0], [0.7, 0], [0.6, 0], [0, 0.7], [0, 0.6], [0, 0.5]]
    >>> split = schmid_leiman(pattern, [[1, 0.36], [0.36, 1]])
    >>> split.gamma.round(3).tolist()
    [0.6, 0.6]
    >>> split.loadings["g"].round(3).to_list()
    [0.48, 0.42, 0.36, 0.42, 0.36, 0.3]
    """
    one_of("two_factors", two_factors, tuple(_TWO))
    if isinstance(solution_or_loadings, FactorSolution):
        if phi is not None:
            raise OptionError("phi is given, but a FactorSolution has its own; leave it out.")
        frame, correlations = solution_or_loadings.loadings, solution_or_loadings.phi
    else:
        frame, correlations = _frame(solution_or_loadings), phi
    pattern = np.ascontiguousarray(frame.drop("item").to_numpy(), np.float64)
    factors = pattern.shape[1]
    checked = _correlations(correlations, factors)
    if factors < 2:
        raise OptionError(
            "There is one factor, but a general factor is one behind several; give the loadings "
            "of at least 2."
        )
    if not np.isfinite(pattern).all():
        raise DataError("The loadings have values that are no numbers; each item needs all.")
    most = float(np.abs(pattern).max())
    if most > _LARGEST:
        raise DataError(
            f"A loading is {most:.3g} in size, but standardised loadings are near 1 at most; give "
            "standardised ones."
        )
    if np.abs(checked - np.eye(factors)).max() <= _ASYMMETRY:
        raise DataError(
            "These factors have no Schmid-Leiman solution: phi says that they are uncorrelated, "
            "and a general factor is what they share; rotate obliquely, with rotation='oblimin' "
            "for example."
        )
    try:
        found = _core.schmid_leiman(pattern, checked, two_factors=two_factors)
    except ValueError as error:
        raise DataError(f"These factors have no Schmid-Leiman solution: {error}.") from error
    h2 = 1 - found["uniquenesses"]
    share = np.divide(found["general"] ** 2, h2, out=np.full_like(h2, np.nan), where=h2 != 0)
    loadings = pl.DataFrame(
        [
            frame["item"],
            pl.Series("g", found["general"]),
            *(pl.Series(f"F{j + 1}*", found["groups"][:, j]) for j in range(factors)),
            pl.Series("h2", h2),
            pl.Series("u2", found["uniquenesses"]),
            pl.Series("p2", share, nan_to_null=True),
        ]
    )
    notes = tuple(_notes(loadings, found["heywood"], factors, two_factors))
    impossible = bool((found["uniquenesses"] < -_ROUNDING).any())
    status = "heywood" if found["heywood"] or impossible else "ok"
    return SchmidLeiman(loadings, found["gamma"], two_factors, status, notes)


def _frame(loadings: Any) -> pl.DataFrame:
    """Return loadings with the names of their items."""
    if isinstance(loadings, pl.LazyFrame):
        loadings = loadings.collect()
    if isinstance(loadings, pl.DataFrame):
        if "item" not in loadings.columns:
            raise DataError("The loadings have no column 'item'; name the items in one.")
        rest = loadings.drop("item")
        for name, dtype in rest.schema.items():
            if not dtype.is_numeric():
                raise DataError(f"Column {name!r} of the loadings is no column of numbers.")
        if 0 in rest.shape:
            raise DataError(
                f"The loadings are {rest.height} items × {rest.width} factors; give a row for each "
                "item, and a column for each factor beside 'item'."
            )
        if loadings["item"].null_count():
            raise DataError("Column 'item' of the loadings has rows without a name; name each.")
        return loadings.select(pl.col("item").cast(pl.String), *rest.columns)
    if np.iscomplexobj(loadings):
        raise DataError("The loadings are complex numbers; give real ones.")
    try:
        array = np.asarray(loadings, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"The loadings are not an array of numbers: {error}.") from error
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"The loadings have the shape {array.shape}; give items × factors.")
    names = [str(i + 1) for i in range(len(array))]
    columns = [pl.Series(f"F{j + 1}", array[:, j]) for j in range(array.shape[1])]
    return pl.DataFrame([pl.Series("item", names, dtype=pl.String), *columns])


def _correlations(phi: Any, factors: int) -> Floats:
    if phi is None:
        raise OptionError("phi is not given; give the correlations of the factors.")
    try:
        array = np.array(phi, dtype=np.float64, order="C")
    except (TypeError, ValueError) as error:
        raise DataError(f"phi is not an array of numbers: {error}.") from error
    if array.shape != (factors, factors):
        raise DataError(f"phi has the shape {array.shape}, but there are {factors} factors.")
    if not np.isfinite(array).all():
        raise DataError("phi has values that are no numbers.")
    if np.abs(array - array.T).max() > _ASYMMETRY or np.abs(array.diagonal() - 1).max() > (
        _ASYMMETRY
    ):
        raise DataError(
            "phi is no correlation matrix: it must be symmetric with a diagonal of ones."
        )
    if np.abs(array).max() > 1 + _ASYMMETRY:
        raise DataError(
            f"phi has a correlation of {np.abs(array).max():.3g}; it must be 1 at most."
        )
    least = np.linalg.eigvalsh(array)[0] if factors else 0.0
    if least < -_ROUNDED:
        raise DataError(
            f"phi is no correlation matrix: its smallest eigenvalue is {least:.3g}, but it must "
            "not be negative; check the signs of its correlations."
        )
    return array


def _notes(loadings: pl.DataFrame, heywood: bool, factors: int, two_factors: str) -> list[str]:
    notes = [_TWO[two_factors]] if factors == 2 else []
    if heywood:
        notes.append("Second-order Heywood case: the general factor explains all of a factor.")
    impossible = loadings.filter(pl.col("u2") < -_ROUNDING)["item"].to_list()
    if impossible:
        named = ", ".join(map(repr, impossible))
        notes.append(f"Heywood case: factors explain more than all of the variance of {named}.")
    negative = loadings.filter(pl.col("g") < 0)["item"].to_list()
    if negative:
        named = ", ".join(map(repr, negative))
        notes.append(f"Negative loadings on the general factor, none flipped: {named}.")
    return notes
