"""Tables to files: CSV, Parquet and JSON."""

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from os import PathLike
from pathlib import Path

import polars as pl
from polars import selectors

from compassion_psy.errors import DataError

WRITABLE = (".csv", ".parquet", ".json")

# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = r"^([=+\-@＝＋－＠\t\r\n])"


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
    write_tables({Path(path): frame})


def write_tables(tables: Mapping[Path, pl.DataFrame]) -> None:
    """Write frames to files as :func:`write_table` does, each whole, or none of them.

    Parameters
    ----------
    tables : mapping
        File → what to write there.

    Raises
    ------
    DataError
        When an ending is not known or a file cannot be written.
    """
    endings = {path: _ending(path) for path in tables}
    # A link stays a link: what it leads to is replaced.
    places = {path: path.resolve() for path in tables}
    # Written beside their places and moved there when all are whole: a reader never sees half a
    # file, and never the new one of two that belong together beside the old other.
    unfinished = {
        path: place.with_name(f".{place.name}.{os.getpid()}.unfinished")
        for path, place in places.items()
    }
    path = Path()
    try:
        for path, frame in tables.items():
            _write(frame, unfinished[path], endings[path])
        for path, place in places.items():
            unfinished[path].replace(place)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {_first_line(error)}.") from error
    finally:
        for left in unfinished.values():
            with suppress(OSError):
                left.unlink()


def _write(frame: pl.DataFrame, path: Path, ending: str) -> None:
    if ending == ".parquet":
        frame.write_parquet(path)
    elif ending == ".json":
        frame.write_json(path)
    else:
        _quoted(_without_formulas(frame)).write_csv(path, quote_style="never")


def check_writable(path: str | PathLike[str]) -> None:
    """Raise DataError when `write_table` could not write to `path`, before work is put in."""
    path = Path(path)
    _ending(path)
    check_place(path)


def check_place(path: Path) -> None:
    """Raise DataError when there is no place for a file at `path`."""
    folder = path.resolve().parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise DataError(f"{path} cannot be written: there is no folder {folder}; create it.")
    if path.is_dir():
        raise DataError(f"{path} cannot be written: it is a folder; name a file.")


def _without_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    texts = selectors.by_dtype(pl.String, pl.Categorical, pl.Enum)
    guarded = frame.with_columns(texts.cast(pl.String).str.replace(_FORMULA, "'${1}"))
    return guarded.rename({name: re.sub(_FORMULA, r"'\1", name) for name in frame.columns})


def _quoted(frame: pl.DataFrame) -> pl.DataFrame:
    # Every text: a spreadsheet that separates at semicolons finds a formula inside x;=1 otherwise.
    # Polars would quote dates and truths too, which readers then take for texts.
    doubled = selectors.string().str.replace_all('"', '""', literal=True)
    texts = frame.with_columns(pl.format('"{}"', doubled).name.keep())
    return texts.rename({name: _quoted_name(name) for name in frame.columns})


def _quoted_name(name: str) -> str:
    return name if re.fullmatch(r"[\w.]+", name) else '"' + name.replace('"', '""') + '"'


def _ending(path: Path) -> str:
    for ending in WRITABLE:
        if path.name.lower().endswith(ending):
            return ending
    listed = f"{', '.join(WRITABLE[:-1])} or {WRITABLE[-1]}"
    raise DataError(f"{path} has an ending that is not known; name a file that ends in {listed}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or repr(error)).splitlines()[0].rstrip(".")
