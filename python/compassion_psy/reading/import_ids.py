"""The questions behind the columns of an export of Qualtrics."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import polars as pl

from compassion_psy.errors import DataError
from compassion_psy.reading import qualtrics
from compassion_psy.reading.delimited import open_delimited


def read_import_ids(
    path: str | PathLike[str], *, encoding: str = "utf-8", separator: str | None = None
) -> pl.DataFrame:
    r"""Which question of the survey does each column of a Qualtrics export come from?

    Column names can be changed in Qualtrics; the import identifier of a question cannot, so it
    links exports of different years.

    Parameters
    ----------
    path : path-like
        A CSV or TSV export.
    encoding, separator : str
        As in :func:`compassion_psy.read_survey`.

    Returns
    -------
    polars.DataFrame
        One row a column, in their order: ``column``, ``import_id``.

    Raises
    ------
    DataError
        When the file cannot be read or its third row does not hold import identifiers.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from compassion_psy.reading import read_import_ids
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "export.csv")
    ...     text = 'calm_1\nI ...\n"{""ImportId"":""QID3_1""}"\n4\n'
    ...     _ = path.write_text(text, encoding="utf-8")
    ...     read_import_ids(path).row(0)
    ('calm_1', 'QID3_1')
    """
    path = Path(path)
    rows = open_delimited(path, encoding=encoding, separator=separator).first_rows
    if not qualtrics.is_export(rows):
        raise DataError(
            f"{path} has no import identifiers in its third row, so it is no Qualtrics export; "
            "export the answers from Qualtrics as CSV again."
        )
    found = [qualtrics.import_id(cell) for cell in rows[2]]
    return pl.DataFrame(
        {"column": rows[0], "import_id": found}, schema_overrides={"column": pl.String}
    )
