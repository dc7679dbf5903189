"""Harmonising: every step and every error, on small frames whose outcome is known by hand."""

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import polars as pl
import pytest
from compassion_psy import CompassionError, DataError, OptionError, Scale, scales
from compassion_psy.cli._app import app
from compassion_psy.harmonise import (
    Answers,
    DateWindow,
    Duplicates,
    Harmonised,
    Kept,
    Recipe,
    Source,
    Target,
    harmonise,
)
from hypothesis import given, settings
from hypothesis import strategies as st

CARE = Scale(
    "care", items=["care_1", "care_2", "care_3"], minimum=1, maximum=5, reversed=["care_2"]
)
HOPE = Scale("hope", items=["hope_1", "hope_2"], minimum=0, maximum=10, continuous=True)


def run(data: Any, *scale: Scale, **source: Any) -> Harmonised:
    """Harmonise one frame; its answers are in a, b, c unless told otherwise."""
    source.setdefault("answers", Answers(["a", "b", "c"]))
    return harmonise(Recipe(scales=scale or [CARE], sources=[Source("one", frame=data, **source)]))


def frame(**columns: list[Any]) -> pl.DataFrame:
    """Items a, b and c, and other columns."""
    height = len(next(iter(columns.values())))
    items = {name: [3] * height for name in "abc" if name not in columns}
    return pl.DataFrame({**columns, **items}, strict=False)


def steps(result: Harmonised, step: str, count: str = "cells") -> dict[str | None, int]:
    """What the log counts for a step, by column."""
    return dict(result.log.filter(step=step).select("column", count).iter_rows())


# Columns


def columns_found(columns: Any, present: list[str], **answers: Any) -> list[str]:
    data = pl.DataFrame({name: [1 + place % 5] for place, name in enumerate(present)})
    result = run(data, answers=Answers(columns, **answers))
    named = result.log.filter(step="name").sort("column")
    return [detail.removeprefix("from column ").strip("'") for detail in named["detail"]]


@pytest.mark.parametrize(
    ("columns", "present"),
    [
        ("q{}", ["q1", "q2", "q3"]),
        ("q{:02d}", ["q01", "q02", "q03"]),
        ("q{:02d}*", ["q01", "q02R", "q03"]),
        ("??{}", ["FS1", "EC2", "PT3"]),
        ("*{}", ["FS1", "EC2", "iri_PT3"]),
        (["x", "y", "z"], ["x", "y", "z"]),
        ({1: "z", 2: "x", 3: "y"}, ["z", "x", "y"]),
        ({"1": "z", "2": "x", "3": "y"}, ["z", "x", "y"]),
        ("a.?{}", ["a.x1", "a.y2", "a.z3"]),
    ],
)
def test_columns_are_found(columns: Any, present: list[str]) -> None:
    others = ["age", "FS21", "FS13", "EC32", "zz1a", "q1_22"]
    assert columns_found(columns, [*present, *others]) == present


def test_a_wildcard_takes_no_digit_beside_the_number() -> None:
    assert columns_found("*{}*", ["a1", "b2x", "c3", "d11", "d22x", "d31"]) == ["a1", "b2x", "c3"]


@pytest.mark.parametrize(
    ("columns", "present", "words"),
    [
        ("*{}", ["FS1", "EC2", "PT3", "ac2"], ["2 columns for item 2", "'EC2' and 'ac2'"]),
        ("*{}", ["FS1", "EC2", "PT4"], ["no column for item 3", "'PT4'"]),
        ("q{}", ["q1", "q2", "Q3"], ["'q3'", "item 3", "Did you mean", "'Q3'"]),
        (["x", "y"], ["x", "y"], ["has 3 items", "2 names"]),
        ({1: "x", 2: "y"}, ["x", "y"], ["does not name item 3"]),
        ("x*", ["x1"], ["one pair of braces"]),
        ("x{}{}*", ["x1"], ["one pair of braces"]),
        ("x{:.2q}*", ["x1"], ["one pair of braces"]),
        ("*{name}", ["x1"], ["one pair of braces"]),
    ],
)
def test_columns_that_are_not_there(columns: Any, present: list[str], words: list[str]) -> None:
    with pytest.raises(CompassionError) as error:
        columns_found(columns, present)
    for word in ["Source 'one'", *words]:
        assert word in str(error.value)


def test_one_column_cannot_be_two_items() -> None:
    with pytest.raises(OptionError, match="'x' more than once"):
        Answers(["x", "y", "x"])
    data = pl.DataFrame({"x1y2": [1], "z3": [1]})
    with pytest.raises(OptionError, match="'x1y2' would be both item 1 and item 2"):
        run(data, answers=Answers("*{}*"))


def test_an_item_that_was_not_asked_is_empty() -> None:
    data = pl.DataFrame({"q1": [1, 2], "q3": [5, 4]})
    result = run(data, answers=Answers("q{}", not_asked=[2], already_turned="all"))
    assert result.frame.rows() == [("one", 1, None, 5), ("one", 2, None, 4)]
    assert steps(result, "absent") == {"care_2": 2}
    nobody = run(data, answers=Answers("q{}", not_asked=[1, 2, 3]), keep={"q": "q1"})
    assert nobody.frame.drop("q").rows() == [("one", None, None, None)] * 2
    with pytest.raises(OptionError, match="'care' has no item 4"):
        run(data, answers=Answers("q{}", not_asked=[4]))


# Labels


