"""Reliable change of persons, reliability by wave, and who dropped out."""

import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.weights import replicate_moments
from reference_data import values

WHOLE = values("change")["sets"]["whole"]
SCALE = cp.Scale("calm", items=["q1", "q2", "q3", "q4"], minimum=1, maximum=5, reversed=["q4"])


def example(**options: Any) -> cp.ChangeResult:
    frame = pl.DataFrame({"id": range(8), "y_pre": WHOLE["pre"], "y_post": WHOLE["post"]})
    given = {"interval": cp.Bootstrap(500, seed=1), "reliability": 0.9, **options}
    return cp.change(frame, "y", id="id", pre="{}_pre", post="{}_post", **given)


def answered(n: int, *, seed: int = 1, shift: float = 0.8) -> pl.DataFrame:
    """Answers of n persons at three waves; some are lost on the way."""
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1, n)
    parts = []
    for wave, moved in (("pre", 0.0), ("post", shift), ("late", shift)):
        sign = np.array([1, 1, 1, -1])
        raw = 3 + sign * (true + moved)[:, None] + rng.normal(0, 0.8, (n, 4))
        codes = np.clip(np.round(raw), 1, 5).astype(int)
        items = {f"q{k}": codes[:, k - 1] for k in range(1, 5)}
        kept = rng.random(n) > (0 if wave == "pre" else 0.2)
        parts.append(
            pl.DataFrame({"id": range(n), "wave": [wave] * n, **items}).filter(pl.Series(kept))
        )
    return pl.concat(parts)


def studied(frame: pl.DataFrame, **options: Any) -> cp.ChangeResult:
    given = {"post": "post", "interval": cp.Bootstrap(300, seed=2), **options}
    return cp.change(frame, SCALE, id="id", wave="wave", pre="pre", **given)


def test_standard_error_of_a_difference() -> None:
    row = example().detectable.row(0, named=True)
    assert row["s_diff"] == pytest.approx(5.492527, abs=5e-7)  # Jacobson & Truax, of 8 persons
    sem = np.std(WHOLE["pre"], ddof=1) * math.sqrt(0.1)
    assert row["sem"] == pytest.approx(sem)
    assert row["mdc"] == pytest.approx(1.959963984540054 * math.sqrt(2) * sem)
    rci = example().persons["rci"].to_numpy()
    assert rci == pytest.approx((np.array(WHOLE["post"]) - WHOLE["pre"]) / row["s_diff"])


def test_cut_offs() -> None:
    mean, sd = np.mean(WHOLE["pre"]), np.std(WHOLE["pre"], ddof=1)
    row = example(norms=(140, 9)).detectable.row(0, named=True)
    assert row["cutoff"] == "c"
    assert row["cutoff_a"] == pytest.approx(mean + 2 * sd)
    assert row["cutoff_b"] == pytest.approx(140 - 18)
    assert row["cutoff_c"] == pytest.approx((9 * mean + sd * 140) / (9 + sd))
    lower = example(norms=cp.Norms("n", mean=90, sd=9), better="lower").detectable
    assert lower["cutoff_a"].item() == pytest.approx(mean - 2 * sd)
    assert lower["cutoff_b"].item() == pytest.approx(90 + 18)


def test_classes() -> None:
    frame = pl.DataFrame({
        "id": ["recovered", "improved", "functional before", "too little", "worse", "same"],
        "y1": [10.0, 10, 22, 19, 25, 14],
        "y2": [25.0, 17, 30, 21, 12, 14],
    })  # fmt: skip
    options = {"reliability": 0.9, "norms": {"y": (26, 3)}, "cutoff": "b"}
    persons = cp.change(frame, "y", id="id", pre="{}1", post="{}2", **options).persons
    assert dict(persons.select("id", "class").iter_rows()) == {
        "recovered": "recovered",
        "improved": "improved",
        "functional before": "improved",  # it crossed nothing
        "too little": "unchanged",  # though it crossed the cut-off
        "worse": "deteriorated",
        "same": "unchanged",
    }
    turned = cp.change(frame, "y", id="id", pre="{}1", post="{}2", reliability=0.9, better="lower")
    assert dict(turned.persons.select("id", "class").iter_rows())["worse"] != "deteriorated"
    assert dict(turned.persons.select("id", "class").iter_rows())["recovered"] == "deteriorated"


