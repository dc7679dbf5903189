"""Sites and items that say nothing, small sites, and names that an audit needs for itself."""

import datetime

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale, audit, simulate_survey
from compassion_psy.audit.auditing import OWN_COLUMNS

SURVEY = simulate_survey(persons=800, items=8, sites=4, reversed=2, seed=2)
SCALE = SURVEY.scale
AT_S3 = pl.col("site") == "S3"


def changed(items: tuple[str, ...], value: int | None) -> pl.DataFrame:
    return SURVEY.frame.with_columns(
        pl.when(AT_S3).then(pl.lit(value, pl.Int64)).otherwise(item).alias(item) for item in items
    )


def found(frame: pl.DataFrame, **options: object) -> list[tuple[object, ...]]:
    result = audit(frame, SCALE, by="site", **options)  # type: ignore[arg-type]
    others = result.findings.filter(pl.col("kind") != "careless")
    return others.select("site", "kind", "item", "finding").rows()


def test_a_survey_that_varies_is_left_in_peace() -> None:
    assert found(SURVEY.frame) == []


def test_a_site_without_answers() -> None:
    assert found(changed(SCALE.items, None)) == [("S3", "missing", None, "no_answers")]


def test_a_whole_file_without_answers() -> None:
    empty = SURVEY.frame.with_columns(pl.lit(None, pl.Int64).alias(item) for item in SCALE.items)
    result = audit(empty, SCALE)
    others = result.findings.filter(pl.col("kind") != "careless")
    assert others.select("kind", "finding").rows() == [("missing", "no_answers")]


def test_a_site_with_one_answer_to_everything() -> None:
    assert found(changed(SCALE.items, 3)) == [("S3", "range", None, "no_variation")]


def test_an_item_that_does_not_vary_at_a_site() -> None:
    rows = found(changed(("item_2",), 3))
    assert ("S3", "range", "item_2", "no_variation") in rows
    assert {row[2] for row in rows} == {"item_2"}


def test_an_item_that_hardly_varies_anywhere_is_no_surprise() -> None:
    rng = np.random.default_rng(1)
    rare = pl.Series(np.where(rng.random(800) < 0.002, 2, 1))
    frame = SURVEY.frame.with_columns(item_2=rare)
    assert not [row for row in found(frame) if row[3] == "no_variation"]


@pytest.mark.parametrize(
    ("sites", "each", "share"), [(200, 1, 0.001), (200, 2, 0.03), (200, 10, 0.5)]
)
def test_missing_by_chance_is_not_never_asked(sites: int, each: int, share: float) -> None:
    """Rates of false alarms that were of every survey, before all cells were counted."""
    alarms = 0
    for seed in range(2):
        rng = np.random.default_rng(seed)
        n = sites * each
        answers = rng.integers(1, 6, (n, 20)).astype(float)
        answers[rng.random((n, 20)) < share] = np.nan
        frame = pl.DataFrame(answers, schema=[f"q{i}" for i in range(20)]).fill_nan(None)
        frame = frame.with_columns(site=pl.Series(np.repeat(np.arange(sites), each)))
        scale = Scale("x", items=[f"q{i}" for i in range(20)], minimum=1, maximum=5)
        findings = audit(frame, scale, by="site").findings
        alarms += findings.filter(finding="never_asked").height
    assert alarms == 0


def test_an_item_that_a_site_did_not_ask() -> None:
    assert found(changed(("item_5",), None)) == [("S3", "missing", "item_5", "never_asked")]


def test_texts_are_no_missing_answers() -> None:
    frame = SURVEY.frame.with_columns(
        pl.when(AT_S3)
        .then(pl.lit("agree"))
        .otherwise(pl.col("item_5").cast(pl.String))
        .alias("item_5")
    )
    assert found(frame) == [("S3", "range", "item_5", "impossible_answer")]
    result = audit(frame, SCALE, by="site")
    assert "labels" in result.findings.filter(kind="range")["remedy"][0]


def test_nothing_of_a_small_site_is_shown() -> None:
    small = SURVEY.frame.filter(AT_S3).head(6).with_columns(site=pl.lit("tiny"))
    small = small.with_columns(item_1=pl.Series([77, 1, 2, 3, 4, 5]))
    large = SURVEY.frame.filter(site="S1")
    result = audit(pl.concat([large, small], how="vertical_relaxed"), SCALE, by="site")
    (row,) = result.findings.filter(finding="impossible_answer").rows(named=True)
    assert "77" not in row["evidence"] + row["remedy"]
    coefficients = result.coefficients.filter(site="tiny")
    assert coefficients["estimate"].null_count() == coefficients.height
    assert coefficients["n"].null_count() == coefficients.height


def test_what_is_said_of_all_others_is_not_said_of_a_small_site() -> None:
    small = SURVEY.frame.filter(AT_S3).head(6).with_columns(site=pl.lit("tiny"))
    large = SURVEY.frame.filter(site="S1").with_columns(item_5=pl.lit(None, pl.Int64))
    result = audit(pl.concat([large, small], how="vertical_relaxed"), SCALE, by="site")
    for evidence in result.findings.filter(pl.col("site") == "S1")["evidence"]:
        assert "elsewhere" not in evidence
        assert "withheld" in evidence


def test_figures_of_few_answers_are_withheld() -> None:
    few = pl.when(AT_S3 & (pl.int_range(pl.len()).over("site") >= 3)).then(None).otherwise("item_1")
    result = audit(SURVEY.frame.with_columns(few.alias("item_1")), SCALE, by="site")
    row = result.items.row(by_predicate=(pl.col("site") == "S3") & (pl.col("item") == "item_1"),
                           named=True)  # fmt: skip
    assert row["mean"] is None
    assert row["note"] == "withheld: fewer than 10 answers"


def test_names_of_its_own_columns_are_refused() -> None:
    timed = SURVEY.frame.with_columns(time=pl.lit(100.0))
    result = audit(
        timed, SCALE, by="site", person="person", attention={"item_1": 3}, seconds="time"
    )
    columns: set[str] = set()
    for frame in (result.findings, result.persons, result.items, result.coefficients):
        columns |= set(frame.columns)
    own = {name for name in columns - {"site"} if not name.startswith("flag_")}
    assert own <= OWN_COLUMNS
    for name in ("flags", "flag_constant", "power", "n_without", "attention_failed"):
        with pytest.raises(OptionError, match=f"column '{name}' of its own"):
            audit(SURVEY.frame.rename({"site": name}), SCALE, by=name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"person": 3}, "person is 3"),
        ({"seconds": 3}, "seconds is 3"),
        ({"by": 3}, "by is 3"),
        ({"missing_codes": 9}, "missing_codes is 9"),
    ],
)
def test_options_of_another_kind(options: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError, match=words):
        audit(SURVEY.frame, SCALE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["1", "2", "3", "4", "5"])])
def test_categories_that_are_numbers_are_read(dtype: pl.DataType) -> None:
    frame = SURVEY.frame.with_columns(pl.col("item_1").cast(pl.String).cast(dtype))
    assert found(frame) == []


def test_dates_are_no_answers() -> None:
    frame = SURVEY.frame.with_columns(item_1=pl.lit(datetime.date(1970, 1, 4)))
    with pytest.raises(DataError, match="'item_1' holds Date"):
        audit(frame, SCALE)
