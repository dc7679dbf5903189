"""Keys: items that run against their declared direction, told apart by where and how many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from compassion_psy.audit.findings import Finding
from compassion_psy.audit.orientation import Orientation
from compassion_psy.audit.relations import Reals, SiteMoments
from compassion_psy.scales import Scale

REPORTED_FROM = 0.95
"""The posterior probability from which a turned item is reported."""

WEAK = 0.2
"""An item-rest correlation below this, in size, is weak."""

# An item weak at one of many sites must also be this many standard errors from the others.
_DROPPED = 3.0
_NORMAL_95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Suspect:
    """An item that runs the other way, at one site or (site None) everywhere."""

    item: str
    site: int | None
    probability: float
    orientation: Orientation
    place: int


def interval(z: Reals, variance: Reals) -> tuple[Reals, Reals]:
    """Return the 95 % interval of a correlation from Fisher's z and its variance."""
    half = _NORMAL_95 * np.sqrt(variance)
    return np.tanh(z - half), np.tanh(z + half)


def key_findings(
    orientations: Sequence[Orientation], moments: SiteMoments, scale: Scale, groups: pl.DataFrame
) -> list[Finding]:
    """Return the findings about keys, turned items first, then weak ones."""
    suspects = _suspects(orientations)
    found = [_turned(each, suspects, moments, scale, groups) for each in suspects]
    return found + _weak(orientations, moments, groups)


def place_name(groups: pl.DataFrame, site: int | None) -> str:
    """Return the name of a site in a sentence."""
    if site is None or not groups.width:
        return "all rows" if not groups.width or groups.height == 1 else "all sites together"
    values = groups.row(site, named=True).items()
    return ", ".join(f"{name} = {'(none)' if value is None else value}" for name, value in values)


def at_place(groups: pl.DataFrame, site: int | None) -> str:
    """Return the beginning of a sentence about a site."""
    several = site is None or not groups.width
    return f"{'Over' if several else 'At'} {place_name(groups, site)}"


def _suspects(orientations: Sequence[Orientation]) -> list[Suspect]:
    best: dict[tuple[int | None, str], Suspect] = {}
    for each in orientations:
        for place, item in enumerate(each.part.items):
            for suspect in _of_item(each, place, item):
                known = best.get((suspect.site, item))
                if known is None or suspect.probability > known.probability:
                    best[suspect.site, item] = suspect
    everywhere = {item for site, item in best if site is None}
    return [
        suspect
        for (site, item), suspect in sorted(
            best.items(), key=lambda pair: -1 if pair[0][0] is None else pair[0][0]
        )
        if site is None or item not in everywhere
    ]


def _of_item(each: Orientation, place: int, item: str) -> list[Suspect]:
    probability = each.probability[:, place]
    # An item that tells little by itself is turned with the others that are declared reversed.
    with_others = (item in each.part.reversed) & (each.already >= REPORTED_FROM)
    turned = (probability >= REPORTED_FROM) | (with_others & (probability > 0.5))
    sites = np.flatnonzero(turned)
    # Where either half may be the turned one, both are as probable.
    share = np.where(each.ambiguous, 0.5, 1.0)
    examined = np.isfinite(probability)
    if len(probability) == 1:
        return [Suspect(item, None, float(probability[0] * share[0]), each, place) for _ in sites]
    exceptions = (probability <= 1 - REPORTED_FROM).any()
    # Small sites may be sure together of what none is sure of alone.
    together_sure = each.everywhere[place] >= REPORTED_FROM
    at_all = together_sure or (sites.size > 0 and with_others[examined].all())
    if at_all and examined.sum() > 1 and not exceptions:
        together = np.min(share[examined & (probability > 0.5)], initial=1.0)
        sure = max(float(each.everywhere[place]), float(probability[examined].min()))
        return [Suspect(item, None, sure * float(together), each, place)]
    return [Suspect(item, int(s), float(probability[s] * share[s]), each, place) for s in sites]


