"""Scores: rules, missing answers and the gate, against R, exact fractions and worked examples."""

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compassion_psy.errors import DataError, OptionError, ScaleError
from compassion_psy.scales import Composite, MissingRule, Scale, Subscale, Total
from compassion_psy.scoring import score
from compassion_psy.scoring.quotient import quotient
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from reference_data import FOLDER, values

ITEMS = tuple(f"item{n}" for n in range(1, 9))
# R adds up floats and divides; here whole numbers are added up and divided.
ROUNDING = 1e-14


def made_up(rule: str = "sum", minimum: int | None = 1, **changes: Any) -> Scale:
    """The key of tests/reference/generate_scores.R."""
    given: dict[str, Any] = {
        "items": ITEMS,
        "minimum": 1,
        "maximum": 5,
        "reversed": ["item2", "item5"],
        "total": Total(rule),  # type: ignore[arg-type]
        "subscales": [
            Subscale(key="calm", items=ITEMS[:3], reversed=("item2",), rule=rule,
                     minimum_answered=minimum),  # type: ignore[arg-type]
            Subscale(key="care", items=ITEMS[3:], rule=rule, minimum_answered=minimum),  # type: ignore[arg-type]
        ],
        "missing": None if minimum is None else MissingRule(minimum_answered=minimum),
    }  # fmt: skip
    return Scale("made up", **(given | changes))


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    return pl.read_csv(FOLDER / "data" / "congeneric_missing.csv").select(ITEMS)


def check(scored: pl.DataFrame, expected: dict[str, list[float | None]], n_items: int = 8) -> None:
    for key, theirs in expected.items():
        ours = scored[f"made_up_{key}"]
        counts = scored[f"made_up_{key}_answered"]
        for mine, count, other in zip(ours, counts, theirs, strict=True):
            if count == 0:
                assert mine is None  # R says null to a mean, and 0 to a sum of nothing
            else:
                assert mine == pytest.approx(other, rel=ROUNDING)


def test_means_of_the_answered_are_those_of_psych(answers: pl.DataFrame) -> None:
    check(score(answers, made_up("mean")), values("scoring")["means"])


def test_a_reversed_item_turns_in_the_declared_range(answers: pl.DataFrame) -> None:
    wide = values("scoring")["wide"]
    scale = Scale(
        **_fields(made_up("mean")) | {"minimum": wide["minimum"], "maximum": wide["maximum"]}
    )
    check(score(answers, scale), wide["means"])


def _fields(scale: Scale) -> dict[str, Any]:
    names = ("name", "items", "minimum", "maximum", "reversed", "total", "subscales", "missing")
    return {name: getattr(scale, name) for name in names}


def test_sums_of_the_answered_are_those_of_psych(answers: pl.DataFrame) -> None:
    scored = score(answers, made_up("sum"))
    check(scored, values("scoring")["sums"])
    assert scored["made_up_total"].dtype == pl.Int64


def test_a_filled_sum_is_the_mean_of_psych_times_the_items(answers: pl.DataFrame) -> None:
    means = values("scoring")["means"]
    n_items = {"total": 8, "calm": 3, "care": 5}
    expected = {
        key: [None if mean is None else mean * n_items[key] for mean in means[key]] for key in means
    }
    scored = score(answers, made_up("sum", None), missing="person_mean", minimum_answered=1)
    check(scored, expected)
    assert scored["made_up_total"].dtype == pl.Float64


def test_answers_are_kept_and_scores_stand_beside_their_counts(answers: pl.DataFrame) -> None:
    scored = score(answers, made_up())
    names = ["made_up_total", "made_up_calm", "made_up_care"]
    assert scored.columns == [*ITEMS, *(f"{n}{end}" for n in names for end in ("", "_answered"))]
    assert_frame_equal(scored.select(ITEMS), answers)


# ---- missing answers ---------------------------------------------------------------------------

