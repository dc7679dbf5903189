"""Factors from and to the package factor_analyzer: its object, and what such an object says."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from compassion_psy.errors import DataError, OptionError, missing_extra
from compassion_psy.factors_matrix import as_correlations, square

Floats = npt.NDArray[np.float64]

_THEIR_METHODS = {"components": "principal"}
_THEIR_ROTATIONS = {"geomin": "geomin_obl", "geomin_orthogonal": "geomin_ort"}
_OUR_METHODS = {"uls": "minres", "mle": "ml", "principal": "components"}
_OUR_ROTATIONS = {
    "quartimin": "oblimin",
    "geomin_obl": "geomin",
    "geomin_ort": "geomin_orthogonal",
}
# 8! orders are tried.
_FACTORS_MAXIMUM = 8
# Of a sum of squared residuals: another order must be better by more than rounding.
_ROUNDING = 1e-12


def fitted(solution: Any) -> Any:
    """Return a fitted FactorAnalyzer that holds a FactorSolution."""
    try:
        from factor_analyzer import FactorAnalyzer  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing_extra("factor_analyzer", "pure") from error
    pattern = solution.loadings.drop("item").to_numpy()
    items, factors = pattern.shape
    answered = solution.standardisation
    found = FactorAnalyzer(
        n_factors=factors,
        method=_THEIR_METHODS.get(solution.method, solution.method),
        rotation=_THEIR_ROTATIONS.get(str(solution.rotation), solution.rotation),
        is_corr_matrix=answered is None,
        rotation_kwargs=_their_options(solution, items, factors),
    )
    oblique = not np.array_equal(solution.phi, np.eye(factors))
    found.loadings_ = pattern
    found.corr_ = solution.correlation.copy()
    found.phi_ = solution.phi.copy() if oblique else None
    found.structure_ = pattern @ solution.phi if oblique else None
    found.rotation_matrix_ = None
    if solution.rotation is not None:
        found.rotation_matrix_ = np.linalg.lstsq(solution.unrotated, pattern)[0]
    found.mean_, found.std_ = np.zeros(items), np.ones(items)
    if answered is not None and solution.n is not None:
        found.mean_ = answered["mean"].to_numpy().copy()
        # Theirs have the divisor n.
        found.std_ = answered["sd"].to_numpy() * np.sqrt((solution.n - 1) / solution.n)
    # Its own sum squared loadings, which is the communality of uncorrelated factors only.
    unique = solution.uniquenesses["uniqueness"].to_numpy()
    found.get_uniquenesses = functools.partial(np.copy, unique)
    shared = solution.communalities["communality"].to_numpy()
    found.get_communalities = functools.partial(np.copy, shared)
    return found


def _their_options(solution: Any, items: int, factors: int) -> dict[str, float]:
    if solution.rotation == "equamax":
        return {"kappa": factors / (2 * items)}
    return {"gamma": solution.gamma} if solution.gamma else {}


@dataclass(frozen=True, eq=False)
class Taken:
    """What a fitted FactorAnalyzer says.

    Attributes
    ----------
    loadings, unrotated : numpy.ndarray, shape (items, factors)
        Its loadings, and those of uncorrelated factors that reproduce the same.
    phi : numpy.ndarray, shape (factors, factors)
        Correlations of the factors, in the order of the loadings.
    uniquenesses, communalities : numpy.ndarray, shape (items,)
        By loadings and correlations of factors.
    correlation : numpy.ndarray, shape (items, items)
        Of the items.
    mean, std : numpy.ndarray or None, shape (items,)
        Of the answers, divisor n.
    method, rotation : str
        As they are called here.
    notes : tuple of str
        What was put right.
    """

    loadings: Floats
    unrotated: Floats
    phi: Floats
    uniquenesses: Floats
    communalities: Floats
    correlation: Floats
    mean: Floats | None
    std: Floats | None
    method: str
    rotation: str | None
    notes: tuple[str, ...]


def taken(found: Any) -> Taken:
    """Return what a fitted FactorAnalyzer says, its factor correlations in the right order."""
    if getattr(found, "loadings_", None) is None or getattr(found, "corr_", None) is None:
        raise OptionError(
            f"The {type(found).__name__} is no fitted FactorAnalyzer: it has no loadings_ or corr_;"
            " call its fit first."
        )
    loadings = np.array(found.loadings_, dtype=np.float64)
    items, factors = loadings.shape
    correlation = as_correlations(
        square(np.asarray(found.corr_)), tuple(f"item{j + 1}" for j in range(items))
    )
    phi: Floats = np.eye(factors)
    notes: tuple[str, ...] = ()
    if getattr(found, "phi_", None) is not None:
        phi, notes = _in_order(loadings, np.array(found.phi_, dtype=np.float64), correlation)
    common = loadings @ phi @ loadings.T
    values, vectors = np.linalg.eigh(common)
    largest = slice(None, -factors - 1, -1)
    unrotated = vectors[:, largest] * np.sqrt(np.maximum(values[largest], 0))
    unrotated *= np.where(unrotated.sum(axis=0) < 0, -1, 1)
    communalities = np.diag(common).copy()
    rotation = _OUR_ROTATIONS.get(found.rotation, found.rotation)
    if rotation == "equamax" and not (found.rotation_kwargs or {}).get("kappa", 0):
        rotation = "quartimax"
        notes += ("Its equamax has the weight kappa = 0, and so is quartimax.",)
    answered = not found.is_corr_matrix and getattr(found, "mean_", None) is not None
    return Taken(
        loadings=loadings,
        unrotated=np.ascontiguousarray(unrotated),
        phi=phi,
        uniquenesses=1 - communalities,
        communalities=communalities,
        correlation=correlation,
        mean=np.array(found.mean_, dtype=np.float64) if answered else None,
        std=np.array(found.std_, dtype=np.float64) if answered else None,
        method=_OUR_METHODS.get(found.method, found.method),
        rotation=rotation,
        notes=notes,
    )


def _in_order(loadings: Floats, phi: Floats, correlation: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Return correlations of factors in the order in which they reproduce those of items best.

    factor_analyzer 0.5.1 sorts loadings by variance and leaves phi_ as it was.
    """
    factors = len(phi)
    if factors > _FACTORS_MAXIMUM:
        raise DataError(
            f"The FactorAnalyzer has {factors} correlated factors, but the order of its phi_ can "
            f"be made sure for at most {_FACTORS_MAXIMUM}; run efa on the answers."
        )

    def residual(order: tuple[int, ...]) -> float:
        left = correlation - loadings @ phi[np.ix_(order, order)] @ loadings.T
        np.fill_diagonal(left, 0)
        return float((left**2).sum())

    as_it_is = tuple(range(factors))
    best = min(itertools.permutations(as_it_is), key=residual)
    if residual(best) >= residual(as_it_is) * (1 - _ROUNDING) - _ROUNDING:
        return phi, ()
    note = (
        "phi_ of the FactorAnalyzer is in another order than its loadings_; here both are in that "
        "of the loadings. Its structure_ and transform are those of the wrong order."
    )
    return phi[np.ix_(best, best)], (note,)
