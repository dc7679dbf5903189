"""Harmonising counts every row once, and drops no person whose name nobody knows."""

import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale
from compassion_psy.harmonise import (
    Answers,
    DateWindow,
    Duplicates,
    Recipe,
    Source,
    harmonise,
)
from compassion_psy.harmonise.reading import input_files

CARE = Scale("care", items=["q1", "q2"], minimum=1, maximum=5)
ANSWERS = Answers(["q1", "q2"])


def recipe(*sources: Source, folder: Path | str = ".") -> Recipe:
    return Recipe(scales=[CARE], sources=sources, folder=folder)


def first_of(ids: list[Any], **options: Any) -> list[int]:
    """The rows that stay when the first row of a person counts; the answer to q1 is the row."""
    data = pl.DataFrame({"id": ids, "q1": range(1, len(ids) + 1), "q2": 1}, strict=False)
    duplicates = Duplicates("id", keep="first", **options)
    result = harmonise(recipe(Source("one", frame=data, answers=ANSWERS, duplicates=duplicates)))
    return result.frame["q1"].to_list()


@pytest.mark.parametrize(
    ("ids", "options", "rows"),
    [
        (["", "", "a", "a"], {}, [1, 2, 3]),
        ([" ", "\u00a0", "a", "a"], {}, [1, 2, 3]),
        ([float("nan"), float("nan"), 7.0, 7.0], {}, [1, 2, 3]),
        ([None, None, 7, 7], {}, [1, 2, 3]),
        ([0, 0, 7, 7], {}, [1, 3]),
        ([0, 0, 7, 7], {"missing_codes": [0]}, [1, 2, 3]),
        ([0, 0, None, 7], {"missing_codes": ["0"]}, [1, 2, 3, 4]),
        (["0", "0", "a", "a"], {"missing_codes": [0]}, [1, 2, 3]),
        (["NA", "na ", "a", "a"], {"missing_codes": ["NA"]}, [1, 2, 3]),
        (["NA", "NA", "a", "a"], {"missing_codes": []}, [1, 3]),
        (["NA", "a", "a"], {}, [1, 2]),
    ],
)
def test_nobody_is_dropped_for_having_no_name(
    ids: list[Any], options: dict[str, Any], rows: list[int]
) -> None:
    assert first_of(ids, **options) == rows


def test_whether_na_is_a_name_must_be_said() -> None:
    with pytest.raises(DataError, match=r"'id', .* is NA in 2 rows.*missing_codes = \[\"NA\"\]"):
        first_of(["NA", "NA", "a"])


@pytest.mark.parametrize("code", ["9", "9.0", " 9", "+9"])
def test_a_missing_code_that_is_written_as_text_counts_among_numbers(code: str) -> None:
    data = pl.DataFrame({"q1": [9, 2], "q2": [1, 9]})
    result = harmonise(
        recipe(Source("one", frame=data, answers=Answers(["q1", "q2"], missing_codes=[code])))
    )
    assert result.frame.select("q1", "q2").rows() == [(None, 1), (2, None)]
    assert result.log.filter(step="missing")["cells"].to_list() == [1, 1]


def test_a_missing_code_that_is_an_answer_is_refused_as_text_too() -> None:
    data = pl.DataFrame({"q1": [3, 2], "q2": [1, 3]})
    with pytest.raises(OptionError, match="missing code 3 is a possible answer"):
        harmonise(
            recipe(Source("one", frame=data, answers=Answers(["q1", "q2"], missing_codes=["3"])))
        )
    # Among labels "3" is a text beside them, and no answer.
    labels = Answers(["q1", "q2"], labels={"no": 1, "maybe": 3}, missing_codes=["3"])
    data = pl.DataFrame({"q1": ["3", "no"], "q2": ["maybe", "3"]})
    result = harmonise(recipe(Source("one", frame=data, answers=labels)))
    assert result.frame.select("q1", "q2").rows() == [(None, 3), (1, None)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("q1,q2,day\n1,2,2024-01-31\n3,4,2024-06-01\n")
    return tmp_path


@pytest.mark.parametrize("files", [["a.csv", "*.csv"], ["a.csv", "./a.csv"], ["?.csv", "b*"]])
def test_a_file_that_is_named_twice_is_refused(folder: Path, files: list[str]) -> None:
    source = Source("one", files=files, answers=ANSWERS)
    with pytest.raises(DataError, match=r"Source 'one': files names '[ab]\.csv' twice"):
        harmonise(recipe(source, folder=folder))


def test_a_link_is_the_file_it_leads_to(folder: Path) -> None:
    (folder / "c.csv").symlink_to("a.csv")
    with pytest.raises(DataError, match=r"files names 'c\.csv' twice"):
        harmonise(recipe(Source("one", files="*.csv", answers=ANSWERS), folder=folder))


def test_sources_share_a_file_only_where_no_row_counts_twice(folder: Path) -> None:
    def source(name: str, **window: Any) -> Source:
        dates = DateWindow("day", **window) if window else None
        return Source(name, files="a.csv", answers=ANSWERS, dates=dates)

    spring, summer = datetime.date(2024, 3, 31), datetime.date(2024, 4, 1)
    apart = [source("one", until=spring), source("two", from_=summer)]
    assert harmonise(recipe(*apart, folder=folder)).frame["q1"].to_list() == [1, 3]
    for sources in (
        [source("one"), source("two")],
        [source("one", until=spring), source("two")],
        [source("one", until=summer), source("two", from_=summer)],
        [source("one", until=spring, undated="keep"), source("two", from_=summer, undated="keep")],
    ):
        with pytest.raises(DataError, match=r"'two': 'a\.csv' is a file of source 'one' too"):
            harmonise(recipe(*sources, folder=folder))


def test_wards_of_several_files_are_told_apart_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "north.csv").write_text("ward,q1,q2\n1.1,1,1\n1.10,2,2\n")
    (tmp_path / "south.csv").write_text("ward,q1,q2\n1.10,3,3\n1.20,4,4\n")
    source = Source("all", files="*.csv", answers=ANSWERS, keep={"ward": "ward"})
    result = harmonise(recipe(source, folder=tmp_path))
    assert result.frame["ward"].to_list() == ["1.1", "1.10", "1.10", "1.20"]
    pl.DataFrame({"ward": [1.1], "q1": [5], "q2": [5]}).write_parquet(tmp_path / "west.parquet")
    source = Source("all", files=["n*.csv", "w*"], answers=ANSWERS, keep={"ward": "ward"})
    with pytest.raises(DataError, match=r"'all': west\.parquet: .* types of 'ward'.*make them"):
        harmonise(recipe(source, folder=tmp_path))


