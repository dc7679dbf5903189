"""How an item goes with its scale: correlations with the total, the rest and the common part."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]

# A correlation matrix with an eigenvalue below this has no inverse for our purposes.
SMALLEST_EIGENVALUE = 1e-12


def item_rest(covariance: Reals, signs: Reals) -> Reals:
    r"""Return the correlation of each item with the sum of the others.

    .. math:: r_i = \frac{\sum_{j \ne i} s_j c_{ij}}
              {\sqrt{c_{ii} \sum_{j \ne i} \sum_{k \ne i} s_j s_k c_{jk}}}

    Parameters
    ----------
    covariance : numpy.ndarray, shape (sites, items, items)
    signs : numpy.ndarray, shape (sites, items)
        1 or -1: the direction in which each item enters the rest; 0 leaves it out.

    Returns
    -------
    numpy.ndarray, shape (sites, items)
        NaN where the item or the rest does not vary, or the item is left out.
    """
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    with_sum = np.einsum("gij,gj->gi", covariance, signs)
    own = signs * variance
    total = np.einsum("gi,gi->g", with_sum, signs)
    rest = total[:, None] - 2 * signs * with_sum + signs**2 * variance
    usable = (variance > 0) & (rest > 1e-12 * np.abs(total)[:, None]) & (signs != 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (with_sum - own) / np.sqrt(variance * rest)
    return np.where(usable, np.clip(found, -1, 1), np.nan)


def item_total(covariance: Reals) -> Reals:
    """Return the correlation of each item with the sum of all, itself among them.

    NaN where the item or the total does not vary.

    Examples
    --------
    >>> item_total(np.array([[1.0, 0.5], [0.5, 1.0]])).round(6).tolist()
    [0.866025, 0.866025]
    """
    variance, total = np.diag(covariance), float(covariance.sum())
    usable = (variance > 0) & (total > 1e-12 * float(variance.sum()))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = covariance.sum(axis=1) / np.sqrt(variance * total)
    return np.where(usable, np.clip(found, -1, 1), np.nan)


def overlap_corrected(correlation: Reals) -> Reals:
    r"""Return the correlation of each item with what the items have in common (psych's r.cor).

    .. math:: r_j = \frac{\sum_i \tilde r_{ij}}{\sqrt{\sum_{i,l} \tilde r_{il}}}

    where the diagonal of the correlations holds each item's squared multiple correlation with the
    others in place of one. NaN where an item does not vary, or where the matrix has no inverse.

    Examples
    --------
    >>> overlap_corrected(np.array([[1.0, 0.5], [0.5, 1.0]])).round(6).tolist()
    [0.612372, 0.612372]
    """
    absent = np.full(len(correlation), np.nan)
    if not np.isfinite(correlation).all():
        return absent
    if np.linalg.eigvalsh(correlation)[0] < SMALLEST_EIGENVALUE:
        return absent
    shared = correlation.copy()
    np.fill_diagonal(shared, 1 - 1 / np.diag(np.linalg.inv(correlation)))
    total = float(shared.sum())
    return shared.sum(axis=0) / np.sqrt(total) if total > 0 else absent