def test_reliability_is_estimated_and_its_uncertainty_carried() -> None:
    frame = answered(40)
    result = studied(frame)
    row = result.detectable.row(0, named=True)
    first = frame.filter(wave="pre").sort("id")
    alone = cp.reliability(first, SCALE, coefficients="alpha", interval=cp.Bootstrap(300, seed=2))
    assert row["reliability"] == alone.table["estimate"].item()
    scores = cp.score(first, SCALE)["calm_total"].to_numpy().astype(float)
    assert row["sd"] == pytest.approx(scores.std(ddof=1), rel=1e-12)
    # The same persons are drawn for the reliability and for the SD.
    weights = np.rint(40 * replicate_moments(np.eye(40), cp.Bootstrap(300), 2)[0])
    answers = first.select("q1", "q2", "q3", 6 - pl.col("q4")).to_numpy()
    errors = []
    for count in weights.astype(int):
        drawn = np.repeat(answers, count, axis=0)
        total = drawn.sum(axis=1).var(ddof=1)
        alpha = 4 / 3 * (1 - drawn.var(axis=0, ddof=1).sum() / total)
        errors.append(math.sqrt(2 * total * (1 - alpha)))
    changes = result.persons["change"].to_numpy()
    expected = [np.mean(abs(d) > 1.959963984540054 * np.array(errors)) for d in changes]
    assert result.persons["p_reliable"].to_numpy() == pytest.approx(expected, abs=1e-12)
    assert len([p for p in expected if 0.02 < p < 0.98]) > 0


def test_p_reliable_agrees_with_the_class_where_the_error_is_known() -> None:
    persons = studied(answered(3000), interval=cp.Bootstrap(50, seed=1)).persons
    clear = persons.filter((pl.col("rci").abs() - 1.96).abs() > 0.3)
    assert clear.height > 1000
    assert (clear["p_reliable"] == (clear["class"] != "unchanged").cast(pl.Float64)).all()


def test_no_reliability_no_class() -> None:
    result = example(reliability=None)
    assert result.persons["class"].null_count() == 8
    assert "give reliability" in result.detectable["note"].item()


def test_a_reliability_that_cannot_be() -> None:
    frame = answered(30).with_columns(q1=pl.lit(3), q2=pl.lit(3), q3=pl.lit(3), q4=pl.lit(3))
    result = studied(frame)
    assert result.persons["rci"].null_count() == result.persons.height
    assert result.detectable["note"].item() is not None


def test_reliability_by_wave() -> None:
    frame = answered(60)
    result = studied(frame, post=["post", "late"])
    assert result.reliability["wave"].to_list() == ["pre", "post", "late"]
    for wave, estimate in result.reliability.select("wave", "estimate").iter_rows():
        part = frame.filter(wave=wave)
        alone = cp.reliability(part, SCALE, coefficients="alpha", interval=None).table
        assert estimate == alone["estimate"].item()
    tests = cp.compare_reliability(
        frame, SCALE, wave="wave", person="id", coefficients="alpha"
    ).tests
    assert result.reliability_tests["p"].to_list() == tests["p"].to_list()


def test_dropout_is_counted_by_kind() -> None:
    frame = pl.DataFrame({
        "id": [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 7],
        "wave": [1] * 6 + [2] * 5,
        "y": [1.0, 2, 4, 5, 9, None, 2, 4, 5, None, 3],
    })  # fmt: skip
    result = cp.change(frame, "y", id="id", wave="wave", pre=1, post=2, interval="analytic")
    row = result.dropout.row(0, named=True)
    counts = ("persons", "completed", "pre_only", "absent", "unscored", "post_only", "neither")
    assert tuple(row[name] for name in counts) == (7, 3, 2, 1, 1, 1, 1)
    assert row["mean_completed"] == pytest.approx(7 / 3)
    assert row["mean_pre_only"] == 7
    # R: t.test(c(5, 9), c(1, 2, 4))
    limits = (-9.880675861, 19.214009194)
    assert (row["lower"], row["upper"]) == pytest.approx(limits, abs=1e-7)
    first = result.table.filter(effect="mean_change")
    assert first["n"].to_list() == [3, 5]
    assert first["n_excluded"].to_list() == [4, 2]


def test_completers_and_carried_scores_are_apart() -> None:
    frame = answered(30)
    result = studied(frame, post=["post", "late"])
    scored = cp.score(frame, SCALE).select("id", "wave", "calm_total")
    wide = scored.pivot("wave", index="id", values="calm_total").sort("id")
    means = result.table.filter(effect="mean_change")
    for wave, carried in (("post", ["post", "pre"]), ("late", ["late", "post", "pre"])):
        found = dict(means.filter(wave=wave).select("analysis", "estimate").iter_rows())
        change = wide[wave] - wide["pre"]
        assert found["completers"] == pytest.approx(change.mean(), rel=1e-12)
        last = wide.select(pl.coalesce(carried) - pl.col("pre")).to_series()
        assert found["locf"] == pytest.approx(last.mean(), rel=1e-12)
        assert abs(found["locf"]) < abs(found["completers"])
    assert any("assumption" in note for note in result.notes)


def test_carried_scores_are_not_there_where_nobody_is_lost() -> None:
    assert example().table["analysis"].unique().to_list() == ["completers"]


def test_trajectories_have_every_score_of_every_person() -> None:
    frame = answered(20)
    result = studied(frame, post=["post", "late"])
    assert result.trajectories.height == 60
    given = result.trajectories.drop_nulls("score")
    scored = cp.score(frame, SCALE).select("id", "wave", score=pl.col("calm_total").cast(float))
    assert given.select("id", "wave", "score").sort("id", "wave").equals(scored.sort("id", "wave"))


