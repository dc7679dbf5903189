"""cp.harmonise: one frame from the exports of several sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path

import polars as pl

from compassion_psy.errors import CompassionError, DataError, OptionError, nearest
from compassion_psy.harmonise.columns import item_columns
from compassion_psy.harmonise.items import harmonised_items
from compassion_psy.harmonise.join import check_names, joined
from compassion_psy.harmonise.kept import kept_column
from compassion_psy.harmonise.log import Log, log_frame
from compassion_psy.harmonise.reading import Opened, open_source, refuse_shared_files
from compassion_psy.harmonise.recipe import Recipe
from compassion_psy.harmonise.result import Harmonised
from compassion_psy.harmonise.rows import one_row_a_person, within_dates
from compassion_psy.harmonise.source import Kept, Source
from compassion_psy.scales import Scale


def harmonise(recipe: Recipe | str | PathLike[str]) -> Harmonised:
    """How do exports that do not line up become one frame, and what was changed on the way?

    Each source of the recipe goes through these steps, in this order; the log has what each did:

    ==============  =============================================================================
    ``read``        rows of each file
    ``left_out``    columns of the source that the recipe does not name
    ``dates``       rows outside the window of dates, dropped
    ``duplicates``  further rows of a person, dropped, or an error
    ``name``        a column gets its name in the harmonised frame
    ``labels``      texts become codes
    ``missing``     codes that mean no answer become empty
    ``outside``     answers outside the source's range: an error, or emptied where declared
    ``shift``       answers move to the range of the scale
    ``turn``        items that the source has reversed are turned back
    ``values``      values of kept columns become others
    ``absent``      columns that other sources have, empty
    ``joined``      rows that go into the harmonised frame
    ==============  =============================================================================

    The harmonised frame holds answers *as they were given*: an item that the source has reversed
    already is turned back, so that the scale's key turns it, once, at every source alike.

    Parameters
    ----------
    recipe : Recipe or path-like
        The recipe, or the TOML file that holds it.

    Returns
    -------
    Harmonised
        The frame, the log and the scales, whose columns are those of the frame; also as
        ``frame, log = cp.harmonise(recipe)``.

    Raises
    ------
    OptionError
        When the recipe contradicts itself, or does not fit its scales.
    DataError
        When a file cannot be read, a column is absent, or a value fits no rule: nothing is guessed.

    Notes
    -----
    An answer x of a source whose answers begin at m becomes x - m + minimum, and if the source has
    reversed it minimum + maximum - (x - m + minimum), with the range of the scale.

    Examples
    --------
    >>> import polars as pl
    >>> import compassion_psy as cp
    >>> from compassion_psy.harmonise import Answers, Recipe, Source, harmonise
    >>> calm = cp.Scale("calm", items=["calm1", "calm2"], minimum=1, maximum=3, reversed=["calm2"])
    >>> agreement = {"disagree": 1, "neither": 2, "agree": 3}
    >>> recipe = Recipe(
    ...     scales=[calm],
    ...     source_column="year",
    ...     sources=[
    ...         Source("2023", frame=pl.DataFrame({"a": ["Agree "], "b": ["disagree"]}),
    ...                answers=Answers(["a", "b"], labels=agreement)),
    ...         Source("2024", frame=pl.DataFrame({"q_1": [2, 9], "q_2": [2, 0]}),
    ...                answers=Answers("q_{}", minimum=0, missing_codes=[9], already_turned="all")),
    ...     ],
    ... )
    >>> frame, log = harmonise(recipe)
    >>> frame.rows()
    [('2023', 3, 1), ('2024', 3, 1), ('2024', None, 3)]
    >>> log.filter(pl.col("step") == "missing").select("column", "cells").rows()
    [('calm1', 1), ('calm2', 0)]
    """
    if not isinstance(recipe, Recipe):
        recipe = Recipe.read(recipe)
    scales = recipe.resolved_scales()
    check_names(recipe, scales)
    refuse_shared_files(recipe)
    logs = [Log(source.name) for source in recipe.sources]
    frames = []
    for source, log in zip(recipe.sources, logs, strict=True):
        try:
            frames.append(_harmonised(source, scales, recipe, log))
        except CompassionError as error:
            raise type(error)(f"Source {source.name!r}: {error}") from error
    return Harmonised(joined(frames, recipe, scales, logs), log_frame(logs), tuple(scales.values()))


def _harmonised(
    source: Source, scales: Mapping[str, Scale], recipe: Recipe, log: Log
) -> pl.DataFrame:
    """Return the rows of one source, with its kept columns and its items."""
    opened = open_source(source, Path(recipe.folder))
    present = opened[0].columns
    answers = [(each, _scale_of(each.scale, scales)) for each in source.answers]
    if len({scale.name for _, scale in answers}) < len(answers):
        raise OptionError("it has two answers tables for one scale; keep one.")
    columns = [item_columns(each, scale, present) for each, scale in answers]
    kept = {name: each for name, each in source.keep.items() if isinstance(each, Kept)}
    needed = [column for each in columns for column in each.values()]
    needed += [each.column for each in kept.values()]
    if source.dates:
        needed.append(source.dates.column)
    if source.duplicates:
        needed += [*source.duplicates.by, *source.duplicates.order]
    frame = _read(opened, list(dict.fromkeys(needed)), log)
    if source.dates:
        frame = within_dates(frame, source.dates, log)
    if source.duplicates:
        frame = one_row_a_person(frame, source.duplicates, log)
    items = [
        harmonised_items(frame, by_number, each, scale, log)
        for by_number, (each, scale) in zip(columns, answers, strict=True)
    ]
    others = frame.select(
        kept_column(frame[each.column], name, each, log) for name, each in kept.items()
    )
    name = pl.Series(recipe.source_column, [source.name]).new_from_index(0, frame.height)
    return pl.DataFrame([name, *others, *(column for part in items for column in part)])


def _scale_of(name: str, scales: Mapping[str, Scale]) -> Scale:
    if not name and len(scales) == 1:
        return next(iter(scales.values()))
    if not name:
        raise OptionError(f"answers must name their scale: {', '.join(map(repr, scales))}.")
    if name not in scales:
        raise OptionError(f"answers name the scale {name!r}. {nearest(name, scales)}")
    return scales[name]


def _mixed(frames: Sequence[pl.DataFrame], columns: Sequence[str]) -> list[str]:
    """Return the columns that hold texts in one file and numbers in another."""
    types = {name: [frame.schema[name] for frame in frames] for name in columns}
    return [
        name
        for name, found in types.items()
        if pl.String in found and any(dtype.is_numeric() for dtype in found)
    ]


def _read(opened: Sequence[Opened], columns: list[str], log: Log) -> pl.DataFrame:
    """Return these columns of all files, one below the other."""
    if not columns:
        raise OptionError("it has neither answers nor columns to keep; give it one of them.")
    frames = [each.read(columns) for each in opened]
    mixed = _mixed(frames, columns)
    if mixed:
        # Alone, a file of wards 1.10 and 1.20 holds numbers: beside texts it is texts as written.
        frames = [
            each.with_texts(mixed).read(columns) if each.file else frame
            for each, frame in zip(opened, frames, strict=True)
        ]
    for each, frame in zip(opened, frames, strict=True):
        log.rows("read", frame.height, each.label)
    unused = dict.fromkeys(name for each in opened for name in each.columns if name not in columns)
    if unused:
        log.rows("left_out", 0, f"{len(unused)} columns: {', '.join(unused)}")
    try:
        return pl.concat(frames, how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"its files differ in the type of a column: {reason}.") from error