HOLES = pl.DataFrame(
    {
        "a": [5, 5, None, None],
        "b": [1, None, None, None],
        "c": [2, 2, 3, None],
        "d": [4, 4, 4, None],
    }
)
FOUR = Scale("four", items=["a", "b", "c", "d"], minimum=1, maximum=5, reversed=["b"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [16, None, None, None]),
        ({"missing": "complete"}, [16, None, None, None]),
        # 11 / 3 * 4, and 7 / 2 * 4: half is enough where nothing is stated.
        ({"missing": "person_mean"}, [16.0, 44 / 3, 14.0, None]),
        ({"missing": "person_mean", "minimum_answered": 3}, [16.0, 44 / 3, None, None]),
        ({"missing": "person_mean", "minimum_answered": 0.75}, [16.0, 44 / 3, None, None]),
        ({"missing": "person_mean", "minimum_answered": 0.51}, [16.0, 44 / 3, None, None]),
        ({"missing": "person_mean", "minimum_answered": 1.0}, [16, None, None, None]),
    ],
)
def test_missing_answers(options: dict[str, Any], expected: list[float | None]) -> None:
    scored = score(HOLES, FOUR, **options)
    assert scored["four_total"].to_list() == expected  # exactly
    assert scored["four_total"].dtype == (pl.Int64 if expected[1] is None else pl.Float64)
    assert scored["four_total_answered"].to_list() == [4, 3, 2, 0]


def test_a_share_that_is_a_little_off_as_a_float_asks_for_no_more() -> None:
    assert math.ceil(0.28 * 25) == 8  # though 28 % of 25 items are 7
    items = [f"i{n}" for n in range(25)]
    scale = Scale("many", items=items, minimum=1, maximum=5)
    persons: list[list[int | None]] = [[3] * n + [None] * (25 - n) for n in (6, 7)]
    scored = score(frame_of(scale, persons), scale, missing="person_mean", minimum_answered=0.28)
    assert scored["many_total"].to_list() == [None, 75.0]


def test_what_is_published_is_the_default() -> None:
    for fill, expected in (("person_mean", 44 / 3), ("none", 11)):
        rule = MissingRule(minimum_answered=3, fill=fill)  # type: ignore[arg-type]
        scale = Scale("four", items=FOUR.items, minimum=1, maximum=5, reversed=["b"], missing=rule)
        assert score(HOLES, scale)["four_total"].to_list() == [16, expected, None, None]
        complete = score(HOLES, scale, missing="complete")
        assert complete["four_total"].to_list() == [16, None, None, None]


MEANS = Scale(
    "m", items=["a", "b", "c", "d"], minimum=1, maximum=5, reversed=["b"],
    total=Total("mean_of_subscale_means"),
    subscales=[
        # As in the Self-Compassion Scale: turned in the total, and not on its own.
        Subscale(key="one", items=("a",), rule="mean"),
        Subscale(key="rest", items=("b", "c", "d"), rule="mean"),
    ],
    composites=[Composite(key="both", subscales=("one", "rest"))],
)  # fmt: skip


def test_a_mean_of_subscale_means_is_keyed_as_the_total() -> None:
    scored = score(HOLES, MEANS)
    assert scored["m_rest"].to_list() == [7 / 3, None, None, None]
    assert scored["m_total"].to_list() == [26 / 6, None, None, None]
    assert scored["m_both"].to_list() == [22 / 3, None, None, None]


def test_each_subscale_of_a_total_needs_its_answers() -> None:
    scored = score(HOLES, MEANS, missing="person_mean")
    assert scored["m_total"].to_list() == [26 / 6, 4.0, None, None]
    assert scored["m_total_answered"].to_list() == [4, 3, 2, 0]
    assert scored["m_both"].to_list() == [22 / 3, 8.0, None, None]
    published = Scale(
        **{**_fields(MEANS), "minimum": 1, "missing": MissingRule(minimum_answered=2)}
    )
    assert score(HOLES, published)["m_total"].to_list() == [26 / 6, 4.0, None, None]


def test_a_sum_of_subscale_means() -> None:
    scale = Scale(**_fields(MEANS) | {"total": Total("sum_of_subscale_means", 3)})
    assert score(HOLES, scale)["m_total"].to_list() == [26, None, None, None]


# ---- exactness -----------------------------------------------------------------------------------


