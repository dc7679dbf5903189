"""Items and sites whose answers say nothing: none at all, or one and the same from everybody."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from compassion_psy.audit.findings import Finding
from compassion_psy.audit.keys import at_place
from compassion_psy.audit.screening import Screened
from compassion_psy.audit.sources import FEWEST_ANSWERS
from compassion_psy.data.columns import MISSING

# Everybody gives one answer by chance less often than this, in all cells together.
_BY_CHANCE = 0.001


def silence_findings(screened: Screened) -> list[Finding]:
    """Return sites without any answer, and items that nobody of a site answers otherwise.

    An item that does not vary is a finding where there are at least 20 answers, and where, were
    that answer as frequent as at the other sites, all of them would give it less than once in a
    thousand audits. Where it is so for every item of a site, that is one finding.
    """
    given = screened.codes != MISSING
    counts = np.stack([_counts(column, screened) for column in screened.codes])
    cells = given.shape[0] * screened.groups.height
    found: list[Finding] = []
    for site, (first, last) in enumerate(itertools.pairwise(screened.starts)):
        where = at_place(screened.groups, site)
        group = site if screened.groups.width else None
        if not given[:, first:last].any():
            found.append(_unanswered(where, group, int(last - first)))
            continue
        still = [
            (item, code)
            for item, code in enumerate(counts[:, site].argmax(axis=1))
            if _is_still(counts[item], site, int(code), cells)
        ]
        answered = int(given[:, first:last].any(axis=1).sum())
        if len(still) == answered and answered > 1:
            found.append(_unmoved(screened, where, group, still))
        else:
            found += [_constant(screened, where, group, item, code) for item, code in still]
    return found


def _counts(column: npt.NDArray[np.uint8], screened: Screened) -> npt.NDArray[np.int64]:
    """Return how often each code is given, sites × codes."""
    return np.stack(
        [
            np.bincount(column[first:last], minlength=MISSING + 1)[:MISSING]
            for first, last in itertools.pairwise(screened.starts)
        ]
    )


def _is_still(counts: npt.NDArray[np.int64], site: int, code: int, cells: int) -> bool:
    answers = int(counts[site].sum())
    if answers < FEWEST_ANSWERS or counts[site, code] < answers:
        return False
    others = counts.sum(axis=0) - counts[site]
    if not others.sum():
        return True
    # As if one more person had given each of the two: no share is surely 0 or 1.
    share = (int(others[code]) + 1) / (int(others.sum()) + 2)
    return bool(answers * np.log(share) + np.log(cells) < np.log(_BY_CHANCE))


def _unanswered(where: str, group: int | None, rows: int) -> Finding:
    return Finding(
        kind="missing",
        finding="no_answers",
        group=group,
        evidence=f"{where}: none of {rows:,} rows has an answer to any item.",
        remedy="See whether the columns have other names in this source, or all its answers were "
        "read as missing.",
    )


def _unmoved(
    screened: Screened, where: str, group: int | None, still: list[tuple[int, int]]
) -> Finding:
    values = sorted({screened.scale.minimum + code for _, code in still})
    named = ", ".join(f"{value:g}" for value in values)
    return Finding(
        kind="range",
        finding="no_variation",
        group=group,
        evidence=f"{where}: everybody gives one and the same answer to each of {len(still)} items "
        f"({named}).",
        remedy="See whether a default was exported in place of answers.",
    )


def _constant(screened: Screened, where: str, group: int | None, item: int, code: int) -> Finding:
    return Finding(
        kind="range",
        item=screened.scale.items[item],
        finding="no_variation",
        group=group,
        evidence=f"{where}: everybody answers {screened.scale.minimum + code:g}.",
        remedy="See whether a default was exported in place of answers; an item that does not vary "
        "says nothing of anybody.",
    )
