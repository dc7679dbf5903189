"""Survey files that other programs wrote, see files/README.md."""

import io
import shutil
import sqlite3
import warnings
from datetime import date
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest
from compassion_psy.errors import CompassionWarning, DataError, OptionError
from compassion_psy.reading import read_import_ids, read_labels, read_survey
from polars.testing import assert_frame_equal

FILES = Path(__file__).parent / "files"

# What every program was given, see files/generate.py and files/generate.R.
COMMON = {
    "person": ["p1", "p2", "p3"],
    "ward": ["01", "10", "02"],
    "q1": [1, 5, None],
    "q2": [2, 2, 4],
    "score": [0.5, 12.25, 3.0],
}
FROM_R = {
    "person": ["p1", "p2", "p3", "p4"],
    "ward": ["01", "10", "1.10", "1.1"],
    "q1": [1, 5, 3, None],
    "q2": [2, 2, 4, 1],
    "score": [0.5, 12.25, 1e-05, 100000.0],
}


def rows(name: str, **options: object) -> pl.DataFrame:
    return read_survey(FILES / name, **options).collect()


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "pandas.csv", "duckdb.csv", "pandas.jsonl", "pandas.parquet", "pyarrow.parquet",
        "duckdb.parquet", "pyarrow.arrow", "pyarrow.feather", "openpyxl.xlsx", "gnumeric.xls",
    ],
)  # fmt: skip
def test_a_table_is_the_same_from_every_program(name: str) -> None:
    frame = rows(name)
    assert frame.to_dict(as_series=False) == COMMON
    assert frame.schema["q2"] == pl.Int64
    # pandas has no missing whole numbers: it makes such a column decimal.
    assert frame.schema["q1"] == (pl.Float64 if "pandas" in name else pl.Int64)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("r_write_csv.csv", {}),
        ("r_write_csv.csv.gz", {}),
        ("r_write_csv2.csv", {}),
        ("r_write_table.tsv", {}),
        ("r_latin1.csv", {"encoding": "latin-1"}),
        ("r_openxlsx.xlsx", {"sheet": "answers"}),
    ],
)
def test_a_table_is_the_same_in_every_way_r_writes_it(name: str, options: dict[str, str]) -> None:
    frame = rows(name, **options)
    assert frame.drop("country").to_dict(as_series=False) == FROM_R
    assert frame.schema["q1"] == pl.Int64
    # R writes a missing text and Namibia alike to text files, and apart to workbooks.
    missing = None if "xlsx" in name else "NA"
    assert frame["country"].to_list() == ["NA", "DE", missing, "Österreich"]


def test_only_the_columns_that_are_asked_for_are_read() -> None:
    for name in ("pandas.csv", "pandas.jsonl", "pandas.parquet", "pyarrow.arrow", "gnumeric.xls"):
        frame = rows(name, columns=["score", "person"])
        assert frame.columns == ["score", "person"]
        assert frame["score"].to_list() == COMMON["score"]
    with warnings.catch_warnings():
        # q1 has user-missing codes; they are not read, so there is nothing to tell.
        warnings.simplefilter("error")
        assert rows("haven.sav", columns=["day"])["day"][0] == date(2024, 1, 31)
    plan = read_survey(FILES / "pandas.parquet", columns=["q2"]).explain()
    assert "PROJECT 1/5" in plan


@pytest.mark.parametrize("name", ["haven.sav", "haven.zsav"])
def test_user_missing_codes_of_spss_become_null_and_are_counted(name: str) -> None:
    with pytest.warns(CompassionWarning, match=r"'q1' 1, 'q2' 2\.$") as caught:
        frame = rows(name)
    assert caught[0].filename == __file__
    assert frame["q1"].to_list() == [1, 5, None, None]
    assert frame["q2"].to_list() == [3, None, 1, None]
    assert frame["day"].to_list() == [
        date(2024, 1, 31), date(2024, 2, 1), None, date(2024, 2, 29)
    ]  # fmt: skip
    assert frame.schema["q1"] == pl.Int64
    assert frame.schema["score"] == pl.Float64
    kept = rows(name, user_missing="keep")
    assert kept["q1"].to_list() == [1, 5, 98, None]
    assert kept["q2"].to_list() == [3, 97, 1, 99]


def test_missing_texts_of_pspp_become_null_too() -> None:
    with pytest.warns(CompassionWarning, match="'person' 1, 'q2' 1"):
        frame = rows("pspp.sav")
    assert frame.rows() == [("p1", 1, 2, 0.5), ("p2", 5, None, 12.25), (None, None, 4, 3.0)]


def test_labels_stand_for_codes_where_each_code_has_one() -> None:
    with pytest.warns(CompassionWarning, match="keep their codes: 'q2'"):
        frame = rows("haven.sav", labels=True, user_missing="keep")
    assert frame["q1"].to_list() == ["low", "high", "refused", None]
    assert frame["q2"].to_list() == [3, 97, 1, 99]
    assert frame["q3"].to_list() == ["low", "middle", "high", "low"]
    assert frame["group"].to_list() == ["first", "second", "first", "second"]
    assert rows("r_foreign.dta", labels=True)["site"].to_list() == [
        "north", "south", "south", "north"
    ]  # fmt: skip


