"""The direction in which each item runs at each site, and how surely."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from compassion_psy.audit.relations import (
    Codes,
    Reals,
    SiteMoments,
    precision_factors,
    principal_axis,
)
from compassion_psy.audit.sources import FEWEST_ANSWERS
from compassion_psy.audit.turned import Weights, between_sites, weights
from compassion_psy.relations import item_rest
from compassion_psy.scales import Scale

Truths = npt.NDArray[np.bool_]

FEWEST_ITEMS = 3
"""Of two items that disagree nobody can say which is turned."""

# Of an item declared reversed, where the others that are were turned beforehand.
_TURNED_WITH_THE_OTHERS = 0.95

_CLEAR_LOADING = 0.2


@dataclass(frozen=True, eq=False)
class Orientation:
    """What is known of the keys of one score, by site and item.

    Attributes
    ----------
    part : Scale
        The score.
    places : numpy.ndarray of int64, shape (items,)
        Where its items stand among those of the scale.
    covariance : numpy.ndarray, shape (sites, items, items)
        Of the answers turned as declared.
    signs : numpy.ndarray, shape (sites, items)
        1 as declared, -1 turned, 0 not examined.
    z, variance : numpy.ndarray, shape (sites, items)
        Fisher's z of the item, turned as declared, with the rest as it runs; NaN if not examined.
    probability : numpy.ndarray, shape (sites, items)
        That the item is turned at the site.
    everywhere : numpy.ndarray, shape (items,)
        Probability that the item is turned on the average of sites.
    ambiguous : numpy.ndarray of bool, shape (sites,)
        Where as many items run one way as the other, so that either may be the turned ones.
    already : numpy.ndarray, shape (sites,)
        Probability that the source has turned all items that are declared reversed.
    weights : Weights
        The hypotheses.
    """

    part: Scale
    places: npt.NDArray[np.int64]
    covariance: Reals
    signs: Reals
    z: Reals
    variance: Reals
    probability: Reals
    everywhere: Reals
    ambiguous: Truths
    already: Reals
    weights: Weights


def orient(
    moments: SiteMoments,
    codes: Codes,
    starts: npt.NDArray[np.int64],
    scale: Scale,
    part: Scale,
    cells: int,
    already: Reals,
) -> Orientation:
    """Return the direction of each item of `part` at each site.

    An item is judged against the rest of its scale, and the rest is only as good as its own keys.
    So directions start from the first component of each site; then, one item at a time at each
    site, those are changed that are more probably the other way, until none is.
    """
    places = np.array([scale.items.index(item) for item in part.items])
    key = np.array([-1.0 if item in part.reversed else 1.0 for item in part.items])
    covariance = moments.covariance[:, places][:, :, places] * np.outer(key, key)
    answered = moments.answered[:, places]
    usable = (answered >= FEWEST_ANSWERS) & (np.diagonal(covariance, axis1=1, axis2=2) > 0)
    usable &= usable.sum(axis=1, keepdims=True) >= FEWEST_ITEMS
    signs, ambiguous = _start(covariance, usable, answered, key < 0, cells)
    together = already > 0.5
    signs[together] = np.where(usable, np.where(key < 0, -1.0, 1.0), 0.0)[together]
    ambiguous &= ~together
    prior = np.where(together[:, None] & (key < 0), _TURNED_WITH_THE_OTHERS, 0.0)
    factors = np.ones(signs.shape)
    for site, (first, last) in enumerate(itertools.pairwise(starts)):
        if usable[site].any():
            factors[site] = precision_factors(codes[places, first:last], key * signs[site])
    variance = np.where(usable, factors / np.maximum(answered - 3, 1), np.nan)
    for _ in range(2 * len(places)):
        z, probability, everywhere, considered = _judge(covariance, signs, variance, cells, prior)
        wanted = np.where(usable, np.where(probability > 0.5, -1.0, 1.0), 0.0)
        doubt = np.where(wanted != signs, np.abs(probability - 0.5), -1.0)
        # Of items that do not vary with the rest nothing is known.
        doubt = np.where(np.isfinite(doubt), doubt, -1.0)
        changing = np.flatnonzero(doubt.max(axis=1, initial=-1) > 0)
        if not changing.size:
            break
        signs[changing, doubt[changing].argmax(axis=1)] *= -1
    several = (signs < 0).sum(axis=1) > 1
    block = _block_probability(covariance, signs, answered, cells)
    block = np.where(together, already, block)
    probability = np.where(
        several[:, None] & (signs < 0), np.minimum(probability, block[:, None]), probability
    )
    return Orientation(
        part, places, covariance, signs, z, variance, probability, everywhere,
        ambiguous & several, already, considered,
    )  # fmt: skip


def _judge(
    covariance: Reals, signs: Reals, variance: Reals, cells: int, prior: Reals
) -> tuple[Reals, Reals, Reals, Weights]:
    r = item_rest(covariance, signs)
    z = np.arctanh(np.clip(r, -0.999999, 0.999999))
    seen = np.isfinite(z)
    variance = np.where(seen, variance, np.nan)
    alike = between_sites(z, variance) ** 2 if len(z) > 1 else 0.0
    weight = np.where(seen, 1 / (variance + alike), 0.0)
    total = weight.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = ((weight * np.where(seen, z, 0)).sum(axis=0) / total)[None]
        of_all = prior.min(axis=0, keepdims=True)
        considered = weights(mean, 1 / total[None], len(total), of_all)
        everywhere = considered.probability(mean)[0]
        if len(z) > 1:
            # What holds at all sites together is an even bet at each.
            at_each = np.maximum(prior, np.where(everywhere > 0.5, 0.5, 0.0))
            considered = weights(z, variance, cells, at_each)
        return z, considered.probability(z), everywhere, considered


def _start(
    covariance: Reals,
    usable: Truths,
    answered: npt.NDArray[np.int64],
    reverse: Truths,
    cells: int,
) -> tuple[Reals, Truths]:
    signs = np.where(usable, 1.0, 0.0)
    ambiguous = np.zeros(len(signs), np.bool_)
    for site, matrix in enumerate(covariance):
        if not usable[site].any():
            continue
        within = np.outer(usable[site], usable[site])
        loadings, _ = principal_axis(np.where(within, matrix, 0))
        clear = np.abs(loadings) > _CLEAR_LOADING
        against = clear & (loadings < 0)
        cost, other = (
            _mistakes(each, reverse & clear) for each in (against, clear & (loadings > 0))
        )
        ambiguous[site] = cost == other > 0
        if other < cost or (cost == other and not (reverse & against).any()):
            against = clear & ~against
        signs[site, against] = -1.0
    # A set of items turned together is believed by how its sum goes with that of the others.
    together = _block_probability(covariance, signs, answered, cells) > 0.5
    return np.where((signs < 0) & ~together[:, None], 1.0, signs), ambiguous & together


def _mistakes(against: Truths, reverse: Truths) -> int:
    """How many mistakes explain these items: turning all that are declared reversed is one."""
    return 1 if against.any() and (against == reverse).all() else int(against.sum())


def _block_probability(
    covariance: Reals, signs: Reals, answered: npt.NDArray[np.int64], cells: int
) -> Reals:
    """Return the probability that the items with sign -1 are turned, taken as one item."""
    against, others = (signs < 0).astype(float), (signs > 0).astype(float)
    between = np.einsum("gij,gi,gj->g", covariance, against, others)
    sizes = [np.einsum("gij,gi,gj->g", covariance, each, each) for each in (against, others)]
    product = sizes[0] * sizes[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.where(product > 0, between / np.sqrt(product), 0.0)
    z = np.arctanh(np.clip(r, -0.999999, 0.999999))[:, None]
    count = np.where(signs != 0, answered, answered.max(initial=4)).min(axis=1)
    variance = (1 / np.maximum(count - 3, 1))[:, None]
    found = [
        weights(here[None], error[None], cells).probability(here[None])
        for here, error in zip(z, variance, strict=True)
    ]
    return np.concatenate(found)[:, 0] if found else np.zeros(0)