def test_labels_in_any_case_with_blanks_and_any_unicode_form() -> None:
    data = frame(a=["Agree", " agree", "AGREE\u00a0", "très\tbien", "tre\u0300s bien", None, "  "])
    labels = {"agree": 4, "Tr\u00e8s bien": 5, "very  good": 5, "disagree": 2}
    labels |= {str(code): code for code in range(1, 4)}
    result = run(data, answers=Answers(["a", "b", "c"], labels=labels))
    assert result.frame["care_1"].to_list() == [4, 4, 4, 5, 5, None, None]
    assert steps(result, "labels") == {"care_1": 5, "care_2": 7, "care_3": 7}
    assert steps(result, "missing") == {"care_1": 1}
    assert result.frame["care_2"].to_list() == [3] * 7  # numbers are labels too


def test_a_label_that_fits_no_rule() -> None:
    data = frame(a=["agree"] * 5 + ["agre"] * 1200 + ["?"])
    with pytest.raises(DataError) as error:
        run(data, answers=Answers(["a", "b", "c"], labels={"agree": 5, "Disagree": 1}))
    for word in ["Source 'one'", "'a'", "item 1", "'agre' (1,200 times)", "'?' (once)",
                 "Did you mean 'agree'", "labels", "missing_codes"]:  # fmt: skip
        assert word in str(error.value)


def test_texts_without_labels_are_numbers_or_an_error() -> None:
    result = run(frame(a=["3", " 4 ", "5.0", None]))
    assert result.frame["care_1"].to_list() == [3, 4, 5, None]
    assert steps(result, "labels") == {"care_1": 3}
    for text in ("4,5", "nan", "1_0", "NA", "inf", "٣x"):
        with pytest.raises(DataError, match=r"'a'.*fits no rule.*labels"):
            run(frame(a=["3", text]))


def test_truths_need_labels() -> None:
    with pytest.raises(DataError, match="'true'"):
        run(frame(a=[True, False]))
    labels = {"TRUE": 5, "false": 1, "3": 3}
    result = run(frame(a=[True, False]), answers=Answers(["a", "b", "c"], labels=labels))
    assert result.frame["care_1"].to_list() == [5, 1]


def test_categories_are_texts() -> None:
    data = frame(a=["no", "yes", None]).with_columns(pl.col("a").cast(pl.Categorical))
    labels = {"no": 1, "yes": 5, "3": 3}
    result = run(data, answers=Answers(["a", "b", "c"], labels=labels))
    assert result.frame["care_1"].to_list() == [1, 5, None]


def test_a_cell_as_long_as_a_book_makes_no_long_message() -> None:
    for labels in ({}, {"yes": 1, "3": 3}):
        answers = Answers(["a", "b", "c"], labels=labels)
        with pytest.raises(DataError) as error:
            run(frame(a=["x" * 1_000_000]), answers=answers)
        assert len(str(error.value)) < 500


def test_columns_that_hold_no_answers() -> None:
    with pytest.raises(DataError, match=r"'a'.*holds List"):
        run(frame(a=[[1, 2]]))
    with pytest.raises(DataError, match=r"'x'.*holds List"):
        run(frame(a=[1], x=[[1]]), keep={"x": Kept("x", missing_codes=[9])})


# Missing codes, ranges, turning


def test_missing_codes_are_counted_by_code() -> None:
    data = frame(a=[1, 99, -1, 99, None], b=["2", "NA", "x", "99", ""])
    result = run(data, answers=Answers(["a", "b", "c"], missing_codes=[99, -1, "na", "X"]))
    assert result.frame["care_1"].to_list() == [1, None, None, None, None]
    assert result.frame["care_2"].to_list() == [2, None, None, None, None]
    assert steps(result, "missing") == {"care_1": 3, "care_2": 4, "care_3": 0}
    details = dict(result.log.filter(step="missing").select("column", "detail").iter_rows())
    assert details["care_1"] == "99 (2 times), -1 (once)"
    for part in ("na (once)", "x (once)", "99 (once)", "blank (once)"):
        assert part in details["care_2"].lower()


@pytest.mark.parametrize("dtype", [pl.UInt8, pl.Int8, pl.Int64, pl.Float32, pl.Float64])
def test_every_type_of_number_is_shifted_and_turned(dtype: type[pl.DataType]) -> None:
    data = pl.DataFrame(
        {name: [0, 1, 2, 3, 4, 9] for name in "abc"}, schema=dict.fromkeys("abc", dtype)
    )
    declared = Answers(["a", "b", "c"], minimum=0, missing_codes=[9, -7], already_turned="all")
    result = run(data, answers=declared)
    assert result.frame["care_1"].to_list() == [1, 2, 3, 4, 5, None]
    assert result.frame["care_2"].to_list() == [5, 4, 3, 2, 1, None]
    assert result.frame.schema["care_1"] == pl.Int64
    assert steps(result, "shift") == {"care_1": 5, "care_2": 5, "care_3": 5}
    assert steps(result, "turn") == {"care_2": 5}
    assert steps(result, "missing") == {"care_1": 1, "care_2": 1, "care_3": 1}


