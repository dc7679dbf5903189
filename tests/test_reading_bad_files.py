"""Bad survey files: one clear sentence each."""

import gzip
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from compassion_psy.errors import DataError, MissingExtraError, OptionError
from compassion_psy.reading import read_survey

FILES = Path(__file__).parent / "files"


def refused(source: object, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_survey(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith((".", "?"))
    return message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"Q1,Q2\n", "no rows"),
        (b"Q1,Q1\n1,2\n", "two columns named 'Q1'"),
        (b"Q1,,\n1,2,3\n", "two columns without a name"),
        (b"Q1;Q2,Q3\n1;2,3\n", "commas and semicolons in its header"),
        (
            b"Q1,Q2\n1,\xfc\n",
            'not UTF-8 text; say which encoding it has, for example encoding="lat',
        ),
        ("Q1,Q2\n1,2\n".encode("utf-16"), 'read it with encoding="utf-16"'),
        (b"Q1,Q2\n1,2\n1\n", "1 fields in row 2 (rows counted from 1 below the header), but 2"),
        (b"Q1,Q2\n1,2\n1,2,3\n", "3 fields in row 2"),
        (b'Q1,Q2\n"a\nb",2\n"a, ""b",2,3\n', "3 fields in row 2"),
        (b"Q1,Q2\n1,2\n\n", "1 fields in row 2"),
        (b'Q1,Q2\n1,"2\n3,4\n', "has an odd number of quotation marks"),
    ],
)
def test_bad_csv(tmp_path: Path, content: bytes, words: str) -> None:
    for name, written in (("t.csv", content), ("t.csv.gz", gzip.compress(content))):
        path = tmp_path / name
        path.write_bytes(written)
        message = refused(path)
        assert message.startswith(str(path))
        assert words in message


def test_the_remedies_for_encoding_and_separator_work(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("Q1,Q2\n1,ü\n".encode("latin-1"))
    assert read_survey(path, encoding="latin-1").collect().row(0) == (1, "ü")
    path.write_bytes("Q1,Q2\n1,ü\n".encode("utf-16"))
    assert read_survey(path, encoding="utf-16").collect().row(0) == (1, "ü")
    assert "is not ascii text (byte " in refused(path, encoding="ascii")
    path.write_text("Q1;Q2,Q3\n1;2,3\n")
    assert read_survey(path, separator=";").collect().row(0) == (1, 2.3)


def test_a_cell_of_many_megabytes_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    huge = "x" * 20_000_000
    path.write_text(f'Q1,Q2\n1,"{huge}"\n2,b\n')
    frame = read_survey(path).collect()
    assert frame["Q1"].to_list() == [1, 2]
    assert frame["Q2"].str.len_bytes().to_list() == [20_000_000, 1]
    # A message holds the beginning only.
    assert len(refused(path, answers=["Q2"])) < 1000


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("r_write_csv.csv.gz", 60), ("pandas.parquet", 2000), ("pyarrow.arrow", 700),
        ("pyarrow.feather", 700), ("openpyxl.xlsx", 2500), ("gnumeric.xls", 700),
        ("haven.sav", 1135), ("haven.sav", 100), ("haven.zsav", 1100), ("haven.dta", 2903),
        ("haven.dta", 400), ("r_foreign.dta", 300), ("pandas.jsonl", 100),
        ("pandas.parquet", 0), ("haven.sav", 0), ("haven.dta", 0), ("openpyxl.xlsx", 0),
        ("pyarrow.arrow", 0),
    ],
)  # fmt: skip
def test_files_that_are_cut_off(tmp_path: Path, name: str, kept: int) -> None:
    path = tmp_path / name
    path.write_bytes((FILES / name).read_bytes()[:kept])
    message = refused(path)
    assert message.startswith(f"{path} cannot be read as ")
    assert "cut off" in message


def test_a_cut_off_csv_is_noticed_by_its_last_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes((FILES / "r_write_csv.csv").read_bytes()[:-30])
    assert "fields in row 4" in refused(path)


def test_files_without_rows(tmp_path: Path) -> None:
    empty = pl.DataFrame({"Q1": []}, schema={"Q1": pl.Int64})
    empty.write_parquet(tmp_path / "t.parquet")
    empty.write_ipc(tmp_path / "t.arrow")
    (tmp_path / "t.ndjson").touch()
    book = openpyxl.Workbook()
    book.active.append(["Q1"])
    book.save(tmp_path / "t.xlsx")
    book.active.delete_rows(1)
    book.save(tmp_path / "nothing.xlsx")
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5
    for path in files:
        assert refused(path) == f"{path} holds no rows of data; give a file with answers."


