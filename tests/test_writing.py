"""Files: what can be read and written, and one clear sentence about what cannot."""

import csv
import json
import stat
from pathlib import Path

import polars as pl
import pytest
from compassion_psy.data.writing import check_writable, write_table
from compassion_psy.errors import DataError
from compassion_psy.reading import read_survey


def collected(path: Path, **options: list[str]) -> pl.DataFrame:
    return read_survey(path, **options).collect()


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"site": ["A", "B", None], "Q1": [1, None, 3], "Q2": [4, 5, 6]})


def test_written_tables_come_back(tmp_path: Path, frame: pl.DataFrame) -> None:
    for name in ("t.csv", "t.parquet"):
        write_table(frame, tmp_path / name)
        assert collected(tmp_path / name).equals(frame)
    write_table(frame.with_columns(x=float("nan")), tmp_path / "t.json")
    rows = json.loads((tmp_path / "t.json").read_text())
    assert rows[1] == {"site": "B", "Q1": None, "Q2": 5, "x": None}


def test_a_number_is_written_with_all_its_digits(tmp_path: Path) -> None:
    third = pl.DataFrame({"x": [1 / 3, 1e-17, 123456.123456789012]})
    for name in ("t.csv", "t.parquet"):
        write_table(third, tmp_path / name)
        assert collected(tmp_path / name).equals(third)
    write_table(third, tmp_path / "t.json")
    rows = json.loads((tmp_path / "t.json").read_text())
    assert [row["x"] for row in rows] == third["x"].to_list()


def test_formulas_are_disarmed_in_csv_and_numbers_left_alone(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "a=1", "", None]
    frame = pl.DataFrame({"=site": texts, "x": [-1.5] + [0.0] * 8, "n": [-2] + [0] * 8})
    frame = frame.with_columns(kind=pl.col("=site").cast(pl.Categorical))
    write_table(frame, tmp_path / "t.csv")
    read = pl.read_csv(tmp_path / "t.csv")
    safe = ["'=1+1", "'+1", "'-1", "'@A1", "'\t=1", "'\r=1", "a=1", "", None]
    assert read.columns == ["'=site", "x", "n", "kind"]
    assert read["'=site"].to_list() == safe
    assert read["kind"].to_list() == safe
    assert read["x"][0] == -1.5
    assert read["n"][0] == -2
    write_table(frame, tmp_path / "t.parquet")
    assert pl.read_parquet(tmp_path / "t.parquet")["=site"].to_list() == texts


def test_a_formula_behind_a_semicolon_stays_inside_its_cell(tmp_path: Path) -> None:
    texts = ["x;=1+1", 'a "b";=2', "line\n=3", "", None, "＝4", "＋5", "－6", "＠7"]
    frame = pl.DataFrame({"note;=1": texts, "passed": [True] * 9}).with_columns(
        day=pl.date(2024, 1, 31)
    )
    write_table(frame, tmp_path / "t.csv")
    # As a spreadsheet splits that separates at semicolons.
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@＝＋－＠" and cell]
    read = pl.read_csv(tmp_path / "t.csv", try_parse_dates=True)
    assert read.schema == frame.schema
    assert read["note;=1"].to_list() == [*texts[:5], "'＝4", "'＋5", "'－6", "'＠7"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    write_table(frame, path)
    before = path.read_bytes()

    def full(self: pl.DataFrame, file: Path, **options: str) -> None:
        file.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_csv", full)
    with pytest.raises(DataError, match="no space left on device"):
        write_table(frame, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_those_the_user_allows(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    (tmp_path / "plain").touch()
    write_table(frame, tmp_path / "t.csv")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "t.csv")]
    assert modes[0] == modes[1]


def test_where_nothing_can_be_written_is_said_beforehand(
    tmp_path: Path, frame: pl.DataFrame
) -> None:
    (tmp_path / "folder.csv").mkdir()
    for path, words in (
        (tmp_path / "t.xlsx", "ends in .csv, .parquet or .json"),
        (tmp_path / "absent" / "t.csv", "absent"),
        (tmp_path / "folder.csv", "folder"),
    ):
        for refuse in (check_writable, lambda path: write_table(frame, path)):
            with pytest.raises(DataError, match=words):
                refuse(path)
    check_writable(tmp_path / "t.json")


def test_a_link_stays_a_link_and_its_target_is_written(tmp_path: Path, frame: pl.DataFrame) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "far" / "target.csv")
    write_table(frame, link)
    assert link.is_symlink()
    assert collected(tmp_path / "far" / "target.csv").equals(frame)
    link.unlink()
    link.symlink_to(tmp_path / "absent" / "target.csv")
    with pytest.raises(DataError, match=r"no folder .*absent"):
        check_writable(link)