def test_only_the_items_named_are_turned_back() -> None:
    data = pl.DataFrame({"a": [1, 2], "b": [1, 2], "c": [4, 5]})
    result = run(data, answers=Answers(["a", "b", "c"], already_turned=[3]))
    assert result.frame.rows() == [("one", 1, 1, 2), ("one", 2, 2, 1)]
    assert steps(result, "turn") == {"care_3": 2}
    with pytest.raises(OptionError, match="already_turned: scale 'care' has no item 7"):
        run(data, answers=Answers(["a", "b", "c"], already_turned=[7]))


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        ({}, 1, 5),
        ({"minimum": 0}, 0, 4),
        ({"maximum": 9}, 5, 9),
        ({"minimum": 2, "maximum": 6}, 2, 6),
    ],
)
def test_the_width_of_the_range_stays(declared: dict[str, float], low: int, high: int) -> None:
    result = run(frame(a=[low, high], b=[low] * 2, c=[low] * 2),
                 answers=Answers(["a", "b", "c"], **declared))  # fmt: skip
    assert result.frame["care_1"].to_list() == [1, 5]
    for outside in (low - 1, high + 1):
        with pytest.raises(DataError, match=f"'a'.*1 answers.*from {low} to {high}: {outside}"):
            run(frame(a=[low, outside], b=[low] * 2, c=[low] * 2),
                answers=Answers(["a", "b", "c"], **declared))  # fmt: skip


def test_another_width_is_an_error() -> None:
    with pytest.raises(OptionError, match=r"width 6.*'care'.*1 to 5"):
        run(frame(a=[1]), answers=Answers(["a", "b", "c"], minimum=1, maximum=7))


def test_answers_outside_are_listed_where_they_may_be_missing() -> None:
    data = frame(a=[1, 9, 9, -1, None, 5], b=[1.0, 2.5, float("nan"), 3.0, None, 5.0])
    with pytest.raises(
        DataError, match=r"'a' \(item 1\) has 3 answers .* 9 \(2 times\), -1 \(once\)"
    ):
        run(data)
    result = run(data, answers=Answers(["a", "b", "c"], outside="missing"))
    assert result.frame["care_1"].to_list() == [1, None, None, None, None, 5]
    assert result.frame["care_2"].to_list() == [1, None, None, 3, None, 5]
    assert steps(result, "outside") == {"care_1": 3, "care_2": 2}


def test_only_possible_answers_of_a_scale_with_gaps() -> None:
    gaps = Scale("gaps", items=["g"], minimum=1, maximum=5, values=[1, 2, 5])
    data = pl.DataFrame({"a": [0, 1, 4]})
    assert run(data, gaps, answers=Answers(["a"], minimum=0)).frame["g"].to_list() == [1, 2, 5]
    with pytest.raises(DataError, match="one of 0, 1, 4: 3"):
        run(pl.DataFrame({"a": [3]}), gaps, answers=Answers(["a"], minimum=0))


def test_continuous_answers_keep_their_decimals() -> None:
    data = pl.DataFrame({"a": [1.5, 2.0, None], "b": [11.0, 1.0, 6.25]})
    result = run(data, HOPE, answers=Answers(["a", "b"], minimum=1, already_turned=[2]))
    assert result.frame["hope_1"].to_list() == [0.5, 1.0, None]
    assert result.frame["hope_2"].to_list() == [0.0, 10.0, 4.75]


# Rows


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2023-12-31", "2024-01-01", "2024-01-31", "2024-02-01"], ""),
        (["2023-12-31T23:59:59Z", "2024-01-01 00:00", "2024-01-31T23:59:59.9+02:00",
          " 2024-02-01T00:00:00"], ""),
        (["31.12.2023", "01.01.2024", "31.01.2024", "01.02.2024"], "%d.%m.%Y"),
        (["12/31/2023 23:59", "01/01/2024 00:00", "01/31/2024 23:59", "02/01/2024 00:00"],
         "%m/%d/%Y %H:%M"),
        ([datetime.date(2023, 12, 31), datetime.date(2024, 1, 1), datetime.date(2024, 1, 31),
          datetime.date(2024, 2, 1)], ""),
        ([datetime.datetime(2023, 12, 31, 23), datetime.datetime(2024, 1, 1),
          datetime.datetime(2024, 1, 31, 23, 59), datetime.datetime(2024, 2, 1)], ""),
    ],
)  # fmt: skip
def test_a_window_of_dates_includes_both_ends(values: list[Any], form: str) -> None:
    window = DateWindow("day", from_=datetime.date(2024, 1, 1), until=datetime.date(2024, 1, 31),
                        format=form)  # fmt: skip
    result = run(frame(a=[1, 2, 3, 4], day=values), dates=window)
    assert result.frame["care_1"].to_list() == [2, 3]
    assert result.log.filter(step="dates")["rows"].to_list() == [1, 1]
    early = run(frame(a=[1, 2, 3, 4], day=values), dates=replace(window, from_=None))
    assert early.frame["care_1"].to_list() == [1, 2, 3]
    late = run(frame(a=[1, 2, 3, 4], day=values), dates=replace(window, until=None))
    assert late.frame["care_1"].to_list() == [2, 3, 4]


def test_texts_that_are_no_dates() -> None:
    window = DateWindow("day", from_=datetime.date(2024, 1, 1))
    for text in ("01.02.2024", "2024-13-01", "2024-02-30", "2024", "2024-01-01x", "soon"):
        with pytest.raises(DataError, match=r"'day' has 1 texts.*ISO 8601") as error:
            run(frame(a=[1, 2], day=["2024-01-01", text]), dates=window)
        assert repr(text) in str(error.value)
    with pytest.raises(DataError, match="'day' holds Int64"):
        run(frame(a=[1], day=[20240101]), dates=window)


def test_rows_without_a_date() -> None:
    data = frame(a=[1, 2, 3], day=["2024-01-01", None, " "])
    window = DateWindow("day", from_=datetime.date(2024, 1, 1))
    with pytest.raises(DataError, match=r"no date in 2 rows.*undated"):
        run(data, dates=window)
    kept = run(data, dates=replace(window, undated="keep"))
    assert kept.frame["care_1"].to_list() == [1, 2, 3]
    dropped = run(data, dates=replace(window, undated="drop"))
    assert dropped.frame["care_1"].to_list() == [1]
    for result in (kept, dropped):
        assert result.log.filter(step="dates")["rows"].to_list() == [0, 2]


