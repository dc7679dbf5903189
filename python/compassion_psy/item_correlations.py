"""How surely does an item go with its scale: correlations with influence standard errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.data.columns import MISSING
from compassion_psy.data.responses import Responses
from compassion_psy.moments import Moments
from compassion_psy.relations import Reals, item_rest, item_total, overlap_corrected

ROWS_AT_ONCE = 65_536


@dataclass(frozen=True, eq=False)
class ItemCorrelations:
    """Correlations of each item of one group, and standard errors; NaN where undefined."""

    total: Reals
    total_se: Reals
    rest: Reals
    rest_se: Reals
    corrected: Reals


@dataclass(frozen=True, eq=False)
class Pairs:
    """What is known of every pair of items over the persons who answered both, items × items.

    ``mean[i, j]`` is that of item i, from the origin of the answers; ``product`` the mean product
    of deviations (divisor n); ``weight`` how many times more persons there are in all.
    """

    mean: Reals
    product: Reals
    weight: Reals


def correlations_by_group(
    used: Responses, kept: npt.NDArray[np.int64], moments: Moments
) -> list[ItemCorrelations | None]:
    """Return the correlations of the items of each group, None for a group without persons.

    Parameters
    ----------
    used : Responses
        The rows that are used.
    kept : numpy.ndarray, shape (groups of moments,)
        How many of them are in each group.
    moments : Moments
        Of all groups.
    """
    k = used.scale.n_items
    covariance = moments.covariance.reshape(-1, k, k)
    correlation = moments.correlation.reshape(-1, k, k)
    found: list[ItemCorrelations | None] = []
    place = 0
    for group, rows in enumerate(kept.tolist()):
        if rows == 0:
            found.append(None)
            continue
        first, last = used.group_starts[place : place + 2]
        origins = np.full(k, used.scale.minimum) if used.origins is None else used.origins[place]
        counts = moments.counts[group].astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            pairs = Pairs(
                mean=moments.sums[group] / counts - origins[:, None],
                product=covariance[group] * (counts - 1) / counts,
                weight=rows / counts,
            )
        total_se, rest_se = _errors(
            used.answers[:, first:last], pairs, pairwise=moments.missing == "pairwise"
        )
        found.append(
            ItemCorrelations(
                total=item_total(covariance[group]),
                total_se=total_se,
                rest=item_rest(covariance[[group]], np.ones((1, k)))[0],
                rest_se=rest_se,
                corrected=overlap_corrected(correlation[group]),
            )
        )
        place += 1
    return found


def _errors(
    answers: npt.NDArray[np.uint8] | Reals, pairs: Pairs, *, pairwise: bool
) -> tuple[Reals, Reals]:
    r"""Return standard errors of the correlations with the total, and with the rest.

    With :math:`P_i` the products of a person's deviations, less their means (zero for a pair that
    a person did not answer, and n over their number times larger for those who did), c the
    covariances, :math:`v_j` the variance of the item and :math:`B_j` that of the rest, the
    influence of person i on the item-rest correlation r is

    .. math:: L_i = \frac{\sum_{l \ne j} P_{i,jl}}{\sqrt{v_j B_j}}
              - \frac{r}{2} \left(\frac{P_{i,jj}}{v_j}
              + \frac{\sum_{l \ne j, m \ne j} P_{i,lm}}{B_j}\right)

    and its standard error :math:`\sqrt{\sum L_i^2 / (n (n - 1))}`; the same with the total.
    """
    own = np.diag(pairs.product)[:, None]
    with_total = pairs.product.sum(axis=1)[:, None]
    all_together = pairs.product.sum()
    rest = all_together - 2 * with_total + own
    squares = np.zeros((2, len(own)))
    n = answers.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        r_total = with_total / np.sqrt(own * all_together)
        r_rest = (with_total - own) / np.sqrt(own * rest)
        for first in range(0, n, ROWS_AT_ONCE):
            value = _reals(answers[:, first : first + ROWS_AT_ONCE])
            change = _pairwise_changes if pairwise else _complete_changes
            in_own, in_row = change(value, pairs)
            in_all = in_row.sum(axis=0)
            in_rest = in_all - 2 * in_row + in_own
            relative = in_own / own
            on_total = in_row / np.sqrt(own * all_together)
            on_total -= r_total / 2 * (relative + in_all / all_together)
            on_rest = (in_row - in_own) / np.sqrt(own * rest)
            on_rest -= r_rest / 2 * (relative + in_rest / rest)
            squares += [(on_total**2).sum(axis=1), (on_rest**2).sum(axis=1)]
        total_se, rest_se = np.sqrt(squares / (n * (n - 1.0)))
    return np.where(own[:, 0] > 0, total_se, np.nan), np.where(own[:, 0] > 0, rest_se, np.nan)


def _reals(answers: npt.NDArray[np.uint8] | Reals) -> Reals:
    if answers.dtype == np.uint8:
        return np.where(answers == MISSING, np.nan, answers.astype(np.float64))
    return np.asarray(answers, np.float64)


def _complete_changes(value: Reals, pairs: Pairs) -> tuple[Reals, Reals]:
    """Return each person's part in the variance of an item, and in its row of covariances."""
    value = value - pairs.mean[:, :1]
    in_own = value * value - np.diag(pairs.product)[:, None]
    in_row = value * value.sum(axis=0) - pairs.product.sum(axis=1)[:, None]
    return in_own, in_row


def _pairwise_changes(value: Reals, pairs: Pairs) -> tuple[Reals, Reals]:
    in_own, in_row = np.empty_like(value), np.zeros_like(value)
    for i, item in enumerate(value):
        for j, other in enumerate(value):
            product = (item - pairs.mean[i, j]) * (other - pairs.mean[j, i])
            part = np.nan_to_num((product - pairs.product[i, j]) * pairs.weight[i, j])
            in_row[i] += part
            if i == j:
                in_own[i] = part
    return in_own, in_row