@pytest.mark.parametrize(("zone", "rows"), [("-0500", [1]), ("+0000", [1]), ("+0200", [1])])
def test_the_day_is_that_of_its_own_clock(zone: str, rows: list[int]) -> None:
    data = pl.DataFrame(
        {"at": [f"31.03.2024 23:30 {zone}", f"01.04.2024 00:30 {zone}"], "q1": [1, 2], "q2": 1}
    )
    dates = DateWindow("at", until=datetime.date(2024, 3, 31), format="%d.%m.%Y %H:%M %z")
    result = harmonise(recipe(Source("one", frame=data, answers=ANSWERS, dates=dates)))
    assert result.frame["q1"].to_list() == rows


def test_a_time_that_is_none_has_no_day() -> None:
    data = pl.DataFrame({"at": ["31.03.2024 99:30"], "q1": [1], "q2": 1})
    dates = DateWindow("at", until=datetime.date(2024, 3, 31), format="%d.%m.%Y %H:%M")
    with pytest.raises(DataError, match="are not dates written"):
        harmonise(recipe(Source("one", frame=data, answers=ANSWERS, dates=dates)))


@pytest.mark.parametrize("form", ["%d.%m", "%m/%Y", "%d.%m.%y", "%D", "%Y", "%H:%M", "d.m.Y"])
def test_a_format_must_tell_the_whole_day(form: str) -> None:
    with pytest.raises(OptionError, match="day, month and the four digits of the year"):
        DateWindow("day", until=datetime.date(2024, 3, 31), format=form)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%d.%m.%Y", "31.03.2024"), ("%F", "2024-03-31"), ("%Y-%j", "2024-091"),
        ("%e %B %Y", "31 March 2024"), ("%b %-d, %Y", "Mar 31, 2024"),
    ],
)  # fmt: skip
def test_formats_that_tell_the_day(form: str, text: str) -> None:
    data = pl.DataFrame({"at": [text], "q1": [1], "q2": 1})
    day = datetime.date(2024, 3, 31)
    dates = DateWindow("at", from_=day, until=day, format=form)
    result = harmonise(recipe(Source("one", frame=data, answers=ANSWERS, dates=dates)))
    assert result.frame.height == 1


def test_a_folder_may_have_brackets_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "wave [1]"
    folder.mkdir()
    (folder / "a.csv").write_text("q1,q2\n1,2\n")
    chosen = recipe(Source("one", files="*.csv", answers=ANSWERS), folder=folder)
    assert harmonise(chosen).frame.height == 1
    assert input_files(chosen) == [folder / "a.csv"]


def test_a_recipe_says_how_its_files_are_read(tmp_path: Path) -> None:
    content = 'q1|q2|note\n1|2|"Käthe, a; b"\n'
    (tmp_path / "a.csv").write_text(content, encoding="windows-1252")
    (tmp_path / "recipe.toml").write_text(
        '[[scales]]\nscale = "care.toml"\n[[sources]]\nname = "one"\nfiles = "a.csv"\n'
        'encoding = "windows-1252"\nseparator = "|"\nkeep = { note = "note" }\n'
        'answers = [{ columns = ["q1", "q2"] }]\n'
    )
    (tmp_path / "care.toml").write_text(
        'name = "care"\nitems = ["q1", "q2"]\nminimum = 1\nmaximum = 5\n'
    )
    assert harmonise(tmp_path / "recipe.toml").frame.rows() == [("one", "Käthe, a; b", 1, 2)]
    with pytest.raises(OptionError, match="separator belongs to files"):
        Source("one", frame=pl.DataFrame(), separator=";")
