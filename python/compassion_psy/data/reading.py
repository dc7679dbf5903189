"""Tables from and to files: CSV and Parquet in; CSV, Parquet and JSON out."""

import csv
import gzip
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from os import PathLike
from pathlib import Path

import polars as pl
from polars import selectors
from polars.exceptions import NoDataError, PolarsError

from compassion_psy.errors import DataError

READABLE = (".csv", ".csv.gz", ".parquet")
WRITABLE = (".csv", ".parquet", ".json")

# Rows looked at to tell the type of a column. Where a later row does not agree, all are looked at.
_LOOKED_AT = 10_000
# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = r"^([=+\-@\t\r\n])"


def read_table(
    path: str | PathLike[str], *, answers: Sequence[str] = (), texts: Sequence[str] = ()
) -> pl.DataFrame | pl.LazyFrame:
    """Read a table of answers from a CSV or Parquet file.

    Parameters
    ----------
    path : path-like
        A file that ends in .csv, .csv.gz or .parquet. CSV is comma-separated UTF-8 with a header
        row; an empty field is a missing value.
    answers : sequence of str
        Columns of a CSV file in which NA is a missing value too, as R writes it. In other columns
        NA may be a name: the country code of Namibia, say.
    texts : sequence of str
        Columns of a CSV file that are taken as they are written: the codes of sites, say, where 1,
        01 and 1.0 are three sites.

    Returns
    -------
    polars.DataFrame or polars.LazyFrame
        Lazy for Parquet, so that only the columns in use are read.

    Raises
    ------
    DataError
        When there is no such file, its ending is another one, or it cannot be read or is empty.
        When a row of a CSV file has fewer fields than the header.
    """
    path = Path(path)
    ending = _ending(path, READABLE)
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "there is no such file"
        raise DataError(f"{path} cannot be read: {reason}; check the path.")
    try:
        return _read_parquet(path) if ending == ".parquet" else _read_csv(path, answers, texts)
    except NoDataError:
        raise DataError(f"{path} is empty; give a file with a header row and answers.") from None
    except (PolarsError, OSError, csv.Error) as error:
        kind = "Parquet" if ending == ".parquet" else "CSV (comma-separated UTF-8 with a header)"
        raise DataError(f"{path} cannot be read as {kind}: {_first_line(error)}.") from error


def write_table(frame: pl.DataFrame, path: str | PathLike[str]) -> None:
    """Write `frame` to a CSV, Parquet or JSON file, whole or not at all.

    In CSV, texts a spreadsheet would run as a formula get an apostrophe in front. Where `path` is a
    link, the file it leads to is written.

    Parameters
    ----------
    frame : polars.DataFrame
        What to write.
    path : path-like
        A file that ends in .csv, .parquet or .json; one that exists is replaced.

    Raises
    ------
    DataError
        When the ending is another one or the file cannot be written.
    """
    path = Path(path)
    ending = _ending(path, WRITABLE)
    # A link stays a link: what it leads to is replaced.
    place = path.resolve()
    # Written beside its place and moved there when whole: a reader never sees half a file.
    unfinished = place.with_name(f".{place.name}.{os.getpid()}.unfinished")
    try:
        if ending == ".parquet":
            frame.write_parquet(unfinished)
        elif ending == ".json":
            frame.write_json(unfinished)
        else:
            _without_formulas(frame).write_csv(unfinished)
        unfinished.replace(place)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {_first_line(error)}.") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def check_writable(path: str | PathLike[str]) -> None:
    """Raise DataError when `write_table` could not write to `path`, before work is put in."""
    path = Path(path)
    _ending(path, WRITABLE)
    folder = path.resolve().parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise DataError(f"{path} cannot be written: there is no folder {folder}; create it.")
    if path.is_dir():
        raise DataError(f"{path} cannot be written: it is a folder; name a file.")


def _read_parquet(path: Path) -> pl.LazyFrame:
    frame = pl.scan_parquet(path, glob=False)
    if frame.select(pl.len()).collect().item() == 0:
        raise DataError(f"{path} holds no rows; give a file with answers.")
    return frame


def _read_csv(path: Path, answers: Sequence[str], texts: Sequence[str]) -> pl.DataFrame:
    names = pl.scan_csv(path, glob=False, infer_schema=False).collect_schema().names()
    _refuse_other_separators(path, names)
    _refuse_repeated_names(path, names)
    missing = {name: "NA" for name in answers if name in names}
    as_written = {name: pl.String() for name in texts if name in names}

    def read(looked_at: int | None) -> pl.DataFrame:
        return pl.scan_csv(
            path,
            glob=False,
            null_values=missing,
            schema_overrides=as_written,
            infer_schema_length=looked_at,
        ).collect()

    try:
        frame = read(_LOOKED_AT)
    except PolarsError:
        frame = read(None)
    if frame.is_empty():
        raise DataError(f"{path} holds a header but no rows; give a file with answers.")
    # Polars fills a short row with nulls; the last of its fields is then one of them.
    if frame.width > 1 and frame[:, -1].null_count():
        _refuse_short_rows(path, frame.width)
    return frame


def _refuse_short_rows(path: Path, width: int) -> None:
    """Raise DataError for the first row that has fewer than `width` fields."""
    line = pl.col("line")
    few = line.str.count_matches(",", literal=True) < width - 1
    # A comma or a line's end in quotes ends no field, which only a slower reader can tell.
    suspicious = (few | line.str.contains('"', literal=True)).any()
    if not pl.scan_lines(path, name="line", glob=False).select(suspicious).collect().item():
        return
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        for number, fields in enumerate(csv.reader(file)):
            if len(fields) < width:
                raise DataError(
                    f"{path}: row {number} (counted from 1, below the header) has {len(fields)} "
                    f"fields, but the header names {width} columns; write a comma for each field, "
                    "also where it is empty, and leave out empty lines."
                )


def _refuse_other_separators(path: Path, names: list[str]) -> None:
    for separator, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise DataError(f"{path} is separated by {word}; save it separated by commas.")


def _refuse_repeated_names(path: Path, names: list[str]) -> None:
    # Polars renames the second of two columns with one name; an analyst has to choose one.
    for name in names:
        original = re.sub(r"_duplicated_\d+$", "", name)
        if original != name and original in names:
            raise DataError(f"{path} has two columns named {original!r}; rename one.")


def _without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    texts = selectors.by_dtype(pl.String, pl.Categorical, pl.Enum)
    guarded = frame.with_columns(texts.cast(pl.String).str.replace(_FORMULA, "'${1}"))
    return guarded.rename({name: re.sub(_FORMULA, r"'\1", name) for name in frame.columns})


def _ending(path: Path, known: tuple[str, ...]) -> str:
    for ending in known:
        if path.name.lower().endswith(ending):
            return ending
    listed = f"{', '.join(known[:-1])} or {known[-1]}"
    raise DataError(f"{path} has an ending that is not known; name a file that ends in {listed}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
