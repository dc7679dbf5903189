"""Answer labels that run the other way for all items of a site."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from compassion_psy.audit.findings import Finding
from compassion_psy.audit.keys import REPORTED_FROM, place_name
from compassion_psy.audit.orientation import FEWEST_ITEMS
from compassion_psy.audit.relations import Reals, SiteMoments
from compassion_psy.audit.sources import FEWEST_ANSWERS

# One survey in five holds such a site; one site in fifty has items that are liked and disliked
# otherwise than elsewhere.
_PRIOR, _OTHERWISE = 0.2, 0.02
_LEAST_SPREAD = 0.05  # of the range: how much the means of an item differ between like sites
_NORMAL = 1.4826022185056018  # from the median distance to a standard deviation


def label_findings(
    moments: SiteMoments,
    signs: Reals,
    parts: npt.NDArray[np.int64],
    highest: int,
    groups: pl.DataFrame,
) -> list[Finding]:
    """Return the sites whose answers seem to be labelled the other way round.

    Correlations cannot show it, for they are the same. What shows it is which items are agreed
    with more and which less: that profile of means is much alike between sites whatever their
    level, and where the labels are reversed it stands on its head.

    Parameters
    ----------
    moments : SiteMoments
        Of the answers as given.
    signs : numpy.ndarray, shape (sites, items)
        Of each item as it was found to run: 1 with its scale, -1 against it.
    parts : numpy.ndarray of int64, shape (items,)
        Number of the score an item belongs to. Profiles are taken within a score, so that sites
        of another level are not mistaken.
    highest : int
        The code of the scale's maximum.
    groups : polars.DataFrame
        Names of the sites.
    """
    sites = np.flatnonzero((moments.answered >= FEWEST_ANSWERS).all(axis=1))
    if len(sites) < 2 or moments.answered.shape[1] < FEWEST_ITEMS:
        return []
    keyed = np.where(signs[sites] < 0, highest - moments.mean[sites], moments.mean[sites])
    profile = keyed.copy()
    for part in np.unique(parts):
        profile[:, parts == part] -= profile[:, parts == part].mean(axis=1, keepdims=True)
    variance = np.diagonal(moments.covariance[sites], axis1=1, axis2=2) / moments.answered[sites]
    probability, slope = _upside_down(profile, variance, highest)
    found = np.flatnonzero(probability >= REPORTED_FROM)
    if len(sites) == 2 and found.size:
        names = " and ".join(place_name(groups, int(site)) for site in sites)
        return [_finding(None, names, float(probability[found].max()), float(slope[0]), keyed, 0,
                         " Which of the two it is cannot be told from the answers.")]  # fmt: skip
    return [
        _finding(int(sites[each]), place_name(groups, int(sites[each])), float(probability[each]),
                 float(slope[each]), keyed, int(each), "")
        for each in found
    ]  # fmt: skip


def _upside_down(profile: Reals, variance: Reals, highest: int) -> tuple[Reals, Reals]:
    """Return for each site the probability of reversed labels, and the slope on the others."""
    axis = np.linalg.svd(profile, full_matrices=False)[2][0]
    side = np.where(profile @ axis < 0, -1.0, 1.0)
    side *= 1 if side.sum() >= 0 else -1
    upright = profile * side[:, None]
    reference = np.stack(
        [np.median(np.delete(upright, site, axis=0), axis=0) for site in range(len(profile))]
    )
    distances = np.abs(upright - reference)
    spread = max(_LEAST_SPREAD * highest, _NORMAL * float(np.median(distances)))
    # Means of items that are alike differ together; half as much evidence as if they did not.
    around = 2 * (spread**2 + variance)
    signal = (reference**2).mean(axis=1, keepdims=True)
    prior = _PRIOR / len(profile)
    logs = np.stack(
        [
            np.log1p(-prior - _OTHERWISE) + _log_normal(profile - reference, around),
            np.log(prior) + _log_normal(profile + reference, around),
            np.log(_OTHERWISE) + _log_normal(profile, around + signal),
        ]
    )
    weights = np.exp(logs - logs.max(axis=0))
    squares = np.maximum((reference**2).sum(axis=1), 1e-12)
    return weights[1] / weights.sum(axis=0), (profile * reference).sum(axis=1) / squares


def _log_normal(distance: Reals, variance: Reals) -> Reals:
    logs: Reals = (-(distance**2) / (2 * variance) - np.log(variance) / 2).sum(axis=1)
    return logs


def _finding(
    site: int | None, name: str, probability: float, slope: float, keyed: Reals, row: int, more: str
) -> Finding:
    others = np.delete(keyed, row, axis=0).mean()
    return Finding(
        kind="key",
        finding="labels_reversed",
        group=site,
        probability=probability,
        evidence=f"At {name}: items go together as they should, but those that "
        "other sites agree with most are agreed with least here (slope of the item means on the "
        f"others' {slope:.2f}, where 1 is expected and -1 if labels are reversed); the mean code, "
        f"counted from 0, is {keyed[row].mean():.2f} here and {others:.2f} elsewhere.{more}",
        remedy="Ask the site which answer was coded lowest; if the labels ran the other way, turn "
        "all items of this source in the recipe. No single key is wrong.",
    )
