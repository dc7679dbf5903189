"""Bad input: an error that names the column, the value, the limit and what to do; never a panic."""

import datetime
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from compassion_psy import (
    Bootstrap,
    DataError,
    MissingExtraError,
    OptionError,
    Responses,
    Scale,
    ScaleError,
    moments,
    reliability,
)

ITEMS = ["q1", "q2", "q3", "q4"]
CARE = Scale("care", items=ITEMS, minimum=1, maximum=5)
FEW = Bootstrap(20, seed=1)


def survey(rows: int = 60) -> pl.DataFrame:
    """Return answers to four items that measure one thing, at three sites."""
    draw = np.random.default_rng(1)
    answers = draw.normal(3, 1, (rows, 1)) + draw.normal(0, 1, (rows, 4))
    codes = np.clip(np.rint(answers), 1, 5).astype(int)
    return pl.DataFrame(codes, schema=ITEMS).with_columns(
        pl.Series("site", ["A", "B", "C"] * (rows // 3)),
        pl.Series("ward", np.arange(rows) // 5),
        pl.Series("w", draw.uniform(0.5, 2.0, rows)),
    )


SURVEY = survey()


def in_row(number: int, column: str, value: Any) -> pl.DataFrame:
    """Return the survey with another value in one row (counted from 1) of a column."""
    values = SURVEY[column].to_list()
    values[number - 1] = value
    return SURVEY.with_columns(pl.Series(column, values, strict=False))


def analyse(frame: Any, scale: Any = CARE, **options: Any) -> None:
    reliability(frame, scale, **{"interval": FEW, **options})


def says(error: type[Exception], words: list[str], call: Callable[[], object]) -> None:
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message
    assert message.endswith((".", "?"))


def answered(**items: Any) -> pl.DataFrame:
    return SURVEY.with_columns(**items)


ANSWERS = {
    "outside the range": (
        answered(q1=pl.when(pl.int_range(60) % 7 == 0).then(9).otherwise("q1")),
        [
            "from 1 to 5, the range of scale 'care' (rows counted from 1)",
            "'q1' has 9 (row 1: 9, row 8: 9, row 15: 9, row 22: 9, row 29: 9, ...)",
            "missing_codes=[9]",
            "correct the range",
        ],
    ),
    "below the range": (in_row(3, "q2", -1), ["'q2' has 1 (row 3: -1)", "missing_codes=[-1]"]),
    "many columns": (
        SURVEY.with_columns(pl.col(ITEMS) + 10),
        ["'q1' has 60", "'q2' has 60", "'q3' has 60", ", and 1 more.", "missing_codes=[...]"],
    ),
    "decimals": (
        in_row(2, "q3", 2.5),
        ["whole numbers from 1 to 5", "'q3' has 1 (row 2: 2.5)", "continuous=True"],
    ),
    "decimals of the type Decimal": (
        answered(q3=pl.lit("2.5").cast(pl.Decimal(5, 1))),
        ["'q3' has 60 (row 1: 2.5", "continuous=True"],
    ),
    "NaN": (in_row(4, "q1", float("nan")), ["'q1' has 1 (row 4: nan)", "fill_nan(None)"]),
    "infinity": (in_row(4, "q1", float("inf")), ["'q1' has 1 (row 4: inf)", "fill_nan(None)"]),
    "a huge number": (
        answered(q1=pl.lit(2**64 - 1, dtype=pl.UInt64)),
        ["'q1' has 60", "row 1: 18446744073709551615"],
    ),
    "yes and no": (answered(q1=pl.col("q1") > 3), ["'q1' has", "False", "1 to 5"]),
    "text": (
        answered(q2=pl.lit("agree")),
        ["'q2' holds String (such as 'agree')", "numbers from 1 to 5", "replace_strict"],
    ),
    "numbers as text": (
        answered(q2=pl.col("q2").cast(pl.String)),
        ["'q2' holds String (such as '", "cast the column"],
    ),
    "categories": (
        answered(q2=pl.lit("agree").cast(pl.Categorical)),
        ["'q2' holds Categorical (such as 'agree')", "replace_strict"],
    ),
    "dates": (answered(q1=datetime.date(2024, 5, 1)), ["'q1' holds Date", "numbers from 1 to 5"]),
    "lists": (answered(q1=pl.concat_list(ITEMS)), ["'q1' holds List", "numbers from 1 to 5"]),
    "objects": (
        answered(q1=pl.Series([object()] * 60, dtype=pl.Object)),
        ["'q1' holds Object", "numbers from 1 to 5"],
    ),
    "one answer for all": (
        answered(q1=3),
        ["everybody gave one answer to 'q1'", "leave it out of the scale"],
    ),
    "no answer at all": (
        answered(q1=None),
        ["nobody answered 'q1'", "check the column and missing_codes"],
    ),
    "no answer to any item": (
        SURVEY.with_columns(pl.lit(None).alias(item) for item in ITEMS),
        ["none of 60 persons answered any item", "check the columns and missing_codes"],
    ),
    "no complete row": (
        SURVEY.with_columns(
            pl.when(pl.int_range(60) % 4 != number).then(item).alias(item)
            for number, item in enumerate(ITEMS)
        ),
        ["none of 60 persons answered every item", "missing='pairwise'"],
    ),
    "one person": (SURVEY.head(1), ["only one person answered every item", "at least 2 persons"]),
    "a total that does not vary": (
        answered(q2=6 - pl.col("q1"), q4=6 - pl.col("q3")),
        ["the total score does not vary", "check which items are reversed"],
    ),
    "no rows": (SURVEY.head(0), ["no rows"]),
    "a misspelt column": (SURVEY.rename({"q1": "Q_1"}), ["no column 'q1'", "Did you mean 'Q_1'?"]),
    "no column": (SURVEY.drop("q1", "q2"), ["no column 'q1' (and 1 more)", "'q3'"]),
    "a lazy frame without the column": (SURVEY.drop("q4").lazy(), ["no column 'q4'", "'q3'"]),
    "a lazy frame that cannot be computed": (
        SURVEY.lazy().with_columns(q1=pl.col("site").cast(pl.Int64)),
        ["The lazy frame cannot be computed", "'site'"],
    ),
    "a lazy frame of a file that is not there": (
        pl.scan_parquet("absent.parquet"),
        ["The lazy frame cannot be computed", "absent.parquet"],
    ),
    "a path": ("survey.csv", ["'survey.csv'", "read_csv"]),
    "a number": (5, ["int", "Polars"]),
}


@pytest.mark.parametrize(("frame", "words"), ANSWERS.values(), ids=ANSWERS)
def test_answers(frame: Any, words: list[str]) -> None:
    says(DataError, words, lambda: analyse(frame))


CONTINUOUS = Scale("care", items=ITEMS, minimum=1, maximum=5, continuous=True)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (in_row(1, "q1", 5.25), ["numbers from 1 to 5", "'q1' has 1 (row 1: 5.25)", "range"]),
        (in_row(1, "q1", float("nan")), ["'q1' has 1 (row 1: nan)", "fill_nan(None)"]),
        (answered(q1=2.25), ["everybody gave one answer to 'q1'"]),
        (answered(q1=None), ["nobody answered 'q1'"]),
    ],
)
def test_continuous_answers(frame: pl.DataFrame, words: list[str]) -> None:
    says(DataError, words, lambda: analyse(frame, CONTINUOUS))


WEIGHTS = {
    "zero": (0.0, "row 7: 0"),
    "negative": (-1.5, "row 7: -1.5"),
    "NaN": (float("nan"), "row 7: nan"),
    "infinite": (float("inf"), "row 7: inf"),
    "null": (None, "row 7: null"),
}


@pytest.mark.parametrize(("weight", "place"), WEIGHTS.values(), ids=WEIGHTS)
def test_survey_weights(weight: float | None, place: str) -> None:
    words = ["'w' has 1 survey weights that are not positive numbers", place, "leave these rows"]
    says(DataError, words, lambda: analyse(in_row(7, "w", weight), weights="w"))


OPTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unknown coefficient": (
        {"coefficients": "omega"},
        ["'omega'", "'omega_u' or 'omega_h' or 'omega_total'"],
    ),
    "no coefficient": ({"coefficients": []}, ["coefficients is []", "alpha_std"]),
    "coefficients None": ({"coefficients": None}, ["coefficients is None", "alpha_std"]),
    "unknown interval": ({"interval": "feld"}, ["interval is 'feld'", "Did you mean 'feldt'?"]),
    "bootstrap by name": ({"interval": "bca"}, ["'bca'", "Bootstrap(method='bca')"]),
    "interval as number": ({"interval": 5}, ["interval is 5", "'bonett'"]),
    "unknown missing": ({"missing": "pair"}, ["missing is 'pair'", "Did you mean 'pairwise'?"]),
    "level in percent": ({"level": 95}, ["level is 95", "between 0 and 1"]),
    "level one": ({"level": 1.0}, ["level is 1.0", "between 0 and 1"]),
    "level zero": ({"level": 0}, ["level is 0", "between 0 and 1"]),
    "level NaN": ({"level": float("nan")}, ["level is nan", "between 0 and 1"]),
    "level text": ({"level": "0.9"}, ["level is '0.9'", "between 0 and 1"]),
    "no threads": ({"threads": 0}, ["threads is 0", "at least 1"]),
    "a million threads": ({"threads": 10**6}, ["threads is 1000000", "at most 512"]),
    "half a thread": ({"threads": 0.5}, ["threads is 0.5", "whole number"]),
    "progress": ({"progress": 3}, ["progress is 3", "None, True, False"]),
    "missing code in the range": ({"missing_codes": [0, 3]}, ["missing code 3", "'care' (1 to 5)"]),
    "missing code as number": ({"missing_codes": 0}, ["missing_codes is 0", "such as [0]"]),
    "missing code as text": ({"missing_codes": "0"}, ["missing_codes is '0'", "such as [0]"]),
    "missing code NaN": ({"missing_codes": [float("nan")]}, ["holds nan", "finite number"]),
    "missing code null": ({"missing_codes": [None]}, ["holds None", "null is always"]),
    "missing code true": ({"missing_codes": [True]}, ["holds True", "finite number"]),
    "by an item": ({"by": "q1"}, ["'q1' is an item", "also by"]),
    "cluster an item": ({"cluster": "q1"}, ["'q1' is an item", "also cluster"]),
    "weights an item": ({"weights": "q1"}, ["'q1' is an item", "also weights"]),
    "by twice": ({"by": ["site", "site"]}, ["by names a column twice", "'site'"]),
    "by a number": ({"by": 5}, ["by is 5", "column names"]),
    "by of numbers": ({"by": [5]}, ["by is [5]", "column names"]),
    "weights a list": ({"weights": ["w"]}, ["weights is ['w']", "one column name"]),
    "no scale": ({"scale": None}, ["scale is None", "must be a Scale"]),
    "scale by number": ({"scale": 5}, ["scale is 5", "must be a Scale"]),
    "scales by number": ({"scale": [5]}, ["scale is (5,)", "must be a Scale"]),
    "scale twice": ({"scale": [CARE, CARE]}, ["two scales have the name 'care'".capitalize()]),
}


