"""Delimited text against Python's csv module, which reads it in its own way."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from compassion_psy.errors import DataError
from compassion_psy.reading import read_survey
from hypothesis import given
from hypothesis import strategies as st

NAMES = ["one", "two", "three"]
FIELDS = st.text("a0 ,;\t\n\"'é|", max_size=6)
ROWS = st.lists(st.lists(FIELDS, min_size=3, max_size=3), min_size=1, max_size=6)


def written(folder: str, rows: list[list[str]], separator: str) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerows([NAMES, *rows])
    path = Path(folder, "t.csv")
    path.write_bytes(text.getvalue().encode())
    return path


@given(ROWS, st.sampled_from(",;\t"))
def test_every_field_comes_back(rows: list[list[str]], separator: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        frame = read_survey(written(folder, rows, separator), texts=NAMES).collect()
    assert frame.rows() == [tuple(field or None for field in row) for row in rows]


@given(ROWS, st.data(), st.sampled_from(",;\t"))
def test_a_row_of_another_length_is_refused(
    rows: list[list[str]], data: st.DataObject, separator: str
) -> None:
    row = data.draw(st.integers(0, len(rows) - 1))
    rows[row] = [*rows[row], "x"] if data.draw(st.booleans()) else rows[row][:2]
    with tempfile.TemporaryDirectory() as folder:
        path = written(folder, rows, separator)
        with pytest.raises(DataError, match=f"{len(rows[row])} fields in row {row + 1} "):
            read_survey(path)