PERSONS = {
    "id": ["x", "y", "x", None, "y", "z", None, "x"],
    "site": [1, 1, 1, 1, 1, 1, 1, 2],
    "a": [1, 2, 3, 4, 5, 1, 2, 3],
    "time": ["2024-05-03", "2024-05-02", "2024-05-01", "2024-05-01", "2024-05-09", None, None,
             "2024-05-02"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [
        (Duplicates(["id", "site"], keep="first"), [1, 2, 4, 1, 2, 3]),
        (Duplicates(["id", "site"], keep="last"), [3, 4, 5, 1, 2, 3]),
        (Duplicates(["id", "site"], keep="first", order="time"), [2, 3, 4, 1, 2, 3]),
        (Duplicates(["id", "site"], keep="last", order=["time", "a"]), [1, 4, 5, 1, 2, 3]),
        (Duplicates("id", keep="first", order=["time"]), [2, 3, 4, 1, 2]),
        (Duplicates("id", keep="last", order=["a", "time"]), [4, 5, 1, 2, 3]),
    ],
)
def test_one_row_a_person(duplicates: Duplicates, expected: list[int]) -> None:
    result = run(frame(**PERSONS), duplicates=duplicates)
    assert result.frame["care_1"].to_list() == expected
    dropped = len(PERSONS["id"]) - len(expected)
    assert result.log.filter(step="duplicates")["rows"].to_list() == [2, dropped]
    once = run(frame(**PERSONS).head(1), duplicates=duplicates)
    assert once.log.filter(step="duplicates")["rows"].to_list() == [0]


def test_duplicates_are_an_error_unless_told() -> None:
    with pytest.raises(DataError, match=r"2 persons .*'id', 'site' = x, 1.*keep"):
        run(frame(**PERSONS), duplicates=Duplicates(["id", "site"]))
    unique = run(frame(id=[1, 2, 3], a=[1, 2, 3]), duplicates=Duplicates("id"))
    assert unique.frame.height == 3


def test_who_is_first_must_be_certain() -> None:
    data = frame(id=[1, 1, 2, 2, 2], t=["2024-01-01"] * 4 + ["2023-01-01"], a=[1, 2, 3, 4, 5])
    with pytest.raises(
        DataError, match=r"1 persons have two first rows with the same 't'.*'id' = 1"
    ):
        run(data, duplicates=Duplicates("id", keep="first", order="t"))
    with pytest.raises(DataError, match="2 persons have two last rows"):
        run(data, duplicates=Duplicates("id", keep="last", order="t"))
    with pytest.raises(DataError, match=r"'t'.*is empty in 1 of them"):
        run(frame(id=[1, 1], t=[1, None], a=[1, 2]),
            duplicates=Duplicates("id", keep="last", order="t"))  # fmt: skip
    for texts in (["9", "10"], ["1.2.2024", "2.1.2024"], ["2024-01-01", "2024-01-01T10:00:00Z"]):
        with pytest.raises(DataError, match=r"'t' holds texts.*ISO 8601"):
            run(frame(id=[1, 1], t=texts, a=[1, 2]),
                duplicates=Duplicates("id", keep="last", order="t"))  # fmt: skip


def test_zones_count_where_times_are_ordered() -> None:
    data = frame(id=[1, 1], t=["2024-01-01T12:00:00+05:00", "2024-01-01T08:00:00Z"], a=[1, 2])
    result = run(data, duplicates=Duplicates("id", keep="first", order="t"))
    assert result.frame["care_1"].to_list() == [1]


def test_the_window_comes_before_duplicates() -> None:
    data = frame(id=[1, 1], day=["2023-01-01", "2024-01-01"], a=[1, 2])
    window = DateWindow("day", from_=datetime.date(2024, 1, 1))
    result = run(data, dates=window, duplicates=Duplicates("id"))
    assert result.frame["care_1"].to_list() == [2]


# Kept columns, several sources


def test_values_of_kept_columns() -> None:
    data = frame(
        a=[1, 2, 3, 4], g=[1, 2, 0, None], text=[" Yes", "no", "NR", ""], age=[20, 99, 30, 40]
    )
    keep = {
        "gender": Kept("g", values={"1": "woman", "2": "man"}, missing_codes=[0]),
        "agrees": Kept("text", values={"yes": True, "NO": False}, missing_codes=["nr"]),
        "age": Kept("age", missing_codes=[99]),
        "as_it_is": "text",
    }
    result = run(data, keep=keep)
    assert result.frame.columns[:5] == ["source", *keep]
    assert result.frame["gender"].to_list() == ["woman", "man", None, None]
    assert result.frame["agrees"].to_list() == [True, False, None, None]
    assert result.frame["age"].to_list() == [20, None, 30, 40]
    assert result.frame["as_it_is"].to_list() == data["text"].to_list()
    assert steps(result, "values") == {"gender": 2, "agrees": 2}
    assert steps(result, "missing") == {"gender": 1, "agrees": 2, "age": 1}
    with pytest.raises(DataError, match=r"'g': '0' \(once\) fits no rule.*values"):
        run(data, keep={"gender": Kept("g", values={"1": "woman", "2": "man"})})


def two(first: Any, second: Any, **recipe: Any) -> Harmonised:
    sources = [Source("one", **first), Source("two", **second)]
    return harmonise(Recipe(scales=[CARE], sources=sources, **recipe))


def test_sources_lie_below_each_other() -> None:
    answers = Answers(["a", "b", "c"])
    result = two({"frame": frame(a=[1, 2], x=["u", "v"]), "answers": answers, "keep": {"x": "x"}},
                 {"frame": frame(a=[5], y=[2.5]), "answers": answers, "keep": {"y": "y"}},
                 source_column="wave")  # fmt: skip
    assert result.frame.columns == ["wave", "x", "y", *CARE.items]
    assert result.frame.rows() == [
        ("one", "u", None, 1, 3, 3), ("one", "v", None, 2, 3, 3), ("two", None, 2.5, 5, 3, 3),
    ]  # fmt: skip
    assert result.log.filter(step="absent").select("source", "column", "cells").rows() == [
        ("one", "y", 2), ("two", "x", 1),
    ]  # fmt: skip
    assert result.log.filter(step="joined")["rows"].to_list() == [2, 1]
    assert result.log.filter(step="read")["rows"].to_list() == [2, 1]


def test_a_source_without_the_scale_has_empty_items() -> None:
    result = two({"frame": frame(a=[1, 2]), "keep": {"a": "a"}},
                 {"frame": frame(a=[5]), "keep": {"a": "a"}})  # fmt: skip
    assert result.frame["care_1"].to_list() == [None] * 3
    assert result.frame.schema["care_1"] == pl.Int64
    assert result.log.filter(step="absent")["cells"].sum() == 9


def test_texts_and_numbers_do_not_mix_in_a_kept_column() -> None:
    answers = Answers(["a", "b", "c"])
    with pytest.raises(DataError, match="'x' holds numbers at source 'one' and texts at 'two'"):
        two({"frame": frame(a=[1], x=[1]), "answers": answers, "keep": {"x": "x"}},
            {"frame": frame(a=[5], x=["1"]), "answers": answers, "keep": {"x": "x"}})  # fmt: skip
    mixed = two({"frame": frame(a=[1], x=[1]), "answers": answers, "keep": {"x": "x"}},
                {"frame": frame(a=[5], x=[None]), "answers": answers,
                 "keep": {"x": "x"}})  # fmt: skip
    assert mixed.frame["x"].to_list() == [1, None]


def test_what_no_source_names_is_listed() -> None:
    result = run(frame(a=[1], secret=["s"], other=[1]))
    (detail,) = result.log.filter(step="left_out")["detail"]
    assert detail == "2 columns: secret, other"


def test_two_scales() -> None:
    data = pl.DataFrame({"c1": [1], "c2": [2], "c3": [3], "h1": [0.5], "h2": [10]})
    answers = [Answers("h{}", scale="hope"), Answers("c{}", scale="care")]
    result = run(data, CARE, HOPE, answers=answers)
    assert result.frame.rows() == [("one", 1, 2, 3, 0.5, 10.0)]
    with pytest.raises(OptionError, match="'one': answers must name their scale: 'care', 'hope'"):
        run(data, CARE, HOPE, answers=Answers("c{}"))
    with pytest.raises(OptionError, match=r"'hop'. Did you mean 'hope'"):
        run(data, CARE, HOPE, answers=Answers("c{}", scale="hop"))
    with pytest.raises(OptionError, match="two answers tables for one scale"):
        run(data, CARE, HOPE, answers=[answers[0], answers[0]])


def test_frames_of_any_kind() -> None:
    data = frame(a=[1, 2])
    expected = run(data).frame
    for other in (data.lazy(), data.to_pandas(), data.to_arrow(), data.to_dict(as_series=False)):
        assert run(other).frame.equals(expected)


# The recipe


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Source("x"), ["'x'", "neither"]),
        (lambda: Source("x", files="a.csv", frame=frame(a=[1])), ["both"]),
        (lambda: Source("", files="a.csv"), ["name"]),
        (lambda: Source("x", files=["a.csv", "a.csv"]), ["'a.csv'", "more than once"]),
        (lambda: Source("x", files="a", answers=["b"]), ["answers", "'b'"]),  # type: ignore[list-item]
        (lambda: Source("x", files="a", keep=["b"]), ["keep"]),  # type: ignore[arg-type]
        (lambda: Answers("q{}", labels={"a": 1, "A ": 2}), ["'A '", "1", "2"]),
        (lambda: Answers("q{}", labels={"a": 1}, missing_codes=["A"]), ["'a'", "missing_codes"]),
        (lambda: Answers("q{}", labels={" ": 1}), ["label"]),
        (lambda: Answers("q{}", labels={"a": True}), ["labels, 'a'", "True"]),
        (lambda: Answers("q{}", missing_codes=9), ["missing_codes", "list"]),  # type: ignore[arg-type]
        (lambda: Answers("q{}", missing_codes="9"), ["missing_codes", "list"]),
        (lambda: Answers("q{}", missing_codes=[float("nan")]), ["nan"]),
        (lambda: Answers("q{}", already_turned="some"), ["'some'", "'all'"]),  # type: ignore[arg-type]
        (lambda: Answers("q{}", already_turned=[2, 2]), ["item 2", "more than once"]),
        (lambda: Answers("q{}", not_asked=["2"]), ["not_asked", "'2'"]),  # type: ignore[list-item]
        (lambda: Answers("q{}", outside="drop"), ["outside", "'drop'"]),  # type: ignore[arg-type]
        (lambda: Answers("q{}", minimum=float("inf")), ["minimum", "inf"]),
        (lambda: Answers({"one": "q"}), ["'one'"]),
        (lambda: Answers(7), ["columns", "7"]),  # type: ignore[arg-type]
        (lambda: Kept("x", values={"a": 1, "b": "c"}), ["numbers and texts"]),
        (lambda: DateWindow("x"), ["from, until"]),
        (lambda: DateWindow("x", from_=datetime.datetime(2024, 1, 1)), ["from", "date"]),
        (lambda: DateWindow("x", until="2024-01-01"), ["until", "date"]),  # type: ignore[arg-type]
        (lambda: DateWindow("x", from_=datetime.date(2024, 1, 2), until=datetime.date(2024, 1, 1)),
         ["2024-01-02", "after"]),
        (lambda: Duplicates([]), ["by"]),
        (lambda: Duplicates("x", order="y"), ["order", "keep"]),
        (lambda: Recipe(scales=[], sources=[Source("x", files="a")]), ["one scale"]),
        (lambda: Recipe(scales=[CARE], sources=[]), ["one source"]),
        (lambda: Recipe(scales=[CARE], sources=[Source("x", files="a"), Source("x", files="b")]),
         ["'x'", "rename"]),
    ],
)  # fmt: skip
def test_what_cannot_be_declared(make: Any, words: list[str]) -> None:
    with pytest.raises(OptionError) as error:
        make()
    for word in words:
        assert word in str(error.value)


