"""The files or the frame of a source, opened; the only place that reads."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError
from compassion_psy.harmonise.recipe import Recipe, Target, is_scale_file
from compassion_psy.harmonise.source import READING, DateWindow, Source
from compassion_psy.reading import read_survey, survey_files


@dataclass(frozen=True)
class Opened:
    """One file of a source, or its frame, of which so far only the columns are known."""

    label: str
    data: Any
    columns: tuple[str, ...]
    file: Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def read(self, columns: Sequence[str]) -> pl.DataFrame:
        """Return these columns.

        Raises
        ------
        DataError
            When one is absent.
        """
        try:
            return as_frame(self.data, columns)
        except DataError as error:
            raise DataError(f"{self.label}: {error}") from error

    def with_texts(self, columns: Sequence[str]) -> Opened:
        """Return the file with these columns as texts, as they are written there.

        Raises
        ------
        DataError
            When the file holds numbers that can be written in many ways.
        """
        try:
            return replace(self, data=read_survey(self.file, texts=columns, **self.options))
        except DataError as error:
            named = ", ".join(map(repr, columns))
            raise DataError(
                f"{self.label}: the files of the source differ in the types of {named}, texts in "
                "one and numbers in another, and these cannot be texts: make them alike."
            ) from error


def input_files(recipe: Recipe) -> list[Path]:
    """Return the files that a recipe reads: the exports of its sources, and its scales.

    Raises
    ------
    DataError
        When there is no such file, or its rows would count more than once.
    """
    files = [file for _, listed in _files_by_source(recipe) for file in listed]
    named = [each.scale for each in recipe.scales if isinstance(each, Target)]
    files += [Path(recipe.folder, f"{name}") for name in named if is_scale_file(name)]
    return files


def source_files(source: Source, folder: Path) -> list[Path]:
    """Return the files of a source.

    Raises
    ------
    DataError
        When there is no such file, or one is named twice.
    """
    first: dict[Path, str] = {}
    files = []
    for pattern in source.files:
        whole: Path | str = folder / pattern
        if not Path(whole).exists() and not Path(pattern).is_absolute():
            # Brackets in the name of the folder are no pattern.
            whole = os.path.join(glob.escape(os.fspath(folder)), pattern)  # noqa: PTH118
        for file in survey_files(whole)[0]:
            place = file.resolve()
            if place in first:
                raise DataError(
                    f"files names {file.name!r} twice, by {first[place]!r} and by {pattern!r}, and "
                    "its rows would count twice; name it once."
                )
            first[place] = pattern
            files.append(file)
    return files


def refuse_shared_files(recipe: Recipe) -> None:
    """Raise DataError where the same rows of a file would count at two sources.

    Sources may share a file where their windows of dates lie apart.
    """
    first: dict[Path, list[Source]] = {}
    for source, files in _files_by_source(recipe):
        for file in files:
            others = first.setdefault(file.resolve(), [])
            for other in others:
                if not _lie_apart(source.dates, other.dates):
                    raise DataError(
                        f"Source {source.name!r}: {file.name!r} is a file of source {other.name!r} "
                        "too, and its rows would count twice; name it at one source, or give both "
                        "windows of dates that lie apart."
                    )
            others.append(source)


def open_source(source: Source, folder: Path) -> list[Opened]:
    """Return the files of a source, or its frame.

    Raises
    ------
    DataError
        When a file cannot be read.
    """
    if source.frame is not None:
        return [Opened("frame", source.frame, _names(source.frame))]
    options = {key: getattr(source, key) for key in READING if getattr(source, key)}
    opened = []
    for file in source_files(source, folder):
        table = read_survey(file, **options)
        label = file.relative_to(folder) if file.is_relative_to(folder) else file
        opened.append(Opened(label.as_posix(), table, _names(table), file, options))
    return opened


def _files_by_source(recipe: Recipe) -> Iterator[tuple[Source, list[Path]]]:
    for source in recipe.sources:
        try:
            yield source, source_files(source, Path(recipe.folder))
        except DataError as error:
            raise DataError(f"Source {source.name!r}: {error}") from error


def _lie_apart(window: DateWindow | None, other: DateWindow | None) -> bool:
    if window is None or other is None or window.column != other.column:
        return False
    if window.undated == other.undated == "keep":
        return False
    return _ends_before(window, other) or _ends_before(other, window)


def _ends_before(window: DateWindow, other: DateWindow) -> bool:
    return bool(window.until and other.from_ and window.until < other.from_)


def _names(data: Any) -> tuple[str, ...]:
    if isinstance(data, pl.LazyFrame):
        try:
            return tuple(data.collect_schema().names())
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"The lazy frame cannot be computed: {reason}.") from error
    if isinstance(data, Mapping):
        return tuple(map(str, data))
    from_arrow = type(data).__module__.partition(".")[0] == "pyarrow"
    names = getattr(data, "column_names" if from_arrow else "columns", None)
    if names is None:
        raise DataError(f"the frame is a {type(data).__name__}; give a Polars frame.")
    return tuple(map(str, names))