@pytest.mark.parametrize(("options", "words"), OPTIONS.values(), ids=OPTIONS)
def test_options(options: dict[str, Any], words: list[str]) -> None:
    says(OptionError, words, lambda: analyse(SURVEY, **options))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": "sites"}, ["no column 'sites'", "Did you mean 'site'?"]),
        ({"cluster": "wards"}, ["no column 'wards'", "Did you mean 'ward'?"]),
        ({"strata": "kind"}, ["no column 'kind'", "Choose from 'q1'"]),
        ({"weights": "weight"}, ["no column 'weight'"]),
        ({"weights": "site"}, ["'site' holds String", "must be numbers"]),
    ],
)
def test_columns_of_the_design(options: dict[str, Any], words: list[str]) -> None:
    says(DataError, words, lambda: analyse(SURVEY, **options))


@pytest.mark.parametrize("role", ["cluster", "strata"])
def test_clusters_and_strata_must_be_known(role: str) -> None:
    words = [f"'ward', used as {role}, has no value in 1 rows", "fill them"]
    for unknown in (None, float("nan")):
        says(DataError, words, lambda: analyse(in_row(9, "ward", unknown), **{role: "ward"}))  # noqa: B023


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pl.concat_list("ward"), "List"),
        (pl.struct("ward"), "Struct"),
        (pl.Series([object()] * 60, dtype=pl.Object), "Object"),
    ],
)
def test_groups_must_be_plain_values(column: Any, dtype: str) -> None:
    frame = SURVEY.with_columns(x=column)
    says(DataError, [f"'x', used as by, holds {dtype}"], lambda: analyse(frame, by="x"))