def test_what_does_not_fit_the_scale() -> None:
    data = frame(a=[1])
    with pytest.raises(OptionError, match="missing code 5 is a possible answer"):
        run(data, answers=Answers(["a", "b", "c"], missing_codes=[5]))
    with pytest.raises(OptionError, match=r"'yes' is 6, outside .* 1 to 5"):
        run(data, answers=Answers(["a", "b", "c"], labels={"yes": 6}))
    with pytest.raises(OptionError, match="neither answers nor columns"):
        run(data, answers=())
    with pytest.raises(OptionError, match="two columns 'care_1'"):
        run(data, keep={"care_1": "a"})
    with pytest.raises(OptionError, match="two columns 'source'"):
        run(data, keep={"source": "a"})
    with pytest.raises(OptionError, match="two scales have the name 'care'"):
        run(data, CARE, CARE)


def test_a_result_is_frame_and_log_and_prints() -> None:
    result = run(frame(a=[1, 9]), answers=Answers(["a", "b", "c"], missing_codes=[9]))
    table, log = result
    assert table is result.frame
    assert log is result.log
    assert result.scales == (CARE,)
    assert log.columns == ["source", "step", "column", "rows", "cells", "detail"]
    text = str(result)
    assert "Harmonised: 2 rows, 4 columns; scales: care" in text
    assert repr(result) == text
    assert "Harmonised" in result._repr_html_()
    (line,) = [line.split() for line in text.splitlines() if " missing " in line]
    assert line[:5] == ["one", "missing", "–", "3", "1"]