@st.composite
def sheets(draw: st.DrawFn) -> tuple[Scale, list[list[int | None]]]:
    """A scale of a mean of subscale means, and answers with holes."""
    minimum = draw(st.integers(-3, 3))
    maximum = minimum + draw(st.integers(1, 8))
    sizes = draw(st.lists(st.integers(1, 6), min_size=1, max_size=4))
    items = [f"i{n}" for n in range(sum(sizes))]
    turned = draw(st.sets(st.sampled_from(items)))
    parts = [
        Subscale(key=f"s{n}", items=tuple(items[sum(sizes[:n]) : sum(sizes[: n + 1])]), rule="mean")
        for n in range(len(sizes))
    ]
    scale = Scale(
        "x", items=items, minimum=minimum, maximum=maximum, reversed=sorted(turned),
        total=Total("mean_of_subscale_means"), subscales=parts,
    )  # fmt: skip
    answer = st.none() | st.integers(minimum, maximum)
    person = st.lists(answer, min_size=len(items), max_size=len(items))
    return scale, draw(st.lists(person, min_size=1, max_size=8))


def frame_of(scale: Scale, persons: list[list[int | None]]) -> pl.DataFrame:
    return pl.DataFrame(persons, schema=dict.fromkeys(scale.items, pl.Int16), orient="row")


def by_hand(scale: Scale, person: list[int | None]) -> Fraction | None:
    keyed = {
        item: scale.minimum + scale.maximum - x if item in scale.reversed else x
        for item, x in zip(scale.items, person, strict=True)
        if x is not None
    }
    means = []
    for part in scale.subscales:
        given = [int(keyed[item]) for item in part.items if item in keyed]
        if 2 * len(given) < len(part.items):
            return None
        means.append(Fraction(sum(given), len(given)))
    return sum(means, Fraction(0)) / len(means)


@settings(deadline=None, max_examples=60)
@given(sheets())
def test_every_score_is_the_float_nearest_to_the_fraction(
    sheet: tuple[Scale, list[list[int | None]]],
) -> None:
    scale, persons = sheet
    scored = score(frame_of(scale, persons), scale, missing="person_mean")
    for found, person in zip(scored["x_total"], persons, strict=True):
        expected = by_hand(scale, person)
        assert found == (None if expected is None else float(expected))


@settings(deadline=None, max_examples=30)
@given(sheets(), st.randoms(use_true_random=False))
def test_order_of_items_other_columns_chunks_and_laziness_change_nothing(
    sheet: tuple[Scale, list[list[int | None]]], random: Any
) -> None:
    scale, persons = sheet
    frame = frame_of(scale, persons)
    expected = score(frame, scale, missing="person_mean")
    added = [name for name in expected.columns if name not in frame.columns]

    names = list(frame.columns)
    random.shuffle(names)
    parts = [
        Subscale(key=part.key, items=tuple(random.sample(part.items, len(part.items))), rule="mean")
        for part in scale.subscales
    ]
    other = Scale(
        **{**_fields(scale), "minimum": scale.minimum, "items": names, "subscales": parts}
    )
    wider = frame.select(names).with_columns(pl.lit(None).alias("empty"))
    assert_frame_equal(score(wider, other, missing="person_mean")[added], expected[added])

    chunked = pl.concat([frame[:1], frame[1:]], rechunk=False)
    assert_frame_equal(score(chunked, scale, missing="person_mean"), expected)
    lazily = score(frame.lazy(), scale, missing="person_mean")
    assert isinstance(lazily, pl.LazyFrame)
    assert lazily.collect_schema() == expected.schema
    for engine in ("in-memory", "streaming"):
        assert_frame_equal(lazily.collect(engine=engine), expected)  # type: ignore[call-overload]


@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
@pytest.mark.parametrize("rows", [1, 2, 5000])
@pytest.mark.parametrize("hole", [False, True])
def test_quotients_are_rounded_once(engine: Any, rows: int, hole: bool) -> None:
    numerators = [None if hole and n == 1 else 13 * n + 1 for n in range(rows)]
    frame = pl.LazyFrame({"x": numerators, "seven": [7] * rows}, schema_overrides={"x": pl.Int64})
    x = pl.col("x")
    for dtype, denominator in ((pl.Int64, 7), (pl.Float64, 7.0), (pl.Int64, pl.col("seven"))):
        found = frame.select(quotient(x.cast(dtype), denominator)).collect(engine=engine)
        assert found["x"].to_list() == [None if n is None else n / 7 for n in numerators]


