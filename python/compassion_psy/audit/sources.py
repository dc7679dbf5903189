"""Has a source already turned all items that are declared reversed?"""

from __future__ import annotations

import numpy as np

from compassion_psy.audit.relations import Reals, SiteMoments
from compassion_psy.audit.turned import TURNED_ITEMS, Weights, weights
from compassion_psy.scales import Scale

FEWEST_ANSWERS = 20
"""Below this number of answers an item at a site is not examined."""


def already_turned(moments: SiteMoments, scale: Scale) -> Reals:
    """Return for each site the probability that all its reversed items were turned beforehand.

    It is the commonest mistake of all, and it is one, however many items it moves. So the sum of
    the reversed items, turned as declared, is set against the sum of the others: in each subscale
    that has both kinds, or else in the total. Their correlations are weighed as those of items
    are, and what the subscales say is joined. Nothing is said of a scale with fewer than two
    reversed items, for there an item is all there is.
    """
    n_sites = len(moments.answered)
    mixed = [part for part in scale.scores[::-1] if 0 < len(part.reversed) < part.n_items]
    if scale.subscales and len(mixed) > 1 and scale.total is not None:
        mixed = [part for part in mixed if part.n_items < scale.n_items] or mixed
    if len(scale.reversed) < 2 or not mixed:
        return np.zeros(n_sites)
    z, variance = (
        np.stack(each, axis=1)
        for each in zip(*(_against_each_other(moments, scale, part) for part in mixed), strict=True)
    )
    weight = np.where(np.isfinite(z), 1 / variance, 0.0)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = ((weight * np.where(np.isfinite(z), z, 0)).sum(axis=0) / total)[None]
        everywhere = _posterior(mean, weights(mean, 1 / total[None], 1), TURNED_ITEMS)
        if n_sites == 1:
            return everywhere
        prior = 0.5 if everywhere[0] > 0.5 else TURNED_ITEMS / n_sites
        return _posterior(z, weights(z, variance, z.size), prior)


def _against_each_other(moments: SiteMoments, scale: Scale, part: Scale) -> tuple[Reals, Reals]:
    """Return Fisher's z between reversed items, turned as declared, and others; its variance."""
    places = [scale.items.index(item) for item in part.items]
    reverse = np.array([item in part.reversed for item in part.items])
    covariance = moments.covariance[:, places][:, :, places]
    answered = moments.answered[:, places]
    varies = np.diagonal(covariance, axis1=1, axis2=2) > 0
    usable = (answered >= FEWEST_ANSWERS) & varies
    one, other = (np.where(usable & kind, 1.0, 0.0) for kind in (reverse, ~reverse))
    between = -np.einsum("gij,gi,gj->g", covariance, one, other)
    sizes = [np.einsum("gij,gi,gj->g", covariance, each, each) for each in (one, other)]
    seen = (sizes[0] > 0) & (sizes[1] > 0)
    r = between / np.sqrt(np.where(seen, sizes[0] * sizes[1], 1))
    z = np.where(seen, np.arctanh(np.clip(r, -0.999999, 0.999999)), np.nan)
    fewest = np.where(usable, answered, np.iinfo(np.int64).max).min(axis=1)
    return z, np.where(seen, 1 / (np.maximum(fewest, 4) - 3.0), np.nan)


def _posterior(z: Reals, considered: Weights, prior: float) -> Reals:
    """Return the posterior of the turned hypothesis, the evidence of all columns joined."""
    evidence = -2 * z * considered.size / considered.around
    odds = np.nansum(evidence, axis=1) + np.log(prior / (1 - prior))
    probability: Reals = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
    return np.where(np.isfinite(z).any(axis=1), probability, 0.0)
