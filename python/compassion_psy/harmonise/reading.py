"""The files or the frame of a source, opened; the only place that reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from compassion_psy.data.frames import as_frame
from compassion_psy.errors import DataError
from compassion_psy.harmonise.source import Source
from compassion_psy.reading import read_survey, survey_files


@dataclass(frozen=True)
class Opened:
    """One file of a source, or its frame, of which so far only the columns are known."""

    label: str
    data: Any
    columns: tuple[str, ...]

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


def open_source(source: Source, folder: Path) -> list[Opened]:
    """Return the files of a source, or its frame.

    Raises
    ------
    DataError
        When a file cannot be read.
    """
    if source.frame is not None:
        return [Opened("frame", source.frame, _names(source.frame))]
    opened = []
    for pattern in source.files:
        for file in survey_files(folder / pattern)[0]:
            table = read_survey(file)
            label = file.relative_to(folder) if file.is_relative_to(folder) else file
            opened.append(Opened(label.as_posix(), table, _names(table)))
    return opened


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