# Otherwise the site names would be lost under the results.
@pytest.mark.parametrize("name", ["scale", "coefficient", "estimate", "n", "note", "replicate"])
def test_a_group_column_may_not_have_the_name_of_a_result(name: str) -> None:
    frame = SURVEY.rename({"site": name})
    says(OptionError, [repr(name), f"'survey_{name}'"], lambda: analyse(frame, by=name))


@pytest.mark.parametrize("name", ["*", "^q.*$"])
def test_names_that_polars_would_expand(name: str) -> None:
    scale = Scale("care", items=[name, "q2"], minimum=1, maximum=5)
    frame = SURVEY.rename({"q1": name})
    says(DataError, [repr(name), "rename"], lambda: analyse(frame, scale))


def test_too_few_items() -> None:
    one = Scale("care", items=["q1"], minimum=1, maximum=5)
    says(DataError, ["'care' has one item ('q1')", "at least 2"], lambda: analyse(SURVEY, one))


def test_two_items_have_no_factor() -> None:
    two = Scale("care", items=["q1", "q2"], minimum=1, maximum=5)
    words = ["no omega_u", "at least 3 items"]
    says(DataError, words, lambda: analyse(SURVEY, two, coefficients="omega_u"))


def test_duplicate_item_names() -> None:
    words = ["'q1' is given more than once"]
    says(ScaleError, words, lambda: Scale("s", items=["q1", "q1"], minimum=1, maximum=5))