def test_regression_to_the_mean_is_told() -> None:
    notes = example(norms=(140, 9)).notes
    expected = 0.1 * (140 - np.mean(WHOLE["pre"]))
    assert any(f"{expected:.3g}" in note and "regression to the mean" in note for note in notes)
    assert any("no control arm" in note for note in notes)


def test_who_is_not_in_n_is_told_where_the_table_is_printed() -> None:
    """Also where nothing can be carried forward, since only a later score is there."""
    late = pl.DataFrame({"id": range(9), "y_pre": [*WHOLE["pre"], None],
                         "y_post": [*WHOLE["post"], 120]}, strict=False)  # fmt: skip
    result = cp.change(late, "y", id="id", pre="{}_pre", post="{}_post", interval="analytic")
    assert result.table["analysis"].unique().to_list() == ["completers"]
    assert "n: persons with the scores compared; the others are counted in n_excl" in str(result)
    assert "improved" not in str(result)


def test_those_carried_forward_are_printed_apart() -> None:
    """Three waves, two arms, two wards, two outcomes; some are lost."""
    pilot = cp.simulate_pilot(nurses=24, control=24, waves=("a", "b", "c"), dropout=0.3, seed=3)
    ward = pl.when(pl.col("person").rank("dense") % 2 == 0).then(pl.lit("v")).otherwise(pl.lit("w"))
    outcomes = [pilot.scales[name] for name in ("wellbeing", "self_compassion")]
    result = cp.change(
        pilot.frame.with_columns(ward=ward), outcomes, id="person", wave="wave", pre="a",
        post=["b", "c"], arm="arm", by="ward", interval="analytic",
    )  # fmt: skip
    keys = result.table.select("ward", "outcome", "wave", "analysis", "arm").unique()
    assert keys.height == 2 * 2 * 2 * 2 * 3
    shown = str(result)
    completers, carried = shown.split("Change, with the last score carried forward (locf)\n")
    assert completers.startswith("Change\n")
    assert "↑" in completers
    assert "↓" not in carried.partition("pre, post: mean (SD)")[0]
    assert shown.count("Control arm: control.") == 1
    assert "analysis" not in shown
    assert result._repr_html_().count("<table>") == 2
    assert "analysis" in result.journal.columns
    # Who is counted as changed is who is listed so, ward by ward.
    named = {"ward": "v", "outcome": "wellbeing", "wave": "c", "arm": "training"}
    words = result.persons.filter(**named)["class"]
    row = result.journal.filter(**named, analysis="completers").row(0, named=True)
    assert row["improved"] == words.is_in(["improved", "recovered"]).sum()
    assert row["deteriorated"] == (words == "deteriorated").sum()


def test_one_table_to_print() -> None:
    result = example(norms=(140, 9))
    text = result.report()
    assert text == str(result)
    for part in ("116.62 (12.28)", "5.12 [2.11, 8.14]", "g_av 0.40 [", "0.005", "Seed 1."):
        assert part in text
    assert "improved (↑) and deteriorated (↓)" in text
    assert "n_excluded" not in text
    assert "<table>" in result._repr_html_()
    assert result.to_frame() is result.table


def test_analytic_limits_leave_reliable_change_as_it_is_resampled() -> None:
    pilot = cp.simulate_pilot(nurses=12, seed=3)
    scale, bootstrap = pilot.scales["wellbeing"], cp.Bootstrap(200, seed=4)
    given = {"id": "person", "wave": "wave", "pre": "pre", "post": "post"}
    resampled = cp.change(pilot.frame, scale, **given, interval=bootstrap)
    both = cp.change(pilot.frame, scale, **given, interval="analytic", bootstrap=bootstrap)
    alone = cp.change(pilot.frame, scale, **given, interval="analytic")
    for name in ("persons", "detectable", "reliability"):
        assert getattr(both, name).equals(getattr(resampled, name)), name
    assert both.table.equals(alone.table)
    assert both.seed == 4
    assert alone.persons["p_reliable"].is_null().all()


def test_limits_and_reliable_change_are_not_resampled_by_two_bootstraps() -> None:
    pilot = cp.simulate_pilot(nurses=5, seed=3)
    with pytest.raises(cp.OptionError, match='give bootstrap only with interval="analytic"'):
        cp.change(pilot.frame, pilot.scales["wellbeing"], id="person", wave="wave", pre="pre",
                  post="post", interval=cp.Bootstrap(50), bootstrap=cp.Bootstrap(50))  # fmt: skip
    with pytest.raises(cp.OptionError, match="must be a Bootstrap"):
        cp.change(pilot.frame, pilot.scales["wellbeing"], id="person", wave="wave", pre="pre",
                  post="post", interval="analytic", bootstrap=500)  # fmt: skip
