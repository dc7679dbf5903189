"""Files: what can be read and written, and one clear sentence about what cannot."""

import gzip
import json
import stat
from pathlib import Path

import polars as pl
import pytest
from compassion_psy.data.reading import check_writable, read_table, write_table
from compassion_psy.errors import DataError


def collected(path: Path, **options: list[str]) -> pl.DataFrame:
    return read_table(path, **options).lazy().collect()


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"site": ["A", "B", None], "Q1": [1, None, 3], "Q2": [4, 5, 6]})


def test_csv_gzip_and_parquet_hold_the_same_table(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_csv(tmp_path / "t.csv")
    (tmp_path / "t.CSV.gz").write_bytes(gzip.compress((tmp_path / "t.csv").read_bytes()))
    frame.write_parquet(tmp_path / "t.parquet")
    for name in ("t.csv", "t.CSV.gz", "t.parquet"):
        assert collected(tmp_path / name).equals(frame)
    assert isinstance(read_table(tmp_path / "t.parquet"), pl.LazyFrame)


def test_na_is_missing_in_answers_only(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('Q1,country\n1,NA\nNA,"NA"\n"NA",DE\n')
    table = collected(path, answers=["Q1", "absent"])
    assert table["Q1"].to_list() == [1, None, None]
    assert table["country"].to_list() == ["NA", "NA", "DE"]


def test_a_late_fraction_or_word_decides_the_type_of_its_column(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 20_000 + "1.5,x\n")
    assert collected(path).dtypes == [pl.Float64, pl.String]


def test_a_name_with_wildcards_is_one_file(tmp_path: Path) -> None:
    for name in ("survey[1].csv", "survey1.csv"):
        (tmp_path / name).write_text(f"Q1\n{len(name)}\n")
    assert collected(tmp_path / "survey[1].csv").item() == len("survey[1].csv")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"Q1,Q2\n", "no rows"),
        ("t.csv", b"Q1;Q2\n1;2\n", "separated by semicolons"),
        ("t.csv", b"Q1\tQ2\n1\t2\n", "separated by tabs"),
        ("t.csv", b"Q1,Q1\n1,2\n", "two columns named 'Q1'"),
        ("t.csv", b"Q1,Q2\n1,2,3\n", "cannot be read as CSV"),
        ("t.csv", b"Q1,Q2\n1,\xfc\n", "cannot be read as CSV (comma-separated UTF-8"),
        ("t.csv.gz", gzip.compress(b"Q1\n" + b"1\n" * 9999)[:40], "cannot be read as CSV"),
        ("t.parquet", b"", "cannot be read as Parquet"),
        ("t.parquet", b"Q1,Q2\n1,2\n" * 9, "cannot be read as Parquet"),
        ("t.xlsx", b"", "ends in .csv, .csv.gz or .parquet"),
        ("t", b"", "ends in .csv, .csv.gz or .parquet"),
    ],
)
def test_unreadable_files_are_explained(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        collected(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert words in message
    assert "\n" not in message


def test_absent_files_folders_and_empty_parquet_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_table(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a folder"):
        read_table(tmp_path / "folder.csv")
    pl.DataFrame({"Q1": []}).write_parquet(tmp_path / "empty.parquet")
    with pytest.raises(DataError, match="no rows"):
        read_table(tmp_path / "empty.parquet")


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


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, frame: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.csv"
    write_table(frame, path)
    before = path.read_bytes()

    def full(self: pl.DataFrame, file: Path) -> None:
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


def test_codes_of_sites_are_read_as_they_are_written(tmp_path: Path) -> None:
    codes = ["01", "1", "007", "1.1", "1.10", "1e5"]
    path = tmp_path / "t.csv"
    path.write_text("site,Q1\n" + "".join(f"{code},3\n" for code in codes))
    table = collected(path, answers=["Q1"], texts=["site", "absent"])
    assert table["site"].to_list() == codes
    assert table["Q1"].dtype == pl.Int64


@pytest.mark.parametrize(
    ("content", "row", "fields"),
    [
        ("a,b,c\n1,2,3\n4,5\n", 2, 2),
        ("a,b,c\n1,2,3\n\n4,5,6\n", 2, 0),
        ('a,b,c\n"1,1",2,\n"x\ny",2,3\n"1,2",4\n', 3, 2),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_row_with_too_few_fields_is_refused(
    tmp_path: Path, name: str, content: str, row: int, fields: int
) -> None:
    data = content.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    with pytest.raises(DataError, match=rf"row {row} \(.*\) has {fields} fields.* names 3 columns"):
        read_table(tmp_path / name)


def test_a_row_with_empty_fields_is_not_too_short(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b,c\r\n"1,5",2,\r\n,,\r\n"x\ny",,""\r\n')
    assert collected(path)["a"].to_list() == ["1,5", None, "x\ny"]
    path.write_text("a\n1\n\n3\n")
    assert collected(path)["a"].to_list() == [1, None, 3]


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
