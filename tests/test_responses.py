"""The gate: from frames of any kind to keyed codes in order, nothing lost on the way."""

import datetime
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from compassion_psy import Responses, Scale
from compassion_psy.data.columns import MISSING
from numpy.testing import assert_array_equal

ITEMS = ["q1", "q2", "q3"]
SCALE = Scale("care", items=ITEMS, minimum=1, maximum=5, reversed=["q2"])
FRAME = pl.DataFrame({"q1": [1, 5, 3, None], "q2": [1, 5, 2, 4], "q3": [2, 3, 9, 1]})
# q2 is turned (6 - x), and codes count from the minimum; 9 is a missing code.
CODES = [[0, 4, 2, MISSING], [4, 0, 3, 1], [1, 2, MISSING, 0]]


def codes(data: object, scale: Scale = SCALE, missing_code: int = 9) -> list[list[int]]:
    answers = Responses.from_frame(data, scale, missing_codes=[missing_code]).answers
    assert answers.dtype == np.uint8
    assert answers.flags.c_contiguous
    return answers.tolist()


@pytest.mark.parametrize(
    "dtype",
    [
        *(pl.Int8, pl.UInt8, pl.Int64, pl.UInt64, pl.Int128, pl.Float32, pl.Float64),
        *(pl.Decimal(10, 2), pl.Decimal(38, 0)),
    ],
    ids=str,
)
def test_every_numeric_type_gives_the_same_codes(dtype: pl.DataType) -> None:
    assert codes(FRAME.cast(dtype)) == CODES


def test_every_kind_of_frame_gives_the_same_codes() -> None:
    pandas = pd.DataFrame({name: FRAME[name].to_list() for name in FRAME.columns})
    assert pandas["q1"].isna().sum() == 1  # NaN is how pandas writes no answer
    for data in (
        FRAME.lazy(),
        FRAME.to_dict(as_series=False),
        FRAME.to_arrow(),
        pandas,
        pandas.astype("Int8"),
    ):
        assert codes(data) == CODES, type(data)


