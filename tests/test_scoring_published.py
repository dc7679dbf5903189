"""Scores of every published scale, and of real data where the folder with them is."""

import warnings
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from compassion_psy import scales
from compassion_psy.errors import CompassionWarning
from compassion_psy.scales import Scale
from compassion_psy.scoring import score

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

IDS = scales.list()["id"].to_list()


def extreme(scale: Scale, reverse: Any, *, high: bool) -> pl.DataFrame:
    """One person with the lowest (or highest) keyed answer to every item."""
    ends = (scale.minimum, scale.maximum)
    return pl.DataFrame({item: [int(ends[high ^ (item in reverse)])] for item in scale.items})


def scored(frame: pl.DataFrame, scale: Any, **options: Any) -> pl.DataFrame:
    return score(frame, scale, **({"missing": "complete"} | options))


def test_there_are_as_many_as_are_known() -> None:
    assert len(IDS) == 34


@pytest.mark.parametrize("scale_id", IDS)
@pytest.mark.parametrize("high", [False, True])
def test_the_ends_of_every_score_are_those_of_the_fact_sheet(scale_id: str, high: bool) -> None:
    scale = scales.get(scale_id)
    stem, sheet = scales.snake_case(scale_id), scale.sheet
    assert sheet is not None
    checked = []
    if sheet.total.defined:
        row = scored(extreme(scale, scale.reversed, high=high), scale, pomp=True)
        assert row[f"{stem}_total"].item() == (sheet.total.max if high else sheet.total.min)
        assert row[f"{stem}_total_answered"].item() == scale.n_items
        assert row[f"{stem}_total_pomp"].item() == (100 if high else 0)
        checked.append("total")
    reverse = {part.key: part.reversed for part in scale.subscales}
    for composite in scale.composites:
        parts = composite.subscales
        reverse[composite.key] = tuple(item for key in parts for item in reverse[key])
    for facts in (*sheet.subscales, *sheet.composites):
        row = scored(extreme(scale, reverse[facts.key], high=high), scale, pomp=True)
        assert row[f"{stem}_{facts.key}"].item() == (facts.max if high else facts.min)
        assert row[f"{stem}_{facts.key}_pomp"].item() == (100 if high else 0)
        checked.append(facts.key)
    if scale.conversion:
        checked.append("metric")
    added = [name for name in row.columns[scale.n_items :] if f"{name}_answered" in row.columns]
    assert added == [f"{stem}_{key}" for key in sorted(checked, key=_place)]


def _place(key: str) -> int:
    return {"total": 0, "metric": 1}.get(key, 2)


@pytest.mark.parametrize("scale_id", IDS)
def test_one_step_of_one_item_moves_the_scores_it_is_in(scale_id: str) -> None:
    """Ends alone would not see two items exchanged between subscales."""
    scale = scales.get(scale_id)
    stem, sheet = scales.snake_case(scale_id), scale.sheet
    assert sheet is not None
    base = extreme(scale, (), high=False)
    step = int(scale.values[1]) if scale.values else int(scale.minimum) + 1
    before = scored(base, scale)
    for number, item in zip(scale.numbers, scale.items, strict=True):
        after = scored(base.with_columns(pl.lit(step).alias(item)), scale)
        for facts in sheet.subscales:
            column = f"{stem}_{facts.key}"
            moved = after[column].item() - before[column].item()
            # By the numbers of the fact sheet, not the columns of the scale.
            sign = 0 if number not in facts.items else -1 if number in facts.reversed else 1
            size = (step - scale.minimum) / (len(facts.items) if facts.rule == "mean" else 1)
            assert moved == pytest.approx(sign * size, abs=1e-12)
        if sheet.total.defined:
            moved = after[f"{stem}_total"].item() - before[f"{stem}_total"].item()
            assert (moved < 0) == (number in sheet.reversed)
            assert moved != 0


# ---- worked examples -----------------------------------------------------------------------------


def test_self_compassion_by_hand() -> None:
    """Six subscale means, the negative ones turned only for the total."""
    answers = {f"q{n}": 2 for n in range(1, 27)} | {"q5": 5, "q1": 4}
    row = scored(pl.DataFrame({name: [x] for name, x in answers.items()}), "scs", columns="q{}")
    assert row["scs_self_kindness"].item() == (2 * 4 + 5) / 5
    assert row["scs_self_judgment"].item() == (2 * 4 + 4) / 5
    # 2.6 and 2 and 2; turned 6 - 2.4, 4 and 4
    assert row["scs_total"].item() == (13 / 5 + 2 + 2 + 18 / 5 + 4 + 4) / 6


