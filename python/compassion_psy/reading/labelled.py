"""Files of SPSS and Stata, through pyreadstat: codes with labels, and codes that mean missing."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import polars as pl

from compassion_psy.errors import CompassionWarning, missing_extra
from compassion_psy.reading.tables import (
    ReadOptions,
    SourceTable,
    no_rows,
    unreadable,
    wanted,
    without_idle_types,
)

_NAMED = 8
_STATA_END = b"</stata_dta>"


def read_labelled(path: Path, options: ReadOptions) -> SourceTable:
    """Return the columns that are wanted of a file of SPSS or Stata.

    User-missing codes become null, with a warning that counts them, or are kept.
    """
    names = load(path, metadataonly=True)[1].column_names
    columns = wanted(path, names, options)
    # Twice where there are missing codes: as they are, and with nulls in their place.
    frame, about = load(path, usecols=columns, user_missing=True)
    frame = frame.select(columns)
    if frame.is_empty():
        raise no_rows(path)
    if about.missing_ranges or about.missing_user_values:
        nulls = load(path, usecols=columns)[0].select(columns)
        # Stata's letters .a to .z are no numbers, so no column of numbers can keep them.
        letters = tuple(about.missing_user_values)
        changed = letters if options.user_missing == "keep" else tuple(columns)
        _tell_missing(path, frame, nulls, changed)
        frame = frame.with_columns(nulls.select(changed))
    if options.labels:
        frame = _with_labels(path, frame, about.variable_value_labels)
    return SourceTable(path, without_idle_types(frame).lazy())


def load(path: Path, **options: Any) -> tuple[pl.DataFrame, Any]:
    """Return a file of SPSS or Stata, and what it says about its columns.

    Raises
    ------
    DataError
        When the file is cut off or of another kind.
    MissingExtraError
        When pyreadstat is not installed.
    """
    try:
        import pyreadstat
    except ModuleNotFoundError as error:
        raise missing_extra("pyreadstat", "spss") from error
    stata = path.name.lower().endswith(".dta")
    kind = "a file of Stata" if stata else "a file of SPSS"
    read = pyreadstat.read_dta if stata else pyreadstat.read_sav
    try:
        if stata and _is_cut_off(path):
            raise unreadable(path, kind, "its end is not there")
        return read(path, output_format="polars", **options)
    except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
        raise unreadable(path, kind, error) from error


def _is_cut_off(path: Path) -> bool:
    # pyreadstat does not miss the end of a file, where the labels are.
    content = path.read_bytes()
    return content.startswith(b"<stata_dta>") and not content.rstrip().endswith(_STATA_END)


def _tell_missing(
    path: Path, frame: pl.DataFrame, nulls: pl.DataFrame, columns: Iterable[str]
) -> None:
    counts = {name: nulls[name].null_count() - frame[name].null_count() for name in columns}
    found = [f"{name!r} {count:,}" for name, count in counts.items() if count]
    if found:
        more = f", and {len(found) - _NAMED} columns more" if len(found) > _NAMED else ""
        warnings.warn(
            f"{path}: answers with a code that the file declares as missing became null: "
            f"{', '.join(found[:_NAMED])}{more}.",
            CompassionWarning,
            stacklevel=4,
        )


def _with_labels(path: Path, frame: pl.DataFrame, labels: dict[str, Any]) -> pl.DataFrame:
    kept = []
    for name, texts in labels.items():
        codes = frame[name].drop_nulls().unique(maintain_order=True)
        # One label for two codes would make two answers one.
        if len(set(texts.values())) == len(texts) and set(codes) <= set(texts):
            column = frame[name].replace_strict(
                codes, [texts[code] for code in codes], return_dtype=pl.String
            )
            frame = frame.with_columns(column)
        else:
            kept.append(repr(name))
    if kept:
        warnings.warn(
            f"{path}: columns in which a code has no label, or two codes have one, keep their "
            f"codes: {', '.join(kept)}.",
            CompassionWarning,
            stacklevel=4,
        )
    return frame
