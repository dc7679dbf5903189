"""How items go together at each site: moments, loadings, and how precise these are."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.data.columns import MISSING

Reals = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

ROWS_AT_ONCE = 65_536
# Precision is judged on evenly spaced rows of a larger site: with so many it hardly matters.
ROWS_FOR_PRECISION = 20_000


@dataclass(frozen=True, eq=False)
class SiteMoments:
    """Moments of the answers as given, by site; every pair of answers counts.

    Attributes
    ----------
    answered : numpy.ndarray of int64, shape (sites, items)
        Number of answers.
    mean : numpy.ndarray, shape (sites, items)
        Mean code; NaN without an answer.
    covariance : numpy.ndarray, shape (sites, items, items)
        Of those who answered both; zero where fewer than two did.
    """

    answered: npt.NDArray[np.int64]
    mean: Reals
    covariance: Reals


def site_moments(codes: Codes, starts: npt.NDArray[np.int64]) -> SiteMoments:
    """Return counts, means and covariances of codes (items × rows) for each run of rows.

    Sums are whole numbers throughout, so they depend on no order.
    """
    n_items, n_sites = codes.shape[0], len(starts) - 1
    answered = np.empty((n_sites, n_items), np.int64)
    mean = np.empty((n_sites, n_items))
    covariance = np.empty((n_sites, n_items, n_items))
    for site, (first, last) in enumerate(itertools.pairwise(starts)):
        both, sums, products = _sums(codes[:, first:last])
        answered[site] = np.diag(both)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean[site] = np.diag(sums) / answered[site]
            # Whole numbers up to the division: nothing cancels.
            pairs = (both * products - sums * sums.T) / (both * (both - 1.0))
        covariance[site] = np.where(both > 1, pairs, 0.0)
    return SiteMoments(answered, mean, covariance)


def _sums(codes: Codes) -> tuple[npt.NDArray[np.int64], ...]:
    n_items = codes.shape[0]
    both, sums, products = (np.zeros((n_items, n_items), np.int64) for _ in range(3))
    for first in range(0, codes.shape[1], ROWS_AT_ONCE):
        block = codes[:, first : first + ROWS_AT_ONCE]
        # Whole numbers below 2**53 are exact in floats, whose products are fast.
        given = (block != MISSING).astype(np.float64)
        value = np.where(block != MISSING, block, 0).astype(np.float64)
        both += (given @ given.T).astype(np.int64)
        sums += (value @ given.T).astype(np.int64)
        products += (value @ value.T).astype(np.int64)
    return both, sums, products


def principal_axis(covariance: Reals) -> tuple[Reals, Reals]:
    """Return loadings on the first component of one correlation matrix, and all of its axes.

    Items that do not vary load zero. The sign is that of the larger sum of loadings.
    """
    deviation = np.sqrt(np.diag(covariance))
    scale = np.divide(1, deviation, out=np.zeros_like(deviation), where=deviation > 0)
    correlation = covariance * np.outer(scale, scale)
    values, axes = np.linalg.eigh(correlation)
    first = axes[:, -1] * np.sqrt(max(values[-1], 0))
    return (-first if first.sum() < 0 else first), correlation


def precision_factors(codes: Codes, signs: Reals) -> Reals:
    r"""Return by how much the sampling variance of Fisher's z exceeds that of normal answers.

    With influence values of the correlation, :math:`e = ab - r(a^2 + b^2)/2` of the standardised
    item a and rest b, the variance of z is :math:`\overline{e^2} / (n (1 - r^2)^2)`; skewed or
    peaked answers make it larger than 1/n. Never below 1, so small samples cannot look precise.

    Parameters
    ----------
    codes : numpy.ndarray of uint8, shape (items, rows)
        Of one site.
    signs : numpy.ndarray, shape (items,)
        As in :func:`compassion_psy.relations.item_rest`.
    """
    step = max(1, codes.shape[1] // ROWS_FOR_PRECISION)
    sample = codes[:, ::step]
    given = sample != MISSING
    count = np.maximum(given.sum(axis=1), 1)
    value = np.where(given, sample, 0).astype(np.float64)
    value -= np.where(given, (value.sum(axis=1) / count)[:, None], 0)
    signed = value * signs[:, None]
    rest = (signed.sum(axis=0) - signed) * given
    rest -= given * (rest.sum(axis=1) / count)[:, None]
    a, b = _standard(value, count), _standard(rest, count)
    r = (a * b).sum(axis=1) / count
    influence = a * b - r[:, None] / 2 * (a * a + b * b)
    spread = np.maximum((1 - r * r) ** 2, 1e-12)
    factors: Reals = np.maximum(1, (influence * influence).sum(axis=1) / count / spread)
    return factors


def _standard(value: Reals, count: npt.NDArray[np.int64]) -> Reals:
    deviation = np.sqrt((value * value).sum(axis=1) / count)[:, None]
    standard: Reals = np.divide(value, deviation, out=np.zeros_like(value), where=deviation > 0)
    return standard


def loading_errors(codes: Codes, covariance: Reals, key: Reals) -> Reals:
    """Return standard errors of the loadings on the first component of one site.

    From influence values of the correlation matrix, carried to its first axis by perturbation;
    a missing answer stands at its item's mean.
    """
    step = max(1, codes.shape[1] // ROWS_FOR_PRECISION)
    sample = codes[:, ::step]
    given = sample != MISSING
    count = np.maximum(given.sum(axis=1), 1)
    value = np.where(given, sample, 0).astype(np.float64)
    value -= np.where(given, (value.sum(axis=1) / count)[:, None], 0)
    z = (_standard(value, count) * key[:, None]).T
    _, correlation = principal_axis(covariance)
    values, axes = np.linalg.eigh(correlation)
    root, axis = values[-1], axes[:, -1]
    along = z * z
    change = z * (z @ axis)[:, None] - (root * along * axis + (along * axis) @ correlation) / 2
    gaps = root - values[:-1]
    near = gaps > 1e-9 * max(root, 1)
    others = axes[:, :-1][:, near] / gaps[near]
    turn = (change @ others) @ axes[:, :-1][:, near].T
    influence = np.sqrt(root) * turn + np.outer(change @ axis, axis) / (2 * np.sqrt(root))
    errors: Reals = np.sqrt((influence * influence).sum(axis=0) / len(z) / count)
    return errors