def test_many_items_whose_common_multiple_is_too_large_are_still_right() -> None:
    items = [f"i{n}" for n in range(100)]
    parts = [Subscale(key="one", items=tuple(items[:50]), rule="mean"),
             Subscale(key="two", items=tuple(items[50:]), rule="mean")]  # fmt: skip
    scale = Scale("x", items=items, minimum=1, maximum=7, subscales=parts,
                  total=Total("mean_of_subscale_means"))  # fmt: skip
    persons: list[list[int | None]] = [
        [None if n % 7 == 3 else n * n % 7 + 1 for n in range(100)],
        [n * 3 % 7 + 1 for n in range(100)],
    ]
    scored = score(frame_of(scale, persons), scale, missing="person_mean")
    for found, person in zip(scored["x_total"], persons, strict=True):
        assert found == pytest.approx(float(by_hand(scale, person) or 0), rel=ROUNDING)


def test_answers_with_decimals() -> None:
    scale = Scale("r", items=["a", "b"], minimum=0, maximum=10, reversed=["b"], continuous=True)
    frame = pl.DataFrame({"a": [2.5, 1.0], "b": [9.75, None]})
    scored = score(frame, scale)
    assert scored["r_total"].to_list() == [2.75, None]
    filled = score(frame, scale, missing="person_mean")
    assert filled["r_total"].to_list() == [2.75, 2.0]


# ---- the gate ------------------------------------------------------------------------------------

WRONG = {
    "outside": ([5, 99, 1], ["'a' has 1", "99", "missing_codes=[99]"]),
    "half": ([5.0, 2.5, 1.0], ["2.5", "decimals"]),
    "text": (["5", "no", "1"], ["Column 'a' holds String", "'no'"]),
    "nan": ([5.0, float("nan"), 1.0], ["NaN", "fill_nan"]),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_what_is_no_answer_is_never_scored(kind: str, lazy: bool, engine: Any) -> None:
    column, words = WRONG[kind]
    frame = pl.DataFrame({"a": column, "b": [1, 2, 3], "c": [1, 2, 3], "d": [1, 2, 3]})
    given_frame = frame.lazy() if lazy else frame
    with pytest.raises(DataError) as caught:
        # Not even where only the count of answers is asked for.
        score(given_frame, FOUR).lazy().select("four_total_answered").collect(engine=engine)
    for word in words:
        assert word in str(caught.value)
    assert ("row 2" in str(caught.value)) == (not lazy and kind != "text")


@pytest.mark.parametrize("lazy", [False, True])
def test_missing_codes_are_no_answers(lazy: bool) -> None:
    frame = pl.DataFrame({"a": [5, 99, 5], "b": [1, 2, 1], "c": [2, 2, -9], "d": [4, 4, 4]})
    given = frame.lazy() if lazy else frame
    scored = score(given, FOUR, missing_codes=[99, -9]).lazy().collect()
    assert scored["four_total"].to_list() == [16, None, None]
    assert scored["four_total_answered"].to_list() == [4, 3, 3]
    with pytest.raises(OptionError, match="missing code 5 is a possible answer"):
        score(frame, FOUR, missing_codes=[5])


def test_only_values_that_the_form_has_are_answers() -> None:
    scale = Scale("v", items=["a"], minimum=0, maximum=100, values=[0, 25, 50, 75, 100])
    assert score(pl.DataFrame({"a": [0, 75, None]}), scale)["v_total"].to_list() == [0, 75, None]
    with pytest.raises(DataError, match=r"not one of 0, 25, 50, 75, 100, .*row 2: 3.*recoded"):
        score(pl.DataFrame({"a": [25, 3]}), scale)


def test_small_types_do_not_overflow() -> None:
    items = [f"i{n}" for n in range(60)]
    scale = Scale("big", items=items, minimum=0, maximum=100, reversed=items[:5])
    frame = pl.DataFrame({item: [0 if item in items[:5] else 100] for item in items})
    for dtype in (pl.Int8, pl.UInt8, pl.Float32, pl.Int64):
        scored = score(frame.cast(dtype), scale)
        assert scored["big_total"].to_list() == [6000]
        assert scored["big_total"].dtype == pl.Int64


def test_an_empty_text_column_is_a_column_without_answers() -> None:
    frame = HOLES.with_columns(pl.lit(None, dtype=pl.String).alias("a"))
    for given_frame in (frame, frame.lazy()):
        scored = score(given_frame, FOUR, missing="person_mean").lazy().collect()
        assert scored["four_total_answered"].to_list() == [3, 2, 2, 0]


# ---- the call ------------------------------------------------------------------------------------


def test_ids_columns_and_several_scales() -> None:
    frame = pl.DataFrame({f"w{n}": [n] for n in range(1, 6)} | {f"q{n}": [1] for n in range(1, 8)})
    one = score(frame, "who-5", columns="w{}")
    assert one["who_5_total"].to_list() == [60]
    assert_frame_equal(score(frame, "WHO_5", columns=[f"w{n}" for n in range(1, 6)]), one)
    assert_frame_equal(score(frame, "who-5", columns={n: f"w{n}" for n in range(1, 6)}), one)
    two = [Scale("x", items=["w1", "w2"], minimum=0, maximum=5),
           Scale("y", items=["q1", "q2"], minimum=0, maximum=3)]  # fmt: skip
    both = score(frame.lazy(), two).collect()
    assert both.select("x_total", "y_total").rows() == [(3, 2)]
    assert not [name for name in both.columns if "checked" in name]


def test_other_frames() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [5.0, None], "b": [1, 1], "c": [2, 2], "d": [4, 4], "who": "xy"})
    scored = score(frame, FOUR)
    assert scored["four_total"].to_list() == [16, None]
    assert scored["who"].to_list() == ["xy", "xy"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"missing": "mean"}, OptionError, ["missing is 'mean'", "person_mean"]),
        ({"minimum_answered": 3}, OptionError, ["minimum_answered is 3", "person_mean"]),
        ({"missing": "person_mean", "minimum_answered": 0}, OptionError, ["is 0", "at least 1"]),
        ({"missing": "person_mean", "minimum_answered": 5}, OptionError, ["is 5", "4 items"]),
        ({"missing": "person_mean", "minimum_answered": 1.5}, OptionError, ["1.5", "share"]),
        ({"missing": "person_mean", "minimum_answered": True}, OptionError, ["True"]),
        ({"missing": "person_mean", "minimum_answered": "3"}, OptionError, ["'3'"]),
        ({"columns": "x_{}"}, DataError, ["no column 'x_1' (and 3 more)"]),
        ({"columns": "x"}, ScaleError, ["pair of braces"]),
    ],
)
def test_options_that_cannot_be(
    options: dict[str, Any], error: type[Exception], words: list[str]
) -> None:
    for frame in (HOLES, HOLES.lazy()):
        with pytest.raises(error) as caught:
            score(frame, FOUR, **options)
        for word in words:
            assert word in str(caught.value)


