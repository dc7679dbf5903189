"""What an audit found, written into the recipe of the data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from compassion_psy.audit.result import AuditResult
from compassion_psy.errors import CompassionWarning, DataError, OptionError, nearest
from compassion_psy.harmonise import Recipe, Source
from compassion_psy.scales import Scale

# A key that is wrong everywhere is a matter of the scale, not of a source.
_OF_SOURCES = ("turned_here", "turned_twice", "not_turned")


def apply_findings(
    recipe: Recipe, findings: AuditResult | pl.DataFrame, *, source: str | None = None
) -> Recipe:
    """Return the recipe with what an audit found about turned items; look at the findings first.

    An item found turned at a source is added to the ``already_turned`` items of that source; one
    that is already there is taken out, for there it does harm. A finding about all sources together
    ("turned_twice" without a source) goes to each that asked the item. The recipe that was given is
    unchanged, and so are the data until they are harmonised again. Leave findings out by filtering
    the frame.

    Parameters
    ----------
    recipe : Recipe
        The recipe of the data that were audited, with their columns.
    findings : AuditResult or polars.DataFrame
        An audit, or some rows of its findings.
    source : str, optional
        The `by` column of the audit that holds the names of the recipe's sources; the recipe's
        ``source_column`` when not given.

    Raises
    ------
    DataError
        Where the findings have no such column, or name a source that the recipe has not.

    Warns
    -----
    CompassionWarning
        Names the findings about keys that no recipe can mend: "turned_everywhere" (correct the
        scale) and "labels_reversed" (ask the site). Findings of other kinds are not written, and
        weak items are nobody's mistake to correct.

    Examples
    --------
    >>> from compassion_psy import Answers, Recipe, Scale, Source
    >>> calm = Scale("calm", items=["q1", "q2", "q3"], minimum=1, maximum=5)
    >>> files = [Source(n, files=f"{n}.csv", answers=Answers("q{}")) for n in ("north", "south")]
    >>> recipe = Recipe(scales=[calm], sources=files)
    >>> found = pl.DataFrame({"source": ["north"], "kind": ["key"], "item": ["q3"],
    ...                       "finding": ["turned_here"]})
    >>> corrected = apply_findings(recipe, found)
    >>> [each.answers[0].already_turned for each in corrected.sources]
    [(3,), 'none']
    """
    source = recipe.source_column if source is None else source
    frame = findings.findings if isinstance(findings, AuditResult) else findings
    if not isinstance(frame, pl.DataFrame):
        raise OptionError(
            f"findings is a {type(frame).__name__}, but it must be an audit or its findings."
        )
    absent = [name for name in (source, "kind", "item", "finding") if name not in frame.columns]
    if absent:
        raise DataError(
            f"The findings have no column {absent[0]!r}; audit with by={source!r}, or name the "
            f"column of sources with source=. {nearest(absent[0], frame.columns)}"
        )
    keys = frame.filter(pl.col("kind") == "key")
    written = keys.filter(pl.col("finding").is_in(_OF_SOURCES))
    _tell_unwritten(keys.filter(pl.col("finding").is_in(["turned_everywhere", "labels_reversed"])))
    names = [each.name for each in recipe.sources]
    turned: dict[str, list[str]] = {name: [] for name in names}
    for name, item in written.select(source, "item").unique(maintain_order=True).iter_rows():
        if name is not None and str(name) not in turned:
            raise DataError(
                f"The findings name the source {str(name)!r}, which the recipe has not. "
                f"{nearest(str(name), names)}"
            )
        for each in names if name is None else [str(name)]:
            turned[each].append(item)
    scales = recipe.resolved_scales()
    known = {item for scale in scales.values() for item in scale.items}
    for item in written["item"].drop_nulls():
        if item not in known:
            raise DataError(
                f"The findings name the item {item!r}, which no scale of the recipe has. "
                f"{nearest(item, known)}"
            )
    return replace(
        recipe,
        sources=tuple(_corrected(each, turned[each.name], scales) for each in recipe.sources),
    )


def _corrected(source: Source, items: Sequence[str], scales: Mapping[str, Scale]) -> Source:
    answers = []
    for each in source.answers:
        scale = scales[each.scale] if each.scale else next(iter(scales.values()))
        number = dict(zip(scale.items, scale.numbers, strict=True))
        own = {number[item] for item in items if item in number} - set(each.not_asked)
        turned = sorted(own ^ set(each.turned_on(scale)))
        answers.append(replace(each, already_turned=turned) if own else each)
    return replace(source, answers=tuple(answers))


def _tell_unwritten(keys: pl.DataFrame) -> None:
    if keys.height:
        told = ", ".join(
            f"{finding} ({item})" if item else finding
            for finding, item in keys.select("finding", "item").iter_rows()
        )
        warnings.warn(
            f"Not written into the recipe: {told}. A key that is wrong everywhere is corrected in "
            "the scale, and labels at the source.",
            CompassionWarning,
            stacklevel=3,
        )