def _turned(
    suspect: Suspect,
    suspects: Sequence[Suspect],
    moments: SiteMoments,
    scale: Scale,
    groups: pl.DataFrame,
) -> Finding:
    here = {each.item for each in suspects if each.site in (None, suspect.site)}
    rows = slice(None) if suspect.site is None else suspect.site
    already = suspect.orientation.already[rows]
    known = np.isfinite(suspect.orientation.probability[rows, suspect.place])
    twice = bool((np.atleast_1d(already)[np.atleast_1d(known)] >= REPORTED_FROM).all())
    where = place_name(groups, suspect.site)
    if suspect.item in scale.reversed and twice:
        finding = "turned_twice"
        remedy = (
            "All items declared reversed behave as already turned: declare them already turned "
            "in the recipe of this source, or audit and score with reversed=[]."
        )
    elif suspect.site is None:
        finding = "turned_everywhere"
        remedy = (
            "Take it out of the scale's reversed items, unless the source has already turned it."
            if suspect.item in scale.reversed
            else "Look at its wording; if it is worded against the scale, declare it reversed."
        )
    elif not scale.reversed and len(here) > 1:
        finding = "not_turned"
        remedy = (
            "This source seems not to have turned items that the others have turned: turn them "
            "in its recipe."
        )
    else:
        finding = "turned_here"
        remedy = (
            f"Ask {where} whether it turned the item or words it otherwise; then declare it in "
            "that source's recipe (apply_findings writes it)."
        )
    half = (
        " As many items run one way as the other: it may be this half or the other."
        if suspect.orientation.ambiguous[rows].any()
        else ""
    )
    return Finding(
        kind="key",
        finding=finding,
        item=suspect.item,
        group=suspect.site,
        probability=suspect.probability,
        evidence=_figures(suspect, moments, scale, groups) + half,
        remedy=remedy,
    )


def _figures(suspect: Suspect, moments: SiteMoments, scale: Scale, groups: pl.DataFrame) -> str:
    each, place = suspect.orientation, suspect.place
    site, z, variance = suspect.site, each.z[:, place], each.variance[:, place]
    if site is None:
        seen = np.flatnonzero(np.isfinite(z))
        weight = 1 / variance[seen]
        centre = np.array([np.average(z[seen], weights=weight)])
        lower, upper = interval(centre, np.array([1 / weight.sum()]))
        r, n = float(np.tanh(centre[0])), int(moments.answered[seen, each.places[place]].sum())
        against = int((z[seen] < 0).sum())
        sites = f"; negative at {against} of {len(seen)} sites" if len(z) > 1 else ""
        covariance = (each.covariance * moments.answered.max(axis=1)[:, None, None]).sum(axis=0)
        expected = "a positive one is expected"
        rows = slice(None)
    else:
        lower, upper = interval(z[[site]], variance[[site]])
        r, n, sites = (
            float(np.tanh(z[site])), int(moments.answered[site, each.places[place]]), ""
        )  # fmt: skip
        covariance = each.covariance[site]
        others = np.isfinite(np.delete(z, site)).any()
        leads = "the other sites lead" if others else "what is typical of items leads"
        size = math.tanh(each.weights.size[site, place])
        expected = f"{leads} to expect {size:.2f}"
        rows = slice(site, site + 1)
    signs = np.where(each.signs[rows].sum(axis=0) < 0, -1.0, 1.0)
    signs[place] = -1.0
    before, after = _alpha(covariance), _alpha(covariance * np.outer(signs, signs))
    old, new = _means(each, moments, scale, rows, signs)
    return (
        f"{at_place(groups, site)}: turned as declared, its correlation with the rest of "
        f"{each.part.name} is {r:.2f} (95% interval {lower[0]:.2f} to {upper[0]:.2f}, "
        f"n = {n:,}{sites}); {expected}. With what was found here turned, alpha goes from "
        f"{before:.2f} to {after:.2f} and the mean item score from {old:.2f} to {new:.2f}."
    )