def test_a_duckdb_relation_gives_the_same_codes() -> None:
    # In a process of its own: DuckDB 2.0 complains about its own leaks when Python ends.
    program = (
        "import duckdb\n"
        "from test_responses import FRAME, codes\n"
        "print(codes(duckdb.from_arrow(FRAME.to_arrow())))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == f"{CODES}\n", done.stderr


def test_pandas_columns_may_be_numbers_and_other_columns_do_not_matter() -> None:
    pandas = pd.DataFrame({1: [1, 2], 2: [3, 4], "x": [object(), object()]})
    scale = Scale("s", items=["2", "1"], minimum=1, maximum=5)
    assert codes(pandas, scale) == [[2, 3], [0, 1]]


def test_a_lazy_frame_computes_only_what_is_needed() -> None:
    lazy = FRAME.with_columns(text=pl.lit("a")).lazy()
    assert codes(lazy.with_columns(pl.col("text").cast(pl.Int64))) == CODES


def test_yes_and_no_are_one_and_zero() -> None:
    frame = pl.DataFrame({"q1": [True, None], "q2": [True, False]})
    scale = Scale("checklist", items=["q1", "q2"], minimum=0, maximum=1, reversed=["q2"])
    assert codes(frame, scale) == [[1, MISSING], [0, 1]]


def test_an_empty_csv_column_is_all_missing() -> None:
    # Polars reads a column without any value as text.
    text = FRAME.with_columns(q3=pl.lit(None, dtype=pl.String))
    assert codes(text)[2] == codes(FRAME.with_columns(q3=None))[2] == [MISSING] * 4


def test_ranges_below_zero_and_reversed_items() -> None:
    scale = Scale("mood", items=["a", "b"], minimum=-3, maximum=3, reversed=["b"])
    frame = pl.DataFrame({"a": [-3, 0, 3, -9], "b": [-3, 0, 3, 1]})
    # Reversal is minimum + maximum - x, here -x.
    assert codes(frame.with_columns(a=pl.col("a").replace(-9, 9)), scale) == [
        [0, 3, 6, MISSING],
        [6, 3, 0, 2],
    ]


def test_the_widest_range_in_codes_and_the_first_beyond_it() -> None:
    frame = pl.DataFrame({"a": [0, 254, 7], "b": [254, 0, 100]})
    scale = Scale("slider", items=["a", "b"], minimum=0, maximum=254, reversed=["b"])
    assert codes(frame, scale, -1) == [[0, 254, 7], [0, 254, 154]]  # 255 stays free for no answer
    wider = Scale("slider", items=["a", "b"], minimum=0, maximum=255, reversed=["b"])
    found = Responses.from_frame(frame, wider)
    assert found.answers.dtype == np.float64
    assert found.answers.tolist() == [[-127, 127, -120], [-127, 127, 27]]
    assert found.origins is not None
    assert found.origins.tolist() == [[127, 128]]


def test_continuous_answers_are_counted_from_the_middle_of_those_of_a_site() -> None:
    scale = Scale(
        "slider", items=["a", "b"], minimum=0, maximum=100, reversed=["b"], continuous=True
    )
    frame = pl.DataFrame({"s": ["x", "x", "y"], "a": [0.5, 1.5, -99.0], "b": [12.25, 100, 7]})
    found = Responses.from_frame(frame, scale, by="s", missing_codes=[-99])
    assert_array_equal(found.answers, [[-0.5, 0.5, np.nan], [43.875, -43.875, 0]])
    assert_array_equal(found.origins, [[1, 100 - 56.125], [0, 93]])
    used, _ = found.usable("listwise")
    assert_array_equal(used.origins, [[1, 100 - 56.125]])


def test_the_origin_of_answers_depends_on_neither_rows_nor_other_sites() -> None:
    draw = np.random.default_rng(1)
    scale = Scale("slider", items=["a", "b"], minimum=0, maximum=1e6, continuous=True)
    frame = pl.DataFrame(draw.normal(7e5, 9, (40, 2)), schema=["a", "b"])
    alone = Responses.from_frame(frame, scale)
    mixed = pl.concat([frame.reverse(), frame / 3]).with_columns(s=pl.int_range(80) // 40)
    among = Responses.from_frame(mixed, scale, by="s")
    assert_array_equal(among.answers[:, :40][:, ::-1], alone.answers)


@pytest.mark.parametrize("codes_", [[-9, 99, 2**40, 9.5], (np.int64(99), np.float32(-9))])
def test_missing_codes_of_any_size_and_type(codes_: list[float]) -> None:
    frame = FRAME.with_columns(q3=pl.Series([2, 3, 99, 1], dtype=pl.UInt8))
    for dtype in (pl.UInt8, pl.Int64, pl.Float64, pl.Decimal(10, 1)):
        found = Responses.from_frame(frame.cast({"q3": dtype}), SCALE, missing_codes=codes_)
        assert found.answers.tolist() == CODES


def test_a_missing_code_beyond_all_answers_is_no_overflow() -> None:
    sentinel = 2**64 - 1
    frame = FRAME.with_columns(q3=pl.Series([2, 3, sentinel, 1], dtype=pl.UInt64))
    assert Responses.from_frame(frame, SCALE, missing_codes=[sentinel]).answers.tolist() == CODES


@pytest.mark.parametrize(
    "name",
    ["q 1", "ü€", "a.b", "{x}", "%d", "len", "row", "value", "self", "q1 row", "\x1b[31m", "a\nb"],
)
def test_odd_column_names(name: str) -> None:
    scale = Scale("care", items=[name, "q2", "q3"], minimum=1, maximum=5, reversed=["q2"])
    assert codes(FRAME.rename({"q1": name}), scale) == CODES
    grouped = FRAME.with_columns(pl.Series(name, ["b", "a", "b", "a"]))
    both = Scale("care", items=["q2", "q3"], minimum=1, maximum=5, reversed=["q2"])
    responses = Responses.from_frame(grouped, both, by=name, missing_codes=[9])
    assert responses.groups.to_dict(as_series=False) == {name: ["a", "b"]}
    assert responses.answers.tolist() == [[0, 1, 4, 3], [2, 0, 1, MISSING]]


def numbered(**columns: object) -> pl.DataFrame:
    """Return rows that can be told apart by their answer to the first of two items."""
    rows = len(next(iter(columns.values())))
    return pl.DataFrame({"a": range(rows), "b": [0] * rows, **columns})


COUNT = Scale("count", items=["a", "b"], minimum=0, maximum=9)


def order(responses: Responses) -> list[int]:
    return responses.answers[0].tolist()


def test_rows_are_in_order_of_group_stratum_and_cluster_and_else_as_in_the_data() -> None:
    frame = numbered(
        site=["B", "A", "B", "A", "B", "A"],
        kind=[2, 1, 1, 1, 2, 1],
        ward=["x", "y", "x", "x", "x", "y"],
        w=[0.5, 1.0, 1.5, 2.0, 2.5, 3.0],
    )
    found = Responses.from_frame(
        frame, COUNT, by="site", strata="kind", cluster=["ward"], weights="w"
    )
    assert order(found) == [3, 1, 5, 2, 0, 4]
    assert found.group_starts.tolist() == [0, 3, 6]
    assert found.stratum_starts.tolist() == [0, 3, 4, 6]
    # Ward x of site A, of site B in stratum 1 and in stratum 2 are three clusters.
    assert found.cluster_starts.tolist() == [0, 1, 3, 4, 6]
    assert found.weights.tolist() == [2.0, 1.0, 3.0, 1.5, 0.5, 2.5]
    assert found.groups.to_dict(as_series=False) == {"site": ["A", "B"]}
    assert (found.strata, found.cluster) == (("kind",), ("ward",))


def test_without_by_the_whole_is_one_group_in_the_order_of_the_data() -> None:
    found = Responses.from_frame(numbered(x=[3, 1, 2]), COUNT)
    assert order(found) == [0, 1, 2]
    assert found.group_starts.tolist() == [0, 3]
    assert found.groups.shape == (1, 0)
    assert found.stratum_starts is found.cluster_starts is found.weights is None


MAY, JUNE = datetime.date(2024, 5, 31), datetime.date(2024, 6, 1)


@pytest.mark.parametrize(
    ("labels", "dtype", "expected"),
    [
        (["b", None, "a"], pl.String, ["a", "b", None]),
        (["b", None, "a"], pl.Categorical, ["a", "b", None]),
        (["a", "c", "b"], pl.Enum(["c", "b", "a"]), ["c", "b", "a"]),  # its own order
        ([JUNE, None, MAY], pl.Date, [MAY, JUNE, None]),
        ([True, None, False], pl.Boolean, [False, True, None]),
        ([10, 9, None], pl.Int64, [9, 10, None]),
        ([1.5, None, -1.0], pl.Float64, [-1.0, 1.5, None]),
        ([None, None, None], pl.Null, [None]),
    ],
)  # fmt: skip
def test_groups_of_any_plain_type_with_null_as_the_last(
    labels: list[object], dtype: pl.DataType, expected: list[object]
) -> None:
    frame = numbered(site=labels).cast({"site": dtype})
    groups = Responses.from_frame(frame, COUNT, by="site").groups
    assert groups["site"].to_list() == expected
    assert groups.schema["site"] == dtype


def test_chunks_of_the_frame_do_not_matter() -> None:
    frame = numbered(site=["B", "A", "B", "A"])
    chunked = pl.concat([frame[:1], frame[1:3], frame[3:]], rechunk=False)
    assert chunked.n_chunks() == 3
    whole, parts = (Responses.from_frame(f, COUNT, by="site") for f in (frame, chunked))
    assert_array_equal(whole.answers, parts.answers)


@pytest.mark.parametrize("continuous", [False, True])
def test_usable_rows_by_group(continuous: bool) -> None:
    frame = pl.DataFrame(
        {
            "site": ["A", "A", "A", "B", "C", "C"],
            "ward": [1, 1, 2, 3, 4, 5],
            "w": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "a": [1, None, 2, None, None, 5],
            "b": [1, None, 2, 3, None, 6],
        }
    )
    scale = Scale("s", items=["a", "b"], minimum=0, maximum=9, continuous=continuous)
    responses = Responses.from_frame(frame, scale, by="site", cluster="ward", weights="w")
    listwise, kept = responses.usable("listwise")
    assert kept.tolist() == [2, 0, 1]
    assert listwise.groups["site"].to_list() == ["A", "C"]
    assert listwise.group_starts.tolist() == [0, 2, 3]
    assert listwise.cluster_starts.tolist() == [0, 1, 2, 3]
    assert listwise.weights.tolist() == [1.0, 3.0, 6.0]
    pairwise, kept = responses.usable("pairwise")
    assert kept.tolist() == [2, 1, 1]
    assert pairwise.weights.tolist() == [1.0, 3.0, 4.0, 6.0]
    assert pairwise.is_missing().tolist() == [[False, False, True, False], [False] * 4]


def test_with_every_answer_there_all_rows_are_usable_and_none_is_copied() -> None:
    responses = Responses.from_frame(numbered(site=["A", "B"]), COUNT, by="site")
    used, kept = responses.usable("listwise")
    assert used is responses
    assert kept.tolist() == [1, 1]


def test_repr_says_what_is_in_it_and_shows_no_answers() -> None:
    frame = numbered(site=["A", "B"], ward=[1, 2])
    responses = Responses.from_frame(frame, COUNT, by="site", cluster="ward")
    assert repr(responses) == "Responses(2 rows, 2 items of 'count', 2 groups by site, 2 clusters)"
