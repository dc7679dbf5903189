"""What did people answer, in whatever file the answers came?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import polars as pl

from compassion_psy.errors import OptionError
from compassion_psy.reading.columnar import read_ipc, read_parquet
from compassion_psy.reading.combine import put_together
from compassion_psy.reading.database import is_relation, read_query, read_relation
from compassion_psy.reading.delimited import read_delimited
from compassion_psy.reading.json_lines import read_json_lines
from compassion_psy.reading.labelled import read_labelled
from compassion_psy.reading.sources import FORMATS, ending_of, site_names, survey_files
from compassion_psy.reading.spreadsheet import read_spreadsheet
from compassion_psy.reading.tables import ReadOptions, SourceTable

_READERS: dict[str, Callable[[Path, ReadOptions], SourceTable]] = {
    "delimited": read_delimited,
    "parquet": read_parquet,
    "ipc": read_ipc,
    "spreadsheet": read_spreadsheet,
    "labelled": read_labelled,
    "json_lines": read_json_lines,
}


def read_survey(
    source: Any,
    *,
    columns: Sequence[str] | None = None,
    answers: Sequence[str] = (),
    texts: Sequence[str] = (),
    site_column: str = "file",
    labels: bool = False,
    user_missing: Literal["null", "keep"] = "null",
    sheet: str | None = None,
    encoding: str = "utf-8",
    separator: str | None = None,
    connection: Any = None,
) -> pl.LazyFrame:
    r"""What did people answer, in whatever file the answers came?

    The ending of a file tells its format. Parquet, Arrow, JSON lines, delimited text and DuckDB
    relations are read when the frame is used, and only the columns in use; ``.collect()`` gives a
    frame to look at. Files are checked at once.

    Parameters
    ----------
    source : path-like, str or DuckDB relation
        A file: .csv, .tsv, .txt (each column separated alike; .csv and .tsv also with .gz),
        .parquet, .arrow, .feather, .xlsx, .xls, .sav, .zsav, .dta, .jsonl, .ndjson. A folder of
        such files, or a pattern ("sites/*.sav"): their rows are put together, in order of file
        names. With `connection`, a query in SQL.
    columns : sequence of str, optional
        The columns to read; all when not given.
    answers : sequence of str
        Columns that must hold numbers, however they are written, such as ``scale.items``. A text
        among them is an error that says where. NA is no answer.
    texts : sequence of str
        Columns that stay texts though they may look like numbers, such as wards.
    site_column : str
        Name of the column that says from which file of a folder or pattern a row is: its name
        without ending.
    labels : bool
        Whether codes of SPSS and Stata become their labels. Columns in which a code that occurs
        has no label keep their codes, with a warning. :func:`read_labels` has all labels.
    user_missing : {"null", "keep"}
        What becomes of codes that SPSS declares as missing (98 "refused"). Taken for an answer, a
        98 spoils every mean in silence, so they are null by default, as in SPSS and haven; a
        warning counts them. Stata's missing letters (.a) are null always.
    sheet : str, optional
        The sheet of a workbook; needed where it has several.
    encoding : str
        That of delimited text; others than UTF-8 are decoded in memory.
    separator : str, optional
        That of delimited text. When not given, it is the one of comma, semicolon and tab that the
        header has; an error where it has two.
    connection : str or connection, optional
        A database to send `source` to: an address ("sqlite:survey.db", "postgresql://..."),
        through ADBC, or an open connection of ADBC, DuckDB or another driver that Polars knows.

    Returns
    -------
    polars.LazyFrame
        One row a person, as every function of this package takes it.

    Raises
    ------
    DataError
        When a file is absent, cut off, of another kind or encoding, without rows, has two columns
        of one name or a row of another length, or lacks a column that is named; when files of a
        folder differ in columns or types; when the database refuses.
    OptionError
        When an option is outside its limits.
    MissingExtraError
        When the format needs a package that is not installed.

    Warns
    -----
    CompassionWarning
        Where user-missing codes became null, and where labels were not used.

    See Also
    --------
    read_labels : what codes mean.
    compassion_psy.reading.read_import_ids : questions behind the columns of a Qualtrics export.

    Notes
    -----
    *Delimited text* knows no types. A column becomes numbers only when nothing is lost by it: no
    leading zeros, no 1.1 beside 1.10, no more digits than a number keeps, exponents with their
    sign. So wards 01 and 1.10 stay texts, and 1E5 the name of a ward. NA and blanks among
    numbers are null, as R and SPSS mean them; in texts NA stays, which may be Namibia. In files
    separated by semicolons 3,5 is a number. In a folder, what is a code in one file is text in
    all.

    *Qualtrics*: the rows below the names, with question texts and import identifiers, are told by
    the latter and left out. *REDCap*: raw exports are ordinary CSV, with a column x___1 for each
    choice of a checkbox, 0 where it is not ticked and also where it was never asked; in exports
    with labels the repeated "Complete?" become "Complete?", "Complete? 2", ... *Workbooks*: names
    are in the first row with entries; cells with errors (#N/A) are null. *JSON lines*: a key that
    an object lacks is null.

    Whole numbers that SPSS, Stata and Excel store as floats become integers.

    In R: ``haven::read_sav``, ``haven::read_dta``, ``readxl::read_excel``, ``read.csv``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from compassion_psy.reading import read_survey
    >>> with TemporaryDirectory() as folder:
    ...     for site, answers in (("north", "01;1;5"), ("south", "12;2;4")):
    ...         _ = Path(folder, f"{site}.csv").write_text(f"ward;q1;q2\n{answers}\n")
    ...     read_survey(folder, answers=["q1", "q2"]).collect().rows()
    [('north', '01', 1, 5), ('south', '12', 2, 4)]
    """
    options = ReadOptions(
        columns=_names("columns", columns),
        labels=labels,
        user_missing=user_missing,
        sheet=sheet,
        encoding=encoding,
        separator=separator,
    )
    if user_missing not in ("null", "keep"):
        raise OptionError(f"user_missing is {user_missing!r}, but it must be 'null' or 'keep'.")
    sites = None
    if connection is not None:
        tables = [read_query(source, connection, options)]
    elif is_relation(source):
        tables = [read_relation(source, options)]
    elif isinstance(source, (str, PathLike)):
        files, many = survey_files(source)
        sites = site_names(files) if many else None
        tables = []
        for file in files:  # no comprehension: warnings count the calls up to the user's
            tables.append(_READERS[FORMATS[ending_of(file)]](file, options))
    else:
        raise OptionError(
            f"source is a {type(source).__name__}, but it must be a path; frames need no reading."
        )
    return put_together(
        tables,
        sites=sites,
        site_column=site_column,
        answers=_names("answers", answers) or (),
        texts=_names("texts", texts) or (),
    )


def _names(option: str, names: Sequence[str] | None) -> tuple[str, ...] | None:
    if names is None:
        return None
    # A text is a sequence too: of letters, which nobody means.
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise OptionError(f"{option} is {names!r}, but it must be a list of names of columns.")
    return tuple(names)
