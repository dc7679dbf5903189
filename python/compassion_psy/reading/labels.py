"""Value labels: what the codes of a file mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.reading import redcap
from compassion_psy.reading.delimited import read_delimited
from compassion_psy.reading.labelled import load
from compassion_psy.reading.sources import FORMATS, ending_of, survey_files
from compassion_psy.reading.tables import ReadOptions

_SCHEMA = {
    "column": pl.String,
    "code": pl.String,
    "label": pl.String,
    "is_missing": pl.Boolean,
}


def read_labels(path: str | PathLike[str]) -> pl.DataFrame:
    """What do the codes in the columns of a file mean, and which of them mean no answer?

    Parameters
    ----------
    path : path-like
        A file of SPSS (.sav, .zsav) or Stata (.dta), or the data dictionary (.csv) of a REDCap
        project, in which the labels of a raw export are.

    Returns
    -------
    polars.DataFrame
        One row a code of a column: ``column``; ``code``, as one writes it ("1", "98", ".a" of
        Stata, "97 to 99" for a range of missing codes); ``label``, null for a missing code
        without one; ``is_missing``, whether the file declares that the code means no answer.

    Raises
    ------
    DataError
        When the file cannot be read or is of a format without labels.
    MissingExtraError
        When pyreadstat is needed and not installed.

    Notes
    -----
    In R: ``attributes(haven::read_sav(path, user_na = TRUE)$q1)``.

    Examples
    --------
    >>> import polars as pl
    >>> import pyreadstat
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from compassion_psy.reading import read_labels
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "survey.sav")
    ...     frame = pl.DataFrame({"q1": [1.0, 5.0, 98.0]})
    ...     labels = {"q1": {1: "low", 5: "high", 98: "refused"}}
    ...     pyreadstat.write_sav(
    ...         frame, path, variable_value_labels=labels, missing_ranges={"q1": [98]}
    ...     )
    ...     read_labels(path).rows()
    [('q1', '1', 'low', False), ('q1', '5', 'high', False), ('q1', '98', 'refused', True)]
    """
    files, many = survey_files(path)
    if many:
        raise DataError(f"{path} stands for many files; give one file with labels.")
    file = files[0]
    kind = FORMATS[ending_of(file)]
    if kind == "labelled":
        rows = list(_labels(file))
    elif kind == "delimited":
        table = read_delimited(file, ReadOptions())
        if not redcap.is_dictionary(table.frame.collect_schema().names()):
            raise _no_labels(file)
        rows = list(redcap.dictionary_labels(table.frame.collect()))
    else:
        raise _no_labels(file)
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _no_labels(path: Path) -> DataError:
    return DataError(
        f"{path} has no value labels; give a file of SPSS or Stata, or the data dictionary of a "
        "REDCap project."
    )


def _labels(path: Path) -> Iterator[tuple[str, str, str | None, bool]]:
    stata = path.name.lower().endswith(".dta")
    # Stata's missing letters are found among the data only.
    about = load(path, user_missing=True, metadataonly=not stata)[1]
    for column in about.column_names:
        texts = about.variable_value_labels.get(column, {})
        ranges = [(each["lo"], each["hi"]) for each in about.missing_ranges.get(column, [])]
        for code, label in texts.items():
            letter = stata and isinstance(code, str)
            written = f".{code}" if letter else _written(code)
            yield column, written, label, letter or any(_within(code, each) for each in ranges)
        for low, high in ranges:
            if low != high:
                yield column, f"{_written(low)} to {_written(high)}", None, True
            elif low not in texts:
                yield column, _written(low), None, True
        for letter in about.missing_user_values.get(column, []):
            if letter not in texts:
                yield column, f".{letter}", None, True


def _within(code: object, limits: tuple[float | str, float | str]) -> bool:
    low, high = limits
    if isinstance(code, str) or isinstance(low, str) or isinstance(high, str):
        return code == low
    return isinstance(code, (int, float)) and low <= code <= high


def _written(code: float | str) -> str:
    if isinstance(code, str):
        return code
    if math.isinf(code):
        return "highest" if code > 0 else "lowest"
    return str(int(code)) if float(code).is_integer() else str(code)