# Properties


CODES = st.lists(st.tuples(*[st.integers(0, 4) | st.none()] * 3), min_size=1, max_size=20)
NUMBERS = st.lists(st.sampled_from([1, 2, 3]), unique=True)


@settings(deadline=None, derandomize=True)  # the first call is slow on a busy machine
@given(CODES, NUMBERS, st.integers(-3, 3))
def test_what_a_source_did_is_undone(
    rows: list[tuple[int | None, ...]], turned: list[int], minimum: int
) -> None:
    given_answers = np.array(rows, dtype=float) + 1  # the truth, from 1 to 5, in NumPy
    stored = given_answers - 1 + minimum
    for number in turned:
        stored[:, number - 1] = minimum + minimum + 4 - stored[:, number - 1]
    data = pl.DataFrame({"abc"[place]: stored[:, place] for place in range(3)}).fill_nan(None)
    result = run(data, answers=Answers(["a", "b", "c"], minimum=minimum, already_turned=turned))
    found = result.frame.select(CARE.items).cast(pl.Float64).fill_null(float("nan")).to_numpy()
    np.testing.assert_array_equal(found, given_answers)
    answered = np.isfinite(given_answers).sum(axis=0)
    assert steps(result, "turn") == {f"care_{n}": answered[n - 1] for n in turned}
    again = run(result.frame, answers=Answers("care_{}"))
    assert again.frame.select(CARE.items).equals(result.frame.select(CARE.items))
    assert set(again.log["step"]) <= {"read", "name", "joined", "left_out"}


WORDS = st.text(min_size=1).filter(lambda text: text.strip())
PLAIN = st.text("abcdefg", min_size=1, max_size=5)
NUMBER = st.integers(-(10**6), 10**6) | st.floats(-1e300, 1e300)
NAMED = st.dictionaries(st.integers(1, 99), PLAIN).filter(
    lambda named: len(set(named.values())) == len(named)
)
ANSWERS = st.builds(
    Answers,
    st.just("q{}") | st.lists(WORDS, unique=True, min_size=1) | NAMED,
    scale=st.text(),
    minimum=st.none() | NUMBER,
    labels=st.dictionaries(PLAIN, NUMBER),
    missing_codes=st.lists(NUMBER | st.text("xyz", min_size=1)),
    already_turned=st.sampled_from(["all", "none"]) | st.lists(st.integers(1, 9), unique=True),
    not_asked=st.lists(st.integers(1, 9), unique=True),
    outside=st.sampled_from(["error", "missing"]),
)  # fmt: skip
KEPT = PLAIN | st.builds(
    Kept, WORDS, values=st.dictionaries(PLAIN, WORDS) | st.dictionaries(PLAIN, st.booleans()),
    missing_codes=st.lists(st.integers()),
)  # fmt: skip
FORMATS = st.just("") | st.text().map(lambda text: f"{text.replace('%', '')}%d.%m.%Y")
DATES = st.builds(DateWindow, WORDS, from_=st.dates(), format=FORMATS, undated=st.just("keep"))
SOURCES = st.builds(
    Source, WORDS, files=st.lists(WORDS, unique=True, min_size=1),
    answers=st.lists(ANSWERS, max_size=2), keep=st.dictionaries(WORDS, KEPT, max_size=3),
    dates=st.none() | DATES,
    duplicates=st.none() | st.builds(Duplicates, st.lists(WORDS, unique=True, min_size=1),
                                     keep=st.just("last"), order=st.lists(WORDS, unique=True),
                                     missing_codes=st.none() | st.lists(WORDS | NUMBER)),
    encoding=st.text(), separator=st.text(), sheet=st.text(),
)  # fmt: skip
RECIPES = st.builds(
    Recipe,
    scales=st.lists(WORDS | st.builds(Target, WORDS, columns=st.text()), min_size=1, max_size=2),
    sources=st.lists(SOURCES, min_size=1, max_size=2, unique_by=lambda source: source.name),
    source_column=WORDS,
)