def test_missing_letters_of_stata_are_null_and_counted_whatever_is_asked() -> None:
    for kept in ("null", "keep"):
        with pytest.warns(CompassionWarning, match="'q1' 1"):
            frame = rows("haven.dta", user_missing=kept)
        assert frame["q1"].to_list() == [1, 5, None, None]
        assert frame["q2"].to_list() == [1, 2, 3, 2]


def test_labels_are_a_frame_with_missing_codes() -> None:
    spss = read_labels(FILES / "haven.sav")
    assert spss.columns == ["column", "code", "label", "is_missing"]
    assert spss.filter(pl.col("column") == "q1").drop("column").rows() == [
        ("1", "low", False), ("3", "middle", False), ("5", "high", False),
        ("98", "refused", True), ("99", "not asked", True),
    ]  # fmt: skip
    assert ("q2", "97 to highest", None, True) in spss.rows()
    assert ("group", "a", "first", False) in spss.rows()
    assert ("q2", "9", None, True) in read_labels(FILES / "pspp.sav").rows()
    assert ("q1", ".a", "refused", True) in read_labels(FILES / "haven.dta").rows()
    assert read_labels(FILES / "r_foreign.dta").rows() == [
        ("site", "1", "north", False), ("site", "2", "south", False)
    ]  # fmt: skip
    for name in ("pandas.parquet", "pandas.csv"):
        with pytest.raises(DataError, match="no value labels"):
            read_labels(FILES / name)
    with pytest.raises(DataError, match="many files"):
        read_labels(f"{FILES}/*.sav")


def test_blanks_of_spss_among_numbers_are_missing() -> None:
    assert rows("pspp.csv")["q1"].to_list() == [1, 5, None]


def test_the_headings_of_qualtrics_are_no_answers() -> None:
    frame = rows("qualtrics.csv")
    assert frame.select("ward", "calm_1", "calm_2").rows() == [
        ("01", 4, 2), ("10", 5, None), ("02", 1, 3)
    ]  # fmt: skip
    assert frame.schema["calm_1"] == pl.Int64
    ids = read_import_ids(FILES / "qualtrics.csv")
    assert ids["column"].to_list() == frame.columns
    assert ids.row(-1) == ("calm_2", "QID3_2")
    with pytest.raises(DataError, match="no import identifiers"):
        read_import_ids(FILES / "pandas.csv")


def test_one_answer_like_an_import_identifier_is_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,2\n"{""ImportId"":""QID1""}",3\n4,5\n')
    assert read_survey(path).collect().height == 3


def test_redcap_exports_raw_and_with_labels() -> None:
    raw = rows("redcap_DATA.csv")
    assert raw.select("calm1", "support___1", "support____9", "ward").rows() == [
        (4, 1, 0, "01"), (5, 0, 0, "10"), (1, 0, 1, "02")
    ]  # fmt: skip
    labelled = rows("redcap_DATA_LABELS.csv")
    assert labelled.width == raw.width
    assert labelled["Complete?"].to_list() == ["Complete", "Incomplete", "Complete"]
    assert labelled["Complete? 2"].to_list() == ["Complete", "Complete", "Unverified"]
    labels = read_labels(FILES / "redcap_DataDictionary.csv")
    assert ("calm2", "3", "Sometimes, now and then", False) in labels.rows()
    assert ("support____9", "1", "Not said", False) in labels.rows()
    assert set(labels["column"]) <= set(raw.columns)


def test_a_folder_is_put_together_with_the_names_of_its_files(tmp_path: Path) -> None:
    for name in ("pandas.csv", "gnumeric.xls", "pyarrow.parquet", "pandas.jsonl"):
        shutil.copy(FILES / name, tmp_path / f"site_{name}")
    shutil.move(tmp_path / "site_pandas.jsonl", tmp_path / "site_json.jsonl")
    (tmp_path / ".hidden").touch()
    (tmp_path / "~$site.xlsx").touch()
    frame = read_survey(tmp_path, columns=["ward", "q1", "q2"]).collect()
    sites = ["site_gnumeric", "site_json", "site_pandas", "site_pyarrow"]
    assert frame.columns == ["file", "ward", "q1", "q2"]
    assert frame["file"].to_list() == [site for site in sites for _ in range(3)]
    assert frame["q1"].to_list() == COMMON["q1"] * 4
    assert frame["ward"].to_list() == COMMON["ward"] * 4
    named = read_survey(f"{tmp_path}/*pa*", site_column="site").collect()
    assert named["site"].unique().sort().to_list() == sites[2:]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".arrow", ".xlsx"])