def test_fewer_than_two_clusters() -> None:
    frame = SURVEY.with_columns(ward=1)
    words = ["only one cluster (ward)", "at least two", "leave cluster out"]
    says(DataError, words, lambda: analyse(frame, cluster="ward"))


def test_one_unit_in_a_stratum() -> None:
    frame = SURVEY.with_columns(kind=pl.int_range(60) == 3)
    words = ["only one person in a stratum (kind)", "merge strata"]
    says(DataError, words, lambda: analyse(frame, strata="kind"))
    words = ["only one cluster (ward) in a stratum (kind)", "leave cluster out", "merge strata"]
    says(DataError, words, lambda: analyse(frame, strata="kind", cluster="ward"))


def test_a_singular_matrix_is_explained() -> None:
    twice = SURVEY.with_columns(q2=pl.col("q1"))
    words = ["no omega_u", "'q2' has the answers of 'q1'", "leave one of them out"]
    says(DataError, words, lambda: analyse(twice, coefficients="omega_u"))
    words = ["no lambda6", "matrix of the items is singular", "more persons"]
    says(DataError, words, lambda: analyse(SURVEY.head(4), coefficients="lambda6"))


def not_positive_definite() -> pl.DataFrame:
    """Return three items, each pair answered by other persons: r = 1, 1 and -1."""
    answers = [1, 2, 3, 4, 5, 5] * 4
    opposite = [6 - answer for answer in answers]
    nobody = [None] * len(answers)
    return pl.DataFrame(
        {
            "q1": answers + nobody + answers,
            "q2": answers + answers + nobody,
            "q3": nobody + answers + opposite,
        }
    )