def _alpha(covariance: Reals) -> float:
    n_items, total = len(covariance), covariance.sum()
    return float(n_items / (n_items - 1) * (1 - np.trace(covariance) / total)) if total > 0 else 0.0


def _means(
    each: Orientation, moments: SiteMoments, scale: Scale, rows: slice, signs: Reals
) -> tuple[float, float]:
    """Return the mean item score as declared and as corrected, in answers."""
    answered = moments.answered[rows][:, each.places]
    sums = np.where(answered > 0, moments.mean[rows][:, each.places], 0) * answered
    counts = answered.sum(axis=0)
    seen = counts > 0
    mean = sums.sum(axis=0)[seen] / counts[seen]
    highest = scale.maximum - scale.minimum
    reverse = np.array([item in each.part.reversed for item in each.part.items])[seen]
    declared = np.where(reverse, highest - mean, mean)
    corrected = np.where(signs[seen] < 0, highest - declared, declared)
    return float(scale.minimum + declared.mean()), float(scale.minimum + corrected.mean())


def _weak(
    orientations: Sequence[Orientation], moments: SiteMoments, groups: pl.DataFrame
) -> list[Finding]:
    # Where there are subscales, an item is judged by its own.
    of_total = len(orientations) > 1 and orientations[0].part.n_items > max(
        each.part.n_items for each in orientations[1:]
    )
    return [
        finding
        for each in (orientations[1:] if of_total else orientations)
        for place in range(each.part.n_items)
        for finding in _weak_item(each, place, moments, groups)
    ]


def _weak_item(
    each: Orientation, place: int, moments: SiteMoments, groups: pl.DataFrame
) -> list[Finding]:
    z, variance = each.z[:, place], each.variance[:, place]
    seen = np.flatnonzero(np.isfinite(z))
    if not seen.size:
        return []
    weight = 1 / variance[seen]
    centre, error = np.average(z[seen], weights=weight), math.sqrt(1 / weight.sum())
    item, part = each.part.items[place], each.part.name
    remedy = "Look at wording, translation and coding; what it adds to the score is mostly noise."

    def finding(site: int | None, middle: float, spread: float, n: int, sure: float) -> Finding:
        lower, upper = interval(np.array([middle]), np.array([spread**2]))
        return Finding(
            kind="key",
            finding="weak_item",
            item=item,
            group=site,
            probability=sure,
            evidence=f"{at_place(groups, site)}: its correlation with the rest of {part} is "
            f"{math.tanh(middle):.2f} (95% interval {lower[0]:.2f} to {upper[0]:.2f}, n = {n:,}), "
            f"below {WEAK:g} in size, so its direction cannot be told"
            + ("." if site is None else f"; over all sites it is {math.tanh(centre):.2f}."),
            remedy=remedy,
        )

    n = moments.answered[:, each.places[place]]
    sure = _within(centre, error)
    # A mean near zero also comes of sites that disagree, which is no weakness.
    alike = (
        np.abs(np.average(z[seen] ** 2 - variance[seen], weights=weight)) < np.arctanh(WEAK) ** 2
    )
    if sure >= REPORTED_FROM and alike:
        return [finding(None, float(centre), error, int(n[seen].sum()), sure)]
    found = []
    for site in map(int, seen if len(seen) > 1 else ()):
        sure = _within(z[site], math.sqrt(variance[site]))
        others = weight.sum() - 1 / variance[site]
        elsewhere = (centre * weight.sum() - z[site] / variance[site]) / others
        distance = abs(elsewhere - z[site]) / math.sqrt(variance[site] + 1 / others)
        if sure >= REPORTED_FROM and distance >= _DROPPED:
            found.append(
                finding(site, float(z[site]), math.sqrt(variance[site]), int(n[site]), sure)
            )
    return found


def _within(z: float, error: float) -> float:
    """How probable a correlation below the limit is, in size, given z; with a flat prior."""
    limit = math.atanh(WEAK)
    below, above = ((side * limit - z) / error / math.sqrt(2) for side in (-1, 1))
    return (math.erf(above) - math.erf(below)) / 2
