"""Tables to files: CSV, Parquet and JSON."""

import os
import re
from contextlib import suppress
from os import PathLike
from pathlib import Path

import polars as pl
from polars import selectors

from compassion_psy.errors import DataError

WRITABLE = (".csv", ".parquet", ".json")

# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = r"^([=+\-@\t\r\n])"


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
    ending = _ending(path)
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
    _ending(path)
    folder = path.resolve().parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise DataError(f"{path} cannot be written: there is no folder {folder}; create it.")
    if path.is_dir():
        raise DataError(f"{path} cannot be written: it is a folder; name a file.")


def _without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    texts = selectors.by_dtype(pl.String, pl.Categorical, pl.Enum)
    guarded = frame.with_columns(texts.cast(pl.String).str.replace(_FORMULA, "'${1}"))
    return guarded.rename({name: re.sub(_FORMULA, r"'\1", name) for name in frame.columns})


def _ending(path: Path) -> str:
    for ending in WRITABLE:
        if path.name.lower().endswith(ending):
            return ending
    listed = f"{', '.join(WRITABLE[:-1])} or {WRITABLE[-1]}"
    raise DataError(f"{path} has an ending that is not known; name a file that ends in {listed}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