def test_a_pairwise_matrix_that_is_not_positive_definite_is_explained() -> None:
    three = Scale("three", items=["q1", "q2", "q3"], minimum=1, maximum=5)
    frame = not_positive_definite()
    words = ["no omega_u", "pairwise covariances is not positive definite", "missing='listwise'"]
    says(
        DataError,
        words,
        lambda: analyse(frame, three, coefficients="omega_u", missing="pairwise"),
    )
    result = reliability(
        frame,
        three,
        coefficients=["alpha_std", "lambda6"],
        missing="pairwise",
        interval=None,
    )
    alpha, lambda6 = result.table.iter_rows(named=True)
    assert alpha["estimate"] == pytest.approx(0.6, abs=1e-12)  # 3/2 (1 - 3/5): R sums to 5
    assert lambda6["estimate"] is None
    assert "missing='listwise'" in lambda6["note"]


def test_items_that_nobody_answered_together_are_explained() -> None:
    three = Scale("three", items=["q1", "q2", "q3"], minimum=1, maximum=5)
    frame = not_positive_definite().head(48)
    words = ["no alpha", "for some pair of items too few answered both", "leave one"]
    says(DataError, words, lambda: analyse(frame, three, missing="pairwise"))


RESPONSES = Responses.from_frame(SURVEY, CARE)


@pytest.mark.parametrize(
    "options",
    [{"by": "site"}, {"cluster": "ward"}, {"weights": "w"}, {"missing_codes": [9]}],
)
def test_responses_have_their_own_columns(options: dict[str, Any]) -> None:
    words = [f"{next(iter(options))} is given", "Responses.from_frame"]
    says(OptionError, words, lambda: analyse(RESPONSES, None, **options))


def test_responses_have_their_own_scale() -> None:
    other = Scale("other", items=ITEMS, minimum=1, maximum=5)
    says(OptionError, ["scale is given"], lambda: analyse(RESPONSES, other))
    analyse(RESPONSES, CARE)  # the same one may be named


@pytest.mark.parametrize("call", [Responses.from_frame, moments])
def test_every_way_in_goes_through_the_gate(call: Callable[..., object]) -> None:
    says(DataError, ["'q1' has 1 (row 5: 9)"], lambda: call(in_row(5, "q1", 9), CARE))
    says(DataError, ["no rows"], lambda: call(SURVEY.head(0), CARE))
    says(OptionError, ["'q1' is an item"], lambda: call(SURVEY, CARE, by="q1"))


# What others raise becomes an error of the package, with a remedy.


def fails(*arguments: Any) -> None:
    raise RuntimeError("the function of the user failed")


PANDAS = pd.DataFrame(SURVEY.to_dict(as_series=False))

