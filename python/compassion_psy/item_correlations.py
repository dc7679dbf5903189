"""How does an item go with its scale: correlations with their standard errors, group by group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from compassion_psy.relations import Reals, item_rest, item_total, overlap_corrected


@dataclass(frozen=True, eq=False)
class ItemCorrelations:
    """Correlations of each item of each group, groups × items, and standard errors.

    NaN where undefined.
    """

    total: Reals
    total_se: Reals
    rest: Reals
    rest_se: Reals
    corrected: Reals


def item_correlations(
    covariance: Reals, correlation: Reals, total_se: Reals, rest_se: Reals
) -> ItemCorrelations:
    """Return the correlations from matrices, groups × items × items, with errors found before."""
    return ItemCorrelations(
        total=np.array([item_total(each) for each in covariance]),
        total_se=total_se,
        rest=item_rest(covariance, np.ones(covariance.shape[:2])),
        rest_se=rest_se,
        corrected=np.array([overlap_corrected(each) for each in correlation]),
    )