@settings(deadline=None, derandomize=True)  # files are slow on a busy machine
@given(RECIPES)
def test_a_recipe_that_is_written_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, recipe: Recipe
) -> None:
    folder = tmp_path_factory.getbasetemp()
    recipe = replace(recipe, folder=folder)
    recipe.write(folder / "recipe.toml")
    assert Recipe.read(folder / "recipe.toml") == recipe
    assert not list(folder.glob(".recipe*"))


# Files


RECIPE = """
source_column = "year"

[[scales]]
scale = "iri"
columns = "iri_{}"

[[sources]]
name = "2024"
files = ["a.csv", "b.csv"]
dates = { column = "day", from = 2024-01-01 }

[sources.keep]
gender = { column = "sex", values = { 1 = "woman" } }

[[sources.answers]]
columns = "E??{}"
minimum = 1
already_turned = [3, 4]
labels = { never = 1 }
"""


def test_a_recipe_is_read(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    assert Recipe.read(tmp_path / "recipe.toml") == Recipe(
        scales=[Target("iri", columns="iri_{}")],
        source_column="year",
        sources=[
            Source(
                "2024",
                files=["a.csv", "b.csv"],
                dates=DateWindow("day", from_=datetime.date(2024, 1, 1)),
                keep={"gender": Kept("sex", values={"1": "woman"})},
                answers=Answers("E??{}", minimum=1, already_turned=[4, 3], labels={"never": 1}),
            )
        ],
    )


def test_a_recipe_cannot_be_changed() -> None:
    answers = Answers({1: "a"}, labels={"x": 1})
    for table in (answers.labels, answers.columns, Source("x", files="a", keep={"b": "c"}).keep):
        with pytest.raises(TypeError):
            table["new"] = 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("source_column", "source_colum", ["'source_colum' is unknown", "'source_column'"]),
        ("minimum", "minimun", ["sources number 1, answers number 1", "'minimun'", "'minimum'"]),
        ("files =", "file =", ["sources number 1", "'file' is unknown", "'files'"]),
        ('files = ["a.csv", "b.csv"]', "frame = 1", ["'frame' is unknown"]),
        ("values", "vals", ["sources number 1", "keep, gender", "'vals'", "'values'"]),
        ("from =", "since =", ["dates", "'since'", "from"]),
        ("2024-01-01", '"2024-01-01"', ["dates", "a date such as"]),
        ("2024-01-01", "2024-01-01T10:00:00", ["dates", "a date such as"]),
        ('scale = "iri"', 'id = "iri"', ["scales", "'id' is unknown"]),
        ("minimum = 1", 'minimum = "1"', ["answers number 1", "minimum", "a number"]),
        ("never = 1", 'never = "1"', ["labels.never", "a number"]),
        ("[3, 4]", '"alle"', ["answers number 1", "'alle'", "'all'"]),
        ('name = "2024"', "", ["sources number 1", "'name' is missing"]),
        ("[[scales]]", "[scales", ["not valid TOML"]),
    ],
)
def test_a_key_that_is_wrong_is_named(tmp_path: Path, old: str, new: str, words: list[str]) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.replace(old, new, 1))
    with pytest.raises(OptionError) as error:
        Recipe.read(path)
    for word in [str(path), *words]:
        assert word in str(error.value)


def test_files_are_relative_to_the_recipe_and_stay_so_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "other" / "deep").mkdir(parents=True)
    frame(a=[1, 2]).write_csv(tmp_path / "data" / "one.csv")
    frame(a=[3]).write_parquet(tmp_path / "data" / "two.parquet")
    (tmp_path / "care.toml").write_text(
        'name = "care"\nitems = ["care_1", "care_2", "care_3"]\nminimum = 1\nmaximum = 5\n'
    )
    recipe = Recipe(
        scales=["care.toml"],
        sources=[Source("x", files=["data/one.csv", "data/two.parquet"],
                        answers=Answers(["a", "b", "c"]))],
        folder=tmp_path,
    )  # fmt: skip
    expected = harmonise(recipe)
    assert expected.frame["care_1"].to_list() == [1, 2, 3]
    assert expected.log.filter(step="read")["detail"].to_list() == [
        "data/one.csv",
        "data/two.parquet",
    ]
    recipe.write(tmp_path / "recipe.toml")
    assert harmonise(tmp_path / "recipe.toml").frame.equals(expected.frame)
    recipe.write(tmp_path / "other" / "deep" / "recipe.toml")
    moved = Recipe.read(tmp_path / "other" / "deep" / "recipe.toml")
    assert moved.sources[0].files == ("../../data/one.csv", "../../data/two.parquet")
    assert harmonise(moved).frame.equals(expected.frame)
    with pytest.raises(OptionError, match="cannot be written"):
        recipe.write(tmp_path / "absent" / "recipe.toml")