@pytest.mark.parametrize(
    ("frame", "scale", "error", "words"),
    [
        (HOLES, 3, OptionError, ["scale is 3"]),
        (HOLES, [], OptionError, ["scale is []"]),
        (HOLES, [3], OptionError, ["scale holds 3"]),
        (HOLES, "whoo-5", ScaleError, ["'whoo-5'", "who-5"]),
        (HOLES.drop("b"), FOUR, DataError, ["no column 'b'"]),
        (HOLES.with_columns(four_total=1), FOUR, DataError, ["'four_total'", "the data have"]),
        (HOLES.with_columns(four_total_answered=1), FOUR, DataError, ["'four_total_answered'"]),
        (HOLES.lazy().with_columns(four_answers_checked=1), FOUR, DataError, ["answers_checked"]),
        (HOLES, [FOUR, FOUR], DataError, ["'four_total'", "another score has"]),
        ("survey.csv", FOUR, DataError, ["survey.csv", "read the file"]),
        (pl.scan_csv(Path("nowhere") / "x.csv"), FOUR, DataError, ["lazy frame"]),
        (HOLES.rename({"a": "^a$"}), Scale("p", items=["^a$", "b"], minimum=1, maximum=5),
         DataError, ["pattern to Polars"]),
        (HOLES, Scale("p", items=["a"], minimum=1, maximum=5,
                      missing=MissingRule(minimum_answered=2)), ScaleError, ["is 2", "1 items"]),
    ],
)  # fmt: skip
def test_frames_and_scales_that_cannot_be(
    frame: Any, scale: Any, error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        score(frame, scale)
    for word in words:
        assert word in str(caught.value)


def test_columns_belong_to_one_scale() -> None:
    with pytest.raises(OptionError, match="2 scales"):
        score(HOLES, ["who-5", FOUR], columns="x{}")