def test_a_name_with_wildcards_is_one_file(tmp_path: Path, ending: str) -> None:
    for number, name in enumerate(("survey1", "survey[1]")):
        frame = pl.DataFrame({"number": [number]})
        path = tmp_path / f"{name}{ending}"
        # As open files: with a name, some writers take it for a pattern.
        with path.open("wb") as file:
            if ending == ".csv":
                frame.write_csv(file)
            elif ending == ".jsonl":
                frame.write_ndjson(file)
            elif ending == ".parquet":
                frame.write_parquet(file)
            elif ending == ".arrow":
                frame.write_ipc(file)
            else:
                file.write(workbook(["number"], [number]))
    assert read_survey(path).collect().item() == 1


def test_files_in_folders_are_named_with_their_folders(tmp_path: Path) -> None:
    for site in ("north", "south"):
        (tmp_path / site).mkdir()
        (tmp_path / site / "answers.csv.gz").write_bytes(
            (FILES / "r_write_csv.csv.gz").read_bytes()
        )
    frame = read_survey(tmp_path / "*" / "*.gz").collect()
    assert frame["file"].unique(maintain_order=True).to_list() == ["north/answers", "south/answers"]


def test_a_code_at_one_site_is_text_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ward,q1,q2\n01,1,\n02,2,\n")
    (tmp_path / "b.csv").write_text("q1,ward,q2\n1.5,10,3\nNA,11,4\n")
    frame = read_survey(tmp_path).collect()
    assert frame.rows() == [
        ("a", "01", 1.0, None), ("a", "02", 2.0, None), ("b", "10", 1.5, 3), ("b", "11", None, 4)
    ]  # fmt: skip
    assert frame.dtypes == [pl.String, pl.String, pl.Float64, pl.Int64]


def test_declared_columns_are_what_they_are_declared(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ward,q1,q2,q3\n7,01,1.10,NA\n8,NA,1.1,NA\n")
    frame = read_survey(path, answers=["q1", "q2", "q3"], texts=["ward"]).collect()
    assert frame.rows() == [("7", 1, 1.1, None), ("8", None, 1.1, None)]
    frame.write_parquet(tmp_path / "t.parquet")
    frame.with_columns(ward=pl.col("ward").cast(pl.Int64)).write_parquet(tmp_path / "u.parquet")
    both = read_survey(tmp_path / "*.parquet", texts=["ward"]).collect()
    assert both["ward"].to_list() == ["7", "8"] * 2


@pytest.fixture
def answers_table() -> pl.DataFrame:
    return pl.DataFrame(COMMON)


def test_a_query_through_adbc_and_others(answers_table: pl.DataFrame) -> None:
    dbapi = pytest.importorskip("adbc_driver_sqlite.dbapi")
    query = "select * from survey"
    address = (FILES / "sqlite.db").as_posix()
    assert_frame_equal(
        read_survey(query, connection=f"sqlite:///{address}").collect(), answers_table
    )
    with dbapi.connect(address) as connection:
        found = read_survey(query, connection=connection, columns=["q2", "q1"]).collect()
    assert_frame_equal(found, answers_table.select("q2", "q1"))
    with sqlite3.connect(address) as other:
        assert_frame_equal(read_survey(query, connection=other).collect(), answers_table)
    other.close()


def test_a_relation_of_duckdb_is_lazy(answers_table: pl.DataFrame) -> None:
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(FILES / "duckdb.parquet"))
        frame = read_survey(relation, columns=["ward", "q1"])
        assert isinstance(frame, pl.LazyFrame)
        assert_frame_equal(frame.collect(), answers_table.select("ward", "q1"))


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("pandas.csv", {"columns": "q1"}, "columns is 'q1', but it must be a list"),
        ("pandas.csv", {"answers": "q1"}, "answers is 'q1', but it must be a list"),
        ("pandas.csv", {"separator": ",,"}, "separator is ',,', but it must be one sign"),
        ("pandas.csv", {"encoding": "latin-99"}, "encoding is 'latin-99', which is not known"),
        ("haven.sav", {"user_missing": "drop"}, "user_missing is 'drop'"),
    ],
)
def test_options_have_limits(source: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        rows(source, **options)


def test_a_frame_is_no_source() -> None:
    with pytest.raises(OptionError, match="source is a DataFrame"):
        read_survey(pl.DataFrame())


@pytest.mark.parametrize("blank", [1, 2, 20])
def test_names_below_blank_rows_of_a_workbook(tmp_path: Path, blank: int) -> None:
    workbook = openpyxl.Workbook()
    for row, values in enumerate([("q1", "q2"), (1, 2), (None, None), (3, 5)], start=blank + 1):
        for column, value in enumerate(values, start=1):
            workbook.active.cell(row, column, value)
    workbook.save(tmp_path / "t.xlsx")
    read = read_survey(tmp_path / "t.xlsx").collect()
    assert read.to_dict(as_series=False) == {"q1": [1, None, 3], "q2": [2, None, 5]}
