"""Who answered carelessly or twice? Indices and flags by person, findings by site."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import polars as pl

from compassion_psy.audit.around import attention_failed, repeated_persons, seconds_per_item
from compassion_psy.audit.chance import more_by_chance
from compassion_psy.audit.cutoffs import Cutoffs
from compassion_psy.audit.findings import Finding, Kind
from compassion_psy.audit.flags import FLAGS, flagged
from compassion_psy.audit.indices import Indices, careless_indices
from compassion_psy.audit.screening import Screened
from compassion_psy.data.columns import MISSING
from compassion_psy.data.design import Names
from compassion_psy.errors import OptionError

# A site stands out where chance would give one of all sites so many flags less often than this.
_BY_CHANCE = 0.01

_REMEDIES = {
    "flag_repeated_row": "See whether a row was entered or exported twice; keep one of them.",
    "flag_repeated_person": "Decide which row of a person counts, or name the wave with person=.",
}
_SECOND_LOOK = (
    "Look at these persons, and report results with and without them; no index alone shows that "
    "somebody was careless."
)


def examine_answers(
    screened: Screened,
    *,
    cutoffs: Cutoffs = Cutoffs(),  # noqa: B008 (it is frozen)
    attention: Mapping[str, object] | None = None,
    seconds: str | None = None,
    person: Names = None,
    threads: int | None = None,
) -> tuple[pl.DataFrame, list[Finding]]:
    """Who answered carelessly, twice, or what the scale does not allow?

    Parameters
    ----------
    screened : Screened
        The answers; the columns named below must be among those taken in.
    cutoffs : Cutoffs
        From where on an index is flagged.
    attention : mapping, optional
        Column of each attention check → its right answer.
    seconds : str, optional
        Column of the seconds that a person took for the items.
    person : str or list of str, optional
        Columns that together name a person, once; where persons answered in several waves, the
        wave is one of them.
    threads : int, optional
        Threads to use; the numbers do not depend on it.

    Returns
    -------
    persons : polars.DataFrame
        One row a person, in the order of the data: ``row`` (counted from 1), the `by` columns,
        every index (see :func:`careless_indices`), ``repeated_person``, ``attention_failed`` and
        ``seconds_per_item`` where asked for, one ``flag_...`` column each, and ``flags``.
    findings : list of Finding
        Counts and shares of flags, over all and for sites where there are more than chance
        allows; items answered alike by everybody.

    Raises
    ------
    DataError, OptionError
        Where a column or an option is not usable.

    Examples
    --------
    >>> import polars as pl
    >>> from compassion_psy import simulate_survey
    >>> from compassion_psy.audit.screening import screen
    >>> survey = simulate_survey(persons=300, items=12, reversed=6, seed=1)
    >>> frame = survey.frame.with_columns(
    ...     pl.when(pl.col("person") > 1).then(pl.col(survey.scale.items)).otherwise(3)
    ... )
    >>> persons, findings = examine_answers(screen(frame, survey.scale))
    >>> persons.select("row", "longstring", "flag_longstring").row(0)
    (1, 12, True)
    >>> [finding.finding for finding in findings][:2]
    ['constant', 'longstring']
    """
    if not isinstance(cutoffs, Cutoffs):
        raise OptionError(f"cutoffs is a {type(cutoffs).__name__}, but it must be Cutoffs(...).")
    indices = careless_indices(screened, pair_correlation=cutoffs.pair_correlation, threads=threads)
    persons = indices.frame
    if person is not None:
        names = [person] if isinstance(person, str) else list(person)
        persons = persons.with_columns(repeated_persons(screened.frame, names))
    if attention is not None:
        persons = persons.with_columns(attention_failed(screened.frame, attention))
    if seconds is not None:
        persons = persons.with_columns(
            seconds_per_item(screened.frame, seconds, persons["answered"])
        )
    persons = flagged(persons, indices, cutoffs, screened.scale.n_items)
    findings = [
        *_flag_counts(screened, persons),
        *_same_items(screened),
        *_distances(indices),
    ]
    return persons, findings


def _flag_counts(screened: Screened, persons: pl.DataFrame) -> list[Finding]:
    findings: list[Finding] = []
    sizes = np.diff(screened.starts)
    for flag, meaning in FLAGS.items():
        if flag not in persons.columns or flag == "flag_impossible":
            continue
        in_order = persons[flag].to_numpy()[screened.order]
        counts = np.add.reduceat(in_order.astype(np.int64), screened.starts[:-1])
        total = int(counts.sum())
        if not total:
            continue
        kind: Kind = "duplicate" if "repeated" in flag else "careless"
        remedy = _REMEDIES.get(flag, _SECOND_LOOK)
        name = flag.removeprefix("flag_")
        evidence = f"{_share(total, screened.rows)} persons: {meaning}."
        if flag == "flag_repeated_row":
            evidence += (
                " How often that happens by chance depends on how alike persons are, so no "
                "probability is given; with many items it is rare."
            )
        findings.append(Finding(kind=kind, finding=name, evidence=evidence, remedy=remedy))
        for group, (count, size) in enumerate(zip(counts.tolist(), sizes.tolist(), strict=True)):
            if len(sizes) == 1 or not count:
                continue
            chance = more_by_chance(count, size, total, screened.rows) * len(sizes)
            if chance < _BY_CHANCE:
                findings.append(
                    Finding(
                        kind=kind,
                        finding=name,
                        group=group,
                        evidence=f"{_share(count, size)} persons here, "
                        f"{_share(total - count, screened.rows - size)} elsewhere: {meaning}.",
                        remedy=remedy,
                    )
                )
    return findings


def _share(count: int, of: int) -> str:
    return f"{count:,} of {of:,} ({count / of:.1%})"


def _same_items(screened: Screened) -> list[Finding]:
    """Find items that everybody answers alike. Items that do not vary say nothing of each other."""
    alike: dict[bytes, list[str]] = {}
    for item, column in zip(screened.scale.items, screened.codes, strict=True):
        given = column[column != MISSING]
        if given.size and np.ptp(given):
            alike.setdefault(column.tobytes(), []).append(item)
    return [
        Finding(
            kind="duplicate",
            item=second,
            finding="same_as_other_item",
            evidence=f"Every one of {screened.rows:,} persons has the answer of {first!r} again.",
            remedy=f"See whether the column of {first!r} was copied; take the right one.",
        )
        for items in alike.values()
        for first, second in itertools.pairwise(items)
    ]


def _distances(indices: Indices) -> list[Finding]:
    if indices.basis == "pairwise" or indices.frame.height == 1:
        return []
    if indices.basis == "complete":
        return [
            Finding(
                kind="careless",
                finding="distances_from_complete_rows",
                evidence="The covariances of pairs of items are not positive definite, so "
                "Mahalanobis distances are from the complete rows' mean and covariances.",
                remedy="Nothing to do, but few complete rows make distances unsure.",
            )
        ]
    return [
        Finding(
            kind="careless",
            finding="no_distances",
            evidence="The covariances of the items are not positive definite, so there are no "
            "Mahalanobis distances: too few complete rows, or an item that follows from others.",
            remedy="See whether answers are missing together, or an item is a copy or sum of "
            "others.",
        )
    ]
