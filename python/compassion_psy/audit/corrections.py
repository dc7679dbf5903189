"""What an audit found, written into the recipe of the data."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import polars as pl

from compassion_psy.audit.result import AuditResult
from compassion_psy.errors import CompassionWarning, DataError, OptionError, nearest

# A key that is wrong everywhere is a matter of the scale, not of a source.
_OF_SOURCES = ("turned_here", "turned_twice", "not_turned")


class Source(Protocol):
    """A source of a recipe: a dataclass with its name and the items it has turned already."""

    @property
    def name(self) -> str:
        """The value that names the source in the data."""

    @property
    def already_turned(self) -> Sequence[str]:
        """Columns of the items that the source has turned before the data came here."""


class Recipe(Protocol):
    """A recipe: a dataclass with its sources."""

    @property
    def sources(self) -> Sequence[Any]:
        """Its sources, each a :class:`Source`."""


AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


def apply_findings(
    recipe: AnyRecipe, findings: AuditResult | pl.DataFrame, *, source: str = "source"
) -> AnyRecipe:
    """Return the recipe with what an audit found about turned items; look at the findings first.

    An item found turned at a source is added to the ``already_turned`` items of that source; one
    that is already there is taken out, for there it does harm. A finding about all sources together
    ("turned_twice" without a source) goes to each. The recipe that was given is unchanged, and so
    are the data until they are harmonised again. Leave findings out by filtering the frame.

    Parameters
    ----------
    recipe : Recipe
        A dataclass with ``sources``, each a dataclass with ``name`` and ``already_turned``.
    findings : AuditResult or polars.DataFrame
        An audit, or some rows of its findings.
    source : str
        The `by` column of the audit that holds the names of the recipe's sources.

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
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class File:
    ...     name: str
    ...     already_turned: tuple[str, ...] = ()
    >>> @dataclass(frozen=True)
    ... class Files:
    ...     sources: tuple[File, ...]
    >>> found = pl.DataFrame({"source": ["north"], "kind": ["key"], "item": ["q3"],
    ...                       "finding": ["turned_here"]})
    >>> apply_findings(Files((File("north"), File("south"))), found).sources[0]
    File(name='north', already_turned=('q3',))
    """
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
    sources = type(recipe.sources)(  # type: ignore[call-arg]
        replace(each, already_turned=_toggled(each, turned[each.name])) if turned[each.name]
        else each
        for each in recipe.sources
    )  # fmt: skip
    return replace(recipe, sources=sources)  # type: ignore[type-var]


def _toggled(source: Source, items: Sequence[str]) -> tuple[str, ...]:
    kept = [item for item in source.already_turned if item not in items]
    return (*kept, *(item for item in items if item not in source.already_turned))


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