def test_what_a_file_cannot_hold(tmp_path: Path) -> None:
    source = Source("x", files="a.csv")
    with pytest.raises(OptionError, match=r"'care'.*object"):
        Recipe(scales=[CARE], sources=[source]).write(tmp_path / "r.toml")
    with pytest.raises(OptionError, match=r"'x'.*frame"):
        Recipe(scales=["iri"], sources=[Source("x", frame=frame(a=[1]))]).write(tmp_path / "r.toml")
    assert not list(tmp_path.iterdir())


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    frame(a=[1]).write_csv(tmp_path / "one.csv")
    frame(a=[1]).drop("c").write_csv(tmp_path / "two.csv")
    both = Source("x", files=["one.csv", "two.csv"], answers=Answers(["a", "b", "c"]))
    with pytest.raises(DataError, match=r"Source 'x': two.csv: There is no column 'c'"):
        harmonise(Recipe(scales=[CARE], sources=[both], folder=tmp_path))
    gone = Source("x", files="gone.csv", answers=Answers(["a", "b", "c"]))
    with pytest.raises(DataError, match=r"gone.csv cannot be read: there is no such file"):
        harmonise(Recipe(scales=[CARE], sources=[gone], folder=tmp_path))


def test_a_lazy_frame_that_cannot_be_computed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Source 'one': The lazy frame cannot be computed"):
        run(pl.scan_parquet(tmp_path / "gone.parquet"))


def test_a_file_of_several_scales(tmp_path: Path) -> None:
    table = '[[scales]]\nname = "{}"\nitems = ["{}"]\nminimum = 1\nmaximum = 5\n'
    (tmp_path / "s.toml").write_text(table.format("a", "a") + table.format("b", "b"))
    recipe = Recipe(scales=["s.toml"], sources=[Source("x", files="a.csv")], folder=tmp_path)
    with pytest.raises(OptionError, match="describes 2 scales"):
        harmonise(recipe)


def test_published_scales_have_their_own_range() -> None:
    scale = scales.get("iri", columns="i{}")
    stored = pl.DataFrame({f"x{n}": [1, 5] for n in range(1, 29)})
    result = run(stored, scale, answers=Answers("x{}", minimum=1, already_turned="all"))
    for item in scale.items:
        assert result.frame[item].to_list() == ([4, 0] if item in scale.reversed else [0, 4])


# The command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A recipe and its data."""
    frame(a=["yes", " NO "], b=[1, 2], formula=["=cmd|' /C calc'!A0", "x"]).write_csv(
        tmp_path / "data.csv"
    )
    (tmp_path / "care.toml").write_text(
        'name = "care"\nitems = ["care_1", "care_2", "care_3"]\nminimum = 1\nmaximum = 5\n'
    )
    (tmp_path / "recipe.toml").write_text(
        'scales = ["care.toml"]\n[[sources]]\nname = "one"\nfiles = "data.csv"\n'
        'keep = { formula = "formula" }\n[[sources.answers]]\ncolumns = ["a", "b", "c"]\n'
        "labels = { yes = 5, no = 1, 1 = 1, 2 = 2, 3 = 3 }\n"
    )
    return tmp_path


def command(*words: str | Path) -> click.testing.Result:
    return click.testing.CliRunner().invoke(app, ["harmonise", *map(str, words)])


def test_the_command_writes_frame_and_log(folder: Path) -> None:
    done = command(
        folder / "recipe.toml", "--out", folder / "out.csv", "--log-out", folder / "l.csv"
    )
    assert done.exit_code == 0, done.output
    assert "Harmonised: 2 rows, 5 columns; scales: care" in done.stdout
    out = pl.read_csv(folder / "out.csv")
    assert out["care_1"].to_list() == [5, 1]
    # What a spreadsheet would run begins with an apostrophe in a file.
    assert out["formula"].to_list() == ["'=cmd|' /C calc'!A0", "x"]
    expected = harmonise(folder / "recipe.toml").log
    assert pl.read_csv(folder / "l.csv", schema=expected.schema).equals(expected)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("yes = 5, ", "", ["Source 'one'", "'yes' (once)"]),
        ("labels", "label", ["recipe.toml", "'label' is unknown", "'labels'"]),
        ("data.csv", "date.csv", ["date.csv", "no such file"]),
        ("care.toml", "core.toml", ["core.toml", "cannot be read"]),
    ],
)
def test_the_command_writes_nothing_half_way(
    folder: Path, old: str, new: str, words: list[str]
) -> None:
    recipe = folder / "recipe.toml"
    recipe.write_text(recipe.read_text().replace(old, new, 1))
    (folder / "out.csv").write_text("as it was")
    before = sorted(folder.iterdir())
    done = command(recipe, "--out", folder / "out.csv", "--log-out", folder / "log.csv")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr
    assert (folder / "out.csv").read_text() == "as it was"
    assert sorted(folder.iterdir()) == before


def test_the_command_looks_first_where_it_will_write(folder: Path) -> None:
    done = command(folder / "recipe.toml", "--out", folder / "o.csv", "--log-out", folder / "l.txt")
    assert done.exit_code == 2
    assert "l.txt" in done.stderr
    assert not (folder / "o.csv").exists()
