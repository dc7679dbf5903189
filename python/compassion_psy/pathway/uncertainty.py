"""How sure estimates are: influence of persons or teams, draws, limits."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy import _core
from compassion_psy.options import SEED_MAXIMUM, Bootstrap, whole_number
from compassion_psy.pathway.variables import Variables

Reals = npt.NDArray[np.float64]
FromMoments = Callable[[Reals, Reals], Reals]

PERCENTILE = Bootstrap(method="percentile")

_STEP = 3e-4
_ROWS = 8192


@dataclass(frozen=True)
class MonteCarlo:
    """Limits from draws of the coefficients, normal with their estimated covariances.

    Parameters
    ----------
    draws : int
        Number of draws, 100 to 10 million.
    seed : int or None
        0 to 2**64 - 1; None draws one from the operating system at each call.

    References
    ----------
    Preacher, K. J., & Selig, J. P. (2012). Advantages of Monte Carlo confidence intervals for
    indirect effects. *Communication Methods and Measures*, 6, 77-98.

    Examples
    --------
    >>> MonteCarlo(draws=5000, seed=1).draws
    5000
    """

    draws: int = 20_000
    _: KW_ONLY
    seed: int | None = None

    def __post_init__(self) -> None:
        draws = whole_number("draws", self.draws, minimum=100, maximum=10_000_000)
        object.__setattr__(self, "draws", draws)
        if self.seed is not None:
            seed = whole_number("seed", self.seed, minimum=0, maximum=SEED_MAXIMUM)
            object.__setattr__(self, "seed", seed)

    def resolved_seed(self) -> int:
        """Return the seed, or one drawn from the operating system when none was given."""
        return secrets.randbits(64) if self.seed is None else self.seed


def gradient(of: FromMoments, means: Reals, covariance: Reals) -> Reals:
    """Return the derivatives of quantities by means and covariances, moments × quantities.

    Moments are the means, then the covariances of each pair i <= j, of the variables made
    uncorrelated with variance one (:func:`_root`). There no step is large beside what is left of a
    variable by the others, as it would be beside a product and its factors far from zero. Central
    differences of two steps, extrapolated: their error is of the fourth order. All of them in one
    call of `of`.
    """
    k, root = len(means), _root(covariance)
    upper = np.triu_indices(k)
    count = k + len(upper[0])
    times = (1, -1, 2, -2)
    moved_means = np.repeat(means[None], len(times) * count, axis=0)
    moved = np.repeat(covariance[None], len(times) * count, axis=0)
    for turn, multiple in enumerate(times):
        first = turn * count
        moved_means[first : first + k] += multiple * _STEP * root.T
        for number, (i, j) in enumerate(zip(*upper, strict=True)):
            change = multiple * _STEP * np.outer(root[:, i], root[:, j])
            moved[first + k + number] += change if i == j else change + change.T
    above, below, far_above, far_below = np.split(of(moved_means, moved), len(times))
    return np.asarray((8 * (above - below) - (far_above - far_below)) / (12 * _STEP))


def _root(covariance: Reals) -> Reals:
    """Return what makes the variables of uncorrelated ones with variance one.

    Where variables determine each other it is their standard deviations only.
    """
    deviations = np.sqrt(np.diagonal(covariance))
    try:
        correlated = np.linalg.cholesky(covariance / np.outer(deviations, deviations))
    except np.linalg.LinAlgError:
        return np.diag(deviations)
    return np.asarray(deviations[:, None] * correlated)


def influence(variables: Variables, derivatives: Reals, means: Reals, covariance: Reals) -> Reals:
    """Return the influence of each unit (person, or cluster) on quantities, units × quantities.

    `derivatives` are those of :func:`gradient`, by the same moments.
    """
    k, n = variables.values.shape
    left, right = np.triu_indices(k)
    starts = variables.cluster_starts
    units = n if starts is None else len(starts) - 1
    out = np.zeros((units, derivatives.shape[1]))
    owner = None if starts is None else np.repeat(np.arange(units), np.diff(starts))
    centre = (means - variables.origins)[:, None]
    apart = np.linalg.inv(_root(covariance))
    own_covariance = (apart @ covariance @ apart.T)[left, right][:, None]
    features = np.empty((len(derivatives), _ROWS))
    for first in range(0, n, _ROWS):
        rows = slice(first, min(first + _ROWS, n))
        part = features[:, : rows.stop - first]
        part[:k] = apart @ (variables.values[:, rows] - centre)
        np.multiply(part[left], part[right], out=part[k:])
        part[k:] -= own_covariance
        if owner is None:
            out[rows] = part.T @ derivatives
        else:
            # Sums first: a cluster then costs as much as a person.
            own = owner[rows]
            edges = np.flatnonzero(np.diff(own, prepend=-1))
            out[own[edges]] += np.add.reduceat(part, edges, axis=1).T @ derivatives
    return out


def centred_in_strata(variables: Variables, influences: Reals) -> Reals:
    """Return influences less their mean in each stratum."""
    starts = variables.stratum_starts
    if starts is None:
        return influences
    clusters = variables.cluster_starts
    first = starts[:-1] if clusters is None else np.searchsorted(clusters, starts[:-1])
    sizes = np.diff(np.append(first, len(influences)))
    means = np.add.reduceat(influences, first, axis=0) / sizes[:, None]
    return influences - np.repeat(means, sizes, axis=0)


def robust_covariance(influences: Reals, n: int) -> Reals:
    """Return the covariances of estimates from the influence of units: a sandwich.

    G / (G - 1) times the sum of products of the units' influences over n².
    """
    units = len(influences)
    return np.asarray(influences.T @ influences * (units / (units - 1)) / n**2)


def accelerations(influences: Reals) -> Reals:
    """Return the acceleration of BCa intervals."""
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        cubes = (influences**3).sum(axis=0)
        return np.asarray(cubes / (6 * (influences**2).sum(axis=0) ** 1.5))


def limits(
    replicates: Reals, estimates: Reals, level: float, how: Bootstrap, acceleration: Reals | None
) -> tuple[Reals, Reals]:
    """Return lower and upper limits from replicates (replicates × quantities); NaN where none."""
    found = _core.bootstrap_limits(
        replicates,
        np.asarray(estimates, np.float64),
        np.zeros(len(estimates)) if acceleration is None else acceleration,
        method=how.method,
        quantile_rule=how.quantile_rule,
        level=level,
    )
    return found["lower"], found["upper"]


def drawn_parameters(parameters: Reals, covariance: Reals, draws: int, seed: int) -> Reals:
    """Return draws of the parameters, normal with their covariances, draws × parameters."""
    normal = np.random.Generator(np.random.Philox(seed)).standard_normal((draws, len(parameters)))
    return np.asarray(parameters + normal @ _root_of_errors(covariance).T)


def _root_of_errors(covariance: Reals) -> Reals:
    """Return a square root that changes as little as the covariances do.

    Eigenvectors may turn round where a last digit changes, as with persons in another order, and
    the limits with them; they are for errors that determine each other only.
    """
    errors = np.sqrt(np.diagonal(covariance))
    try:
        scaled = np.linalg.cholesky(covariance / np.outer(errors, errors))
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(covariance)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
    return np.asarray(errors[:, None] * scaled)