FOREIGN: dict[str, tuple[Callable[[], Any], list[str]]] = {
    "mixed column": (
        lambda: PANDAS.assign(q1=[1, "a"] * 30),
        ["pandas frame", "pandas.to_numeric"],
    ),
    "objects": (lambda: PANDAS.assign(q1=[object()] * 60), ["pandas frame", "pandas.to_numeric"]),
    "Series": (lambda: PANDAS["q1"], ["pandas Series", "pass a pandas DataFrame"]),
    "Index": (lambda: PANDAS.index, ["pandas RangeIndex", "pass a pandas DataFrame"]),
    "GroupBy": (lambda: PANDAS.groupby("site"), ["DataFrameGroupBy", "pass a pandas DataFrame"]),
    "user function": (
        lambda: SURVEY.lazy().with_columns(pl.col("q1").map_batches(fails, return_dtype=pl.Int64)),
        ["lazy frame cannot be computed", "the function of the user failed"],
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_frames_that_fail(name: str) -> None:
    make, words = FOREIGN[name]
    says(DataError, words, lambda: analyse(make()))


class DuckDBPyRelation:
    """Stands in for a relation whose query fails: DuckDB itself leaves threads behind."""

    def pl(self) -> None:
        raise RuntimeError("Connection has already been closed")


def test_a_relation_that_fails() -> None:
    words = [
        "DuckDB relation cannot be computed",
        "already been closed",
        "keep its connection open",
    ]
    says(DataError, words, lambda: analyse(DuckDBPyRelation()))


@pytest.mark.parametrize("codes_", [b"9", "9", 9, np.array(9)])
@pytest.mark.parametrize("call", [analyse, moments])
def test_missing_codes_that_are_no_list(call: Callable[..., Any], codes_: Any) -> None:
    says(OptionError, ["missing_codes is"], lambda: call(SURVEY, CARE, missing_codes=codes_))


def test_a_missing_code_of_hundreds_of_digits() -> None:
    words = ["missing_codes holds 1000", "...", "finite number"]
    says(OptionError, words, lambda: analyse(SURVEY, missing_codes=[10**400]))


@pytest.mark.parametrize("scale", [5, None, [], [CARE, 5], (each for each in [CARE])])
def test_a_scale_that_is_none(scale: Any) -> None:
    says(OptionError, ["scale is", "must be a Scale, or a list"], lambda: analyse(SURVEY, scale))


@pytest.mark.parametrize("ends", [(3e9, 3e9 + 4), (-3e9 - 4, -3e9)])
def test_ranges_beyond_32_bits_give_what_others_give(ends: tuple[float, float]) -> None:
    far = SURVEY.with_columns(pl.col(ITEMS) - 1 + int(ends[0]))
    scale = Scale("care", items=ITEMS, minimum=ends[0], maximum=ends[1], reversed=ITEMS[:1])
    near = Scale("care", items=ITEMS, minimum=1, maximum=5, reversed=ITEMS[:1])
    ours, theirs = (
        reliability(frame, each, interval=None, coefficients="alpha").table["estimate"].item()
        for frame, each in ((far, scale), (SURVEY, near))
    )
    assert ours == pytest.approx(theirs, rel=1e-14)


def test_a_range_beyond_all_whole_numbers() -> None:
    found = reliability(SURVEY, Scale("care", items=ITEMS, minimum=0, maximum=1e39), interval=None)
    near = reliability(SURVEY, CARE, interval=None)
    np.testing.assert_allclose(found.table["estimate"], near.table["estimate"], rtol=1e-12)


def test_a_scale_without_items() -> None:
    says(ScaleError, ["'none' has no items"], lambda: Scale("none", items=[], minimum=1, maximum=5))


def test_a_file_of_nested_lists(tmp_path: Path) -> None:
    path = tmp_path / "deep.toml"
    path.write_text("a = " + "[" * 5000 + "]" * 5000)
    says(ScaleError, ["deep.toml", "too deeply"], lambda: Scale.read(path))


@pytest.mark.parametrize("call", [analyse, moments])
def test_an_instruction_set_that_is_not_here(
    call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPASSION_PSY_SIMD", "foo")
    words = ["COMPASSION_PSY_SIMD is 'foo'", "scalar", "unset it"]
    says(OptionError, words, lambda: call(SURVEY, CARE))


def test_an_absent_or_broken_pyarrow_names_an_extra_that_exists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert {"pandas", "pyarrow"} <= {
        requirement.partition(">")[0]
        for requirement in project["project"]["optional-dependencies"]["pandas"]
    }
    for error in (ImportError, ModuleNotFoundError):

        def broken(*arguments: Any, error: type[Exception] = error, **options: Any) -> None:
            raise error("pyarrow")

        monkeypatch.setattr(pl, "from_pandas", broken)
        with pytest.raises(MissingExtraError, match=r"compassion_psy\[pandas\]"):
            analyse(PANDAS)