def test_a_text_among_answers_is_named_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Q1,Q2\n1,1\nNA,2\n3,often\n4,never\n")
    book = openpyxl.Workbook()
    for row in (["Q1", "Q2"], [1, 1], [None, 2], [3, "often"], [4, "never"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    for name in ("t.csv", "t.xlsx"):
        message = refused(tmp_path / name, answers=["Q1", "Q2"])
        assert "column 'Q2' has the text 'often' in row 3" in message
    pl.DataFrame({"Q2": [True], "day": [None]}).with_columns(day=pl.date(2024, 1, 1)).write_parquet(
        tmp_path / "t.parquet"
    )
    assert "column 'day' holds Date" in refused(tmp_path / "t.parquet", answers=["Q2", "day"])


def test_a_declared_column_that_is_not_there() -> None:
    for option in ("answers", "texts"):
        message = refused(FILES / "pandas.csv", **{option: ["Q1"]})
        assert "has no column 'Q1', which is declared. Did you mean 'q1'" in message
    with pytest.raises(OptionError, match="'q1' is in answers and in texts"):
        read_survey(FILES / "pandas.csv", answers=["q1"], texts=["q1"])


def test_a_late_text_in_a_workbook_is_not_lost(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Q1"], *([1] for _ in range(1500)), ["often"]):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    assert read_survey(tmp_path / "t.xlsx").collect()["Q1"][-1] == "often"
    assert "'often' in row 1501" in refused(tmp_path / "t.xlsx", answers=["Q1"])


def test_sheets_are_named_never_guessed(tmp_path: Path) -> None:
    path = FILES / "r_openxlsx.xlsx"
    assert "has 2 sheets; say which to read" in refused(path)
    assert "has no sheet 'answer'. Did you mean 'answers'?" in refused(path, sheet="answer")
    book = openpyxl.Workbook()
    book.active.append(["Q1", "Q1"])
    book.active.append([1, 2])
    book.save(tmp_path / "t.xlsx")
    assert "two columns named 'Q1'" in refused(tmp_path / "t.xlsx")


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "absent.csv")
    assert "give connection=" in refused("select * from survey")
    assert "matches no file" in refused(tmp_path / "*.csv")
    assert "holds no files" in refused(tmp_path)
    (tmp_path / "notes.docx").touch()
    assert "ending that is not known" in refused(tmp_path / "notes.docx")
    assert "notes.docx is no survey file by its ending" in refused(tmp_path)
    (tmp_path / "a").mkdir()
    assert "a is a folder" in refused(tmp_path)
    assert "no column 'Q1'. Did you mean 'q1'" in refused(FILES / "pandas.csv", columns=["Q1"])
    for name in ("haven.sav", "pandas.parquet", "gnumeric.xls", "pandas.jsonl"):
        assert "has no column 'q9'" in refused(FILES / name, columns=["q9"])


def test_files_of_a_folder_that_differ(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("q1,q2\n1,2\n")
    second.write_text("q1\n1\n")
    assert f"{second} has no column 'q2', which {first} has" in refused(tmp_path)
    second.write_text("q1,q2,q3\n1,2,3\n")
    assert f"{first} has no column 'q3', which {second} has" in refused(tmp_path)
    assert read_survey(tmp_path, columns=["q2", "q1"]).collect().height == 2
    second.write_text("q1,q2\n1,often\n")
    message = refused(tmp_path)
    assert f"Column 'q2' holds numbers in {first} but text in {second}" in message
    assert "answers=['q2']" in message
    assert str(second) in refused(tmp_path, answers=["q2"])
    assert read_survey(tmp_path, texts=["q2"]).collect()["q2"].to_list() == ["2", "often"]
    second.write_text("file,q1,q2\nx,1,2\n")
    first.write_text("file,q1,q2\nx,1,2\n")
    assert "has a column 'file' already" in refused(tmp_path)


def test_types_of_a_folder_that_differ_without_texts(tmp_path: Path) -> None:
    pl.DataFrame({"q1": [1]}).write_parquet(tmp_path / "a.parquet")
    pl.DataFrame({"q1": [True]}).write_parquet(tmp_path / "b.parquet")
    assert "numbers in" in (message := refused(tmp_path))
    assert "true and false in" in message
    (tmp_path / "b.parquet").unlink()
    (tmp_path / "c.csv").write_text("q1\n01\n")
    assert "codes such as 01 in" in refused(tmp_path)
    (tmp_path / "c.csv").unlink()
    pl.DataFrame({"q1": [1.5]}).write_parquet(tmp_path / "d.parquet")
    assert read_survey(tmp_path).collect()["q1"].to_list() == [1.0, 1.5]
    assert "declared as text but holds Float64" in refused(tmp_path, texts=["q1"])
    (tmp_path / "a.csv").write_text("q1\n1\n")
    assert "have one name" in refused(tmp_path)


def test_databases_that_refuse(tmp_path: Path) -> None:
    pytest.importorskip("adbc_driver_sqlite")
    address = f"sqlite:///{(FILES / 'sqlite.db').as_posix()}"
    assert "no such table: absent" in refused("select * from absent", connection=address)
    assert "returns no rows" in refused("select * from survey where q2 > 9", connection=address)
    survey = "select * from survey"
    assert "no column 'q3'" in refused(survey, connection=address, columns=["q3"])
    message = refused(survey, connection=address, answers=["q1", "person"])
    assert message.startswith("The query: column 'person' has the text 'p1' in row 1")
    with sqlite3.connect(FILES / "sqlite.db") as connection:
        assert 'near "selec"' in refused("selec", connection=connection)
    connection.close()
    with pytest.raises(OptionError, match="connection is a int"):
        read_survey("select 1", connection=3)
    with pytest.raises(OptionError, match="must be a query in SQL"):
        read_survey(Path("t.csv"), connection=address)


@pytest.mark.parametrize(
    ("package", "read", "extra"),
    [
        ("fastexcel", lambda: read_survey(FILES / "openpyxl.xlsx"), "excel"),
        ("pyreadstat", lambda: read_survey(FILES / "haven.dta"), "spss"),
        (
            "adbc_driver_sqlite",
            lambda: read_survey("select 1 as a", connection="sqlite::memory:"),
            "database",
        ),
        ("pyarrow", lambda: read_survey(duckdb.sql("select 1 as a")), "database"),
    ],
)
def test_an_absent_package_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, package: str, read: Callable[[], object], extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf'compassion_psy\[{extra}\]"$') as caught:
        read()
    assert str(caught.value).startswith(f"{package.replace('adbc_driver_', 'adbc-driver-')} is not")