def test_swemwbs_is_looked_up_in_its_table() -> None:
    known = {7: 7.0, 14: 15.32, 21: 19.25, 28: 25.03, 35: 35.0}  # read off the published table
    conversion = scales.get("swemwbs").conversion
    assert conversion is not None
    table = dict(zip(conversion.raw, conversion.metric, strict=True))
    for raw in range(7, 36):
        answers = [1 + (raw - 7 + place) // 7 for place in range(7)]
        frame = pl.DataFrame({f"w{n}": [x] for n, x in enumerate(answers, start=1)})
        for given in (frame, frame.lazy()):
            row = scored(given, "swemwbs", columns="w{}").lazy().collect()  # type: ignore[arg-type]
            assert row["swemwbs_total"].item() == raw
            assert row["swemwbs_metric"].item() == known.get(raw, table[raw])
            assert row["swemwbs_metric_answered"].item() == 7


def test_a_filled_total_has_no_metric_unless_it_is_whole() -> None:
    frame = pl.DataFrame({f"w{n}": [3, 3] for n in range(1, 7)} | {"w7": [None, None]})
    frame = frame.with_columns(pl.Series("w1", [3, 4]), pl.col("w7").cast(pl.Int64))
    rows = scored(frame, "swemwbs", columns="w{}", missing="person_mean")
    assert rows["swemwbs_total"].to_list() == [21.0, 19 * 7 / 6]
    assert rows["swemwbs_metric"].to_list() == [19.25, None]


def test_who_5_is_four_times_the_sum() -> None:
    frame = pl.DataFrame({f"w{n}": [n, 0, 5] for n in range(1, 6)})
    rows = scored(frame, "who-5", columns="w{}")
    assert rows["who_5_total"].to_list() == [60, 0, 100]
    assert rows["who_5_total"].dtype == pl.Int64


def test_burnout_needs_its_number_of_answers_in_each_subscale() -> None:
    scale = scales.get("cbi")
    for part, limit in zip(scale.subscales, (3, 4, 3), strict=True):
        column = f"cbi_{part.key}"
        for count in range(len(part.items) + 1):
            unanswered = part.items[count:]
            frame = pl.DataFrame(
                {
                    item: [None if item in unanswered else 100 if item in part.reversed else 0]
                    for item in scale.items
                },
                schema=dict.fromkeys(scale.items, pl.Int64),
            ).with_columns(pl.lit(75).alias(part.items[0]) if count else [])
            row = score(frame, scale)
            first = 25 if part.items[0] in part.reversed else 75
            assert row[column].item() == (first / count if count >= limit else None)
            assert row[f"{column}_answered"].item() == count
            assert score(frame, scale, missing="complete")[column].item() == (
                first / count if count == len(part.items) else None
            )


def test_phq_9_fills_up_to_two_answers_with_the_mean() -> None:
    answers = {f"p{n}": [1, 1, 1, 1] for n in range(1, 10)} | {
        "p1": [3, 3, 3, 3],
        "p7": [0, None, None, None],
        "p8": [1, 1, None, None],
        "p9": [1, 1, 1, None],
    }
    with pytest.warns(CompassionWarning, match=r"'phq-9'.*recalled from memory"):
        rows = score(pl.DataFrame(answers), "phq-9", columns="p{}")
    assert rows["phq_9_total"].to_list() == [10.0, 10 * 9 / 8, 9 * 9 / 7, None]
    assert rows["phq_9_total_answered"].to_list() == [9, 8, 7, 6]


def test_only_rules_from_memory_warn() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for scale_id in IDS:
            scale = scales.get(scale_id)
            frame = extreme(scale, (), high=False)
            score(frame, scale)
            score(frame, scale, missing="complete")
    names = {str(warning.message).split("'")[1] for warning in caught}
    assert (names, len(caught)) == ({"gad-7", "jse", "phq-9"}, 3)


def test_unscored_items_need_no_column() -> None:
    for scale_id in IDS:
        scale = scales.get(scale_id, columns="q{}")
        assert scale.sheet is not None
        fillers = [f"q{number}" for number in scale.sheet.unscored]
        row = scored(extreme(scale, (), high=True), scale_id, columns="q{}")
        assert not set(fillers) & set(row.columns)


# ---- real data -----------------------------------------------------------------------------------

KEYS = {"fantasy": "FS", "empathic_concern": "EC", "perspective_taking": "PT",
        "personal_distress": "PD"}  # fmt: skip


def interpersonal_reactivity(prefix: str) -> dict[int, str]:
    """The columns of the index: the subscale's letters and the item's number."""
    sheet = scales.get("iri").sheet
    assert sheet is not None
    return {
        number: f"{prefix}{KEYS[part.key]}{number}" for part in sheet.subscales
        for number in part.items
    }  # fmt: skip


@needs_data
@pytest.mark.parametrize(
    ("file", "prefix", "minimum", "sums"),
    [
        ("iri_2023.csv", "", 0, KEYS),
        ("iri_2024.csv", "E", 1, {key: f"IRI_{x.lower()}" for key, x in KEYS.items()}),
    ],
)
def test_sums_that_came_with_the_reactivity_index(
    file: str, prefix: str, minimum: int, sums: dict[str, str]
) -> None:
    frame = pl.read_csv(DATA / file)
    published = scales.get("iri", columns=interpersonal_reactivity(prefix))
    # The items of these files are turned already.
    keyed = Scale(
        "iri", items=published.items, minimum=minimum, maximum=minimum + 4, total=None,
        subscales=[scales.Subscale(key=p.key, items=p.items) for p in published.subscales],
    )  # fmt: skip
    rows = score(frame, keyed)
    for key, column in sums.items():
        assert (rows[f"iri_{key}"] == frame[column]).all()
    if minimum == 0:
        # Turned once more, they are not those sums.
        again = score(frame, published)
        for part in published.subscales:
            differs = (again[f"iri_{part.key}"] != frame[sums[part.key]]).any()
            assert differs == bool(part.reversed)
            assert part.reversed


@needs_data
def test_sums_that_came_with_the_self_compassion_scale() -> None:
    frame = pl.read_csv(DATA / "scs_three_groups.csv")
    rows = score(frame, "scs")
    raw = {"self_kindness": "sk", "common_humanity": "ch", "mindfulness": "mi",
           "self_judgment": "sj", "isolation": "is", "over_identification": "oi"}  # fmt: skip
    scale = scales.get("scs")
    sizes = {part.key: len(part.items) for part in scale.subscales}
    assert sorted(raw) == sorted(sizes)
    for key, column in raw.items():
        assert rows[f"scs_{key}"].to_list() == [total / sizes[key] for total in frame[column]]
    # The file's keyed sums, with the negative items turned.
    keyed = frame["pos_self_compassion"] + frame["neg_self_compassion"]
    sum_scale = Scale("sum", items=scale.items, minimum=1, maximum=5, reversed=scale.reversed)
    summed = score(frame, sum_scale)["sum_total"]
    assert (summed == keyed).all()
    # The file's "total" did not turn the negative items: it is no score of self-compassion.
    assert (frame["ts_sc"] == frame["pos_sc"] + frame["neg_sc"]).all()
    turned = len(scale.reversed) * 6 - 2 * frame["neg_sc"]
    assert (summed - frame["ts_sc"] == turned).all()
    assert (summed != frame["ts_sc"]).mean() > 0.9


@needs_data
def test_the_wrong_means_that_came_with_the_mindfulness_inventory() -> None:
    """Nothing reversed, zeros counted, Q21 left out, one decimal: so their notes say."""
    frame = pl.read_csv(DATA / "kims.csv")
    observe = [f"Q{n}" for n in (1, 5, 9, 13, 17, 21, 25, 29, 30, 33, 37, 39)]
    accept = [f"Q{n}" for n in (4, 8, 12, 16, 20, 24, 28, 32, 36)]
    right = [
        Scale("observe", items=observe, minimum=1, maximum=5, total=scales.Total("mean")),
        Scale("accept", items=accept, minimum=1, maximum=5, total=scales.Total("mean"),
              reversed=accept),
    ]  # fmt: skip
    rows = score(frame, right, missing_codes=[0])
    assert (
        rows["accept_total_answered"].sum() == frame.select(accept).unpivot()["value"].ne(0).sum()
    )
    whole = rows.filter(pl.col("accept_total").is_not_null())
    # All nine items are turned: the right mean is 6 minus theirs, but for their rounding.
    off = (whole["accept_total"] - (6 - whole["accepting"])).abs()
    assert off.max() <= 0.05 + 1e-9  # type: ignore[operator]
    assert ((whole["accept_total"] - whole["accepting"]).abs() > 0.1).mean() > 0.8
    # Without Q21, and with zeros as answers, theirs comes out.
    theirs = Scale("theirs", items=[q for q in observe if q != "Q21"], minimum=0, maximum=5,
                   total=scales.Total("mean"))  # fmt: skip
    wrong = score(frame, theirs)
    assert ((wrong["theirs_total"] - frame["observing"]).abs() <= 0.05 + 1e-9).all()
    assert ((rows["observe_total"] - frame["observing"]).abs() > 0.06).any()
