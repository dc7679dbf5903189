"""Audits of keys: each kind of finding, found where it is and not where it is not."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale, Subscale, moments, simulate_survey
from compassion_psy.audit.auditing import audit as full_audit
from compassion_psy.audit.relations import (
    loading_errors,
    precision_factors,
    principal_axis,
    site_moments,
)
from compassion_psy.audit.result import AuditResult
from compassion_psy.relations import item_rest


def audit(*data: Any, **options: Any) -> AuditResult:
    """Return an audit with its findings about keys and ranges alone."""
    result = full_audit(*data, **options)
    about = result.findings.filter(pl.col("kind").is_in(["key", "range"]))
    return replace(result, findings=about)


ROUNDING = 1e-12  # order of float operations
TURNED = ("turned_here", "turned_everywhere", "turned_twice", "not_turned", "labels_reversed")

SURVEY = simulate_survey(persons=1600, items=8, sites=8, reversed=3, missing=0.02, seed=3)
SCALE = SURVEY.scale
SITES = SURVEY.frame["site"].unique(maintain_order=True).to_list()


def turn(frame: pl.DataFrame, items: list[str], site: str | None = None) -> pl.DataFrame:
    where = pl.lit(value=True) if site is None else pl.col("site") == site
    return frame.with_columns(
        pl.when(where).then(6 - pl.col(item)).otherwise(item).alias(item) for item in items
    )


def found(result: AuditResult) -> list[tuple[str | None, str | None, str]]:
    keys = result.findings.filter(pl.col("kind") == "key")
    return keys.select("site", "item", "finding").rows()


def with_items(reverse: list[str]) -> Scale:
    return Scale("simulated", items=SCALE.items, minimum=1, maximum=5, reversed=reverse)


# The figures.


def codes_of(frame: pl.DataFrame) -> np.ndarray:
    answers = frame.select(SCALE.items).cast(pl.Int16).fill_null(256) - 1
    return np.ascontiguousarray(answers.to_numpy().T.astype(np.uint8))


def test_moments_of_sites_are_those_of_the_core() -> None:
    frame = SURVEY.frame.sort("site", maintain_order=True)
    sizes = frame.group_by("site", maintain_order=True).len()["len"]
    starts = np.append(0, np.cumsum(sizes.to_numpy())).astype(np.int64)
    ours = site_moments(codes_of(frame), starts)
    for site, part in enumerate(frame.partition_by("site", maintain_order=True)):
        core = moments(part, with_items([]), missing="pairwise")
        np.testing.assert_allclose(ours.covariance[site], core.covariance, rtol=ROUNDING)
        answered = part.select(pl.col(SCALE.items).count()).row(0)
        assert tuple(ours.answered[site]) == answered
        means = part.select(pl.col(SCALE.items).mean()).to_numpy()[0] - 1
        np.testing.assert_allclose(ours.mean[site], means, rtol=ROUNDING)


def test_item_rest_is_the_correlation_with_the_sum_of_the_others() -> None:
    values = np.random.default_rng(1).normal(size=(50, 5)) @ np.tri(5)
    signs = np.array([[1.0, -1.0, 1.0, 0.0, 1.0]])
    given = item_rest(np.cov(values.T)[None], signs)[0]
    for item in (0, 1, 2, 4):
        rest = (values * signs).sum(axis=1) - values[:, item] * signs[0, item]
        expected = np.corrcoef(values[:, item], rest)[0, 1]
        assert given[item] == pytest.approx(expected, abs=ROUNDING)
    assert np.isnan(given[3])


def test_loadings_rebuild_the_best_correlation_of_rank_one() -> None:
    values = np.random.default_rng(2).normal(size=(200, 4)) @ np.tri(4)
    loadings, correlation = principal_axis(np.cov(values.T))
    np.testing.assert_allclose(correlation, np.corrcoef(values.T), atol=ROUNDING)
    np.testing.assert_allclose(correlation @ loadings, loadings * (loadings @ loadings))
    assert loadings @ loadings == pytest.approx(np.linalg.eigvalsh(correlation)[-1])


def test_precision_is_that_of_the_bootstrap() -> None:
    """Skewed answers: the normal formula would be too sure."""
    rng = np.random.default_rng(3)
    factor = rng.exponential(size=(800, 1))
    answers = np.clip(np.floor(factor + rng.exponential(0.7, (800, 4))), 0, 6).astype(np.uint8)
    codes = np.ascontiguousarray(answers.T)
    ones = np.ones(4)
    z, loadings = [], []
    for _ in range(1500):
        covariance = np.cov(answers[rng.integers(800, size=800)].T)
        z.append(np.arctanh(item_rest(covariance[None], ones[None])[0]))
        loadings.append(principal_axis(covariance)[0])
    errors = np.sqrt(precision_factors(codes, ones) / 797)
    # A standard deviation of 1500 replicates is known to 1/sqrt(3000) = 1.8 %; five of these.
    np.testing.assert_allclose(errors, np.std(z, axis=0), rtol=0.09)
    assert (errors > 1.15 / np.sqrt(797)).any()
    found = loading_errors(codes, np.cov(answers.T), ones)
    np.testing.assert_allclose(found, np.std(loadings, axis=0), rtol=0.09)


def test_items_are_shown_turned_as_declared() -> None:
    frame = SURVEY.frame.drop_nulls().filter(site=SITES[0])
    items = audit(frame, SCALE).items
    given = frame.select(SCALE.items).to_numpy().astype(float)
    answers = np.where([item in SCALE.reversed for item in SCALE.items], 6 - given, given)
    rest = answers.sum(axis=1, keepdims=True) - answers
    expected = [np.corrcoef(one, other)[0, 1] for one, other in zip(answers.T, rest.T, strict=True)]
    np.testing.assert_allclose(items["item_rest"], expected, rtol=ROUNDING)
    np.testing.assert_allclose(items["mean"], answers.mean(axis=0), rtol=ROUNDING)
    assert (items["lower"] < items["item_rest"]).all()
    assert (items["item_rest"] < items["upper"]).all()
    assert (items["loading_lower"] < items["loading"]).all()
    assert items["reversed"].to_list() == [item in SCALE.reversed for item in SCALE.items]


# Turned items.


def test_right_keys_are_left_in_peace() -> None:
    assert audit(SURVEY.frame, SCALE, by="site").findings.height == 0
    assert audit(SURVEY.frame, SCALE).findings.height == 0


@pytest.mark.parametrize("item", [*SCALE.items])
def test_an_item_turned_at_one_site(item: str) -> None:
    result = audit(turn(SURVEY.frame, [item], SITES[2]), SCALE, by="site")
    assert found(result) == [(SITES[2], item, "turned_here")]
    assert result.findings["probability"][0] > 0.95


@pytest.mark.parametrize("by", ["site", None])
@pytest.mark.parametrize("item", [SCALE.items[0], SCALE.reversed[0]])
def test_an_item_turned_everywhere(item: str, by: str | None) -> None:
    result = audit(turn(SURVEY.frame, [item]), SCALE, by=by)
    findings = result.findings.select("item", "finding").rows()
    assert findings == [(item, "turned_everywhere")]
    assert "reversed" in result.findings["remedy"][0]


def test_small_sites_are_sure_together() -> None:
    survey = simulate_survey(sizes=[25] * 12, loadings=[0.55] * 8, seed=2)
    item = survey.scale.items[2]
    assert audit(survey.frame, survey.scale, by="site").findings.height == 0
    result = audit(turn(survey.frame, [item]), survey.scale, by="site")
    assert found(result) == [(None, item, "turned_everywhere")]
    here = audit(turn(survey.frame, [item], "S03"), survey.scale, by="site")
    assert here.items.filter(pl.col("site") == "S03")["power"].max() < 0.8


def test_a_wrong_key_is_told_with_its_consequences() -> None:
    wrong = audit(SURVEY.frame.drop_nulls(), with_items([*SCALE.reversed[1:]])).findings
    answers = SURVEY.frame.drop_nulls().select(SCALE.items).to_numpy().astype(float)
    alphas = []
    for reverse in (SCALE.reversed[1:], SCALE.reversed):
        turned = np.where([item in reverse for item in SCALE.items], 6 - answers, answers)
        covariance = np.cov(turned.T)
        alphas.append(8 / 7 * (1 - np.trace(covariance) / covariance.sum()))
        mean = turned.mean()
        assert f"{mean:.2f}" in wrong["evidence"][0]
    assert f"alpha goes from {alphas[0]:.2f} to {alphas[1]:.2f}" in wrong["evidence"][0]


def test_all_reversed_items_already_turned() -> None:
    reverse = list(SCALE.reversed)
    at_one = audit(turn(SURVEY.frame, reverse, SITES[4]), SCALE, by="site")
    assert found(at_one) == [(SITES[4], item, "turned_twice") for item in reverse]
    everywhere = audit(turn(SURVEY.frame, reverse), SCALE, by="site")
    assert found(everywhere) == [(None, item, "turned_twice") for item in reverse]
    alone = audit(turn(SURVEY.frame, reverse), SCALE).findings
    assert alone["finding"].to_list() == ["turned_twice"] * 3


def test_a_site_that_did_not_turn_what_the_others_turned() -> None:
    reverse = list(SCALE.reversed)
    turned = turn(SURVEY.frame, reverse)
    raw = turn(turned, reverse, SITES[5])
    result = audit(raw, with_items([]), by="site")
    assert found(result) == [(SITES[5], item, "not_turned") for item in reverse]


def test_halves_against_each_other_are_no_certainty() -> None:
    frame = turn(SURVEY.frame, list(SCALE.reversed))
    half = list(SCALE.items[:4])
    findings = audit(turn(frame, half), with_items([])).findings
    assert findings.height == 4
    assert (findings["probability"] <= 0.5).all()
    assert findings["evidence"].str.contains("this half or the other").all()


def test_subscales_and_total_are_both_looked_at() -> None:
    """In the total half of the items are turned, in the subscales none."""
    parts = [
        Subscale(key="kind", items=SCALE.items[:5]),
        Subscale(key="harsh", items=SCALE.reversed),
    ]
    scale = Scale(
        "both", items=SCALE.items, minimum=1, maximum=5, reversed=SCALE.reversed, subscales=parts
    )
    assert audit(SURVEY.frame, scale, by="site").findings.height == 0
    result = audit(turn(SURVEY.frame, ["item_7"], SITES[0]), scale, by="site")
    assert found(result) == [(SITES[0], "item_7", "turned_here")]
    assert result.items["scale"].unique(maintain_order=True).to_list() == [
        "both",
        "both_kind",
        "both_harsh",
    ]


def test_waves_are_looked_at_one_by_one() -> None:
    frame = SURVEY.frame.with_columns((pl.col("person") % 2).alias("wave"))
    wave = pl.col("wave") == 1
    turned = frame.with_columns(
        pl.when(wave & (pl.col("site") == "S1")).then(6 - pl.col("item_4")).otherwise("item_4")
        .alias("item_4")
    )  # fmt: skip
    findings = audit(turned, SCALE, by="site", wave="wave").findings
    assert findings.select("site", "wave", "item").rows() == [("S1", 1, "item_4")]


# Weak items and labels.


def test_a_weak_item() -> None:
    rng = np.random.default_rng(4)
    noise = pl.Series("item_2", rng.integers(1, 6, SURVEY.frame.height))
    result = audit(SURVEY.frame.with_columns(noise), SCALE, by="site")
    assert found(result) == [(None, "item_2", "weak_item")]
    here = pl.when(pl.col("site") == SITES[1]).then(noise).otherwise("item_2").alias("item_2")
    result = audit(SURVEY.frame.with_columns(here), SCALE, by="site")
    assert found(result) == [(SITES[1], "item_2", "weak_item")]
    assert "over all sites it is" in result.findings["evidence"][0]


def profiled(sites: int) -> tuple[pl.DataFrame, Scale]:
    """Items that are agreed with more and less, as those of every real scale are."""
    rng = np.random.default_rng(5)
    level = rng.normal(0, 0.3, sites)
    site = np.repeat(np.arange(sites), 150)
    factor = rng.normal(size=len(site)) + level[site]
    hard = np.linspace(-1, 1, 8)[rng.permutation(8)]
    response = 0.6 * factor[:, None] + 0.8 * rng.normal(size=(len(site), 8)) + hard
    answers = np.digitize(response, [-1.5, -0.5, 0.5, 1.5]) + 1
    answers[:, 5:] = 6 - answers[:, 5:]
    names = [f"q{number}" for number in range(1, 9)]
    scale = Scale("p", items=names, minimum=1, maximum=5, reversed=names[5:])
    frame = pl.DataFrame(answers, schema=names).with_columns(
        site=pl.Series([f"S{s}" for s in site])
    )
    return frame, scale


@pytest.mark.parametrize("sites", [3, 12])
def test_labels_that_run_the_other_way(sites: int) -> None:
    frame, scale = profiled(sites)
    assert audit(frame, scale, by="site").findings.height == 0
    result = audit(turn(frame, list(scale.items), "S1"), scale, by="site")
    assert found(result) == [("S1", None, "labels_reversed")]


def test_of_two_sites_nobody_can_say_whose_labels_are_reversed() -> None:
    frame, scale = profiled(2)
    assert audit(frame, scale, by="site").findings.height == 0
    result = audit(turn(frame, list(scale.items), "S1"), scale, by="site")
    assert found(result) == [(None, None, "labels_reversed")]
    assert "Which of the two" in result.findings["evidence"][0]


# What cannot be examined.


def test_small_sites_are_named_and_not_judged() -> None:
    few = SURVEY.frame.filter(site=SITES[0]).head(15).with_columns(site=pl.lit("tiny"))
    fewer = few.head(4).with_columns(site=pl.lit("three"))
    frame = pl.concat([SURVEY.frame, turn(few, ["item_4"]), fewer])
    result = audit(frame, SCALE, by="site")
    assert result.findings.height == 0
    tiny = result.items.filter(site="tiny")
    assert tiny["item_rest"].null_count() == 8
    assert tiny["mean"].null_count() == 0
    three = result.items.filter(site="three")
    assert three["mean"].null_count() == three["n"].null_count() == 8
    assert three["note"].unique().to_list() == ["withheld: fewer than 10 answers"]
    assert "64 of 80 items" in str(result)


def test_constant_and_empty_items() -> None:
    frame = SURVEY.frame.with_columns(
        pl.when(pl.col("site") == "S1").then(3).otherwise("item_1").alias("item_1"),
        pl.when(pl.col("site") == "S1").then(None).otherwise("item_2").alias("item_2"),
    )
    result = audit(turn(frame, ["item_4"], "S1"), SCALE, by="site")
    assert found(result) == [("S1", "item_4", "turned_here")]
    silent = result.items.filter(pl.col("item_rest").is_null()).select("site", "item").rows()
    assert silent == [("S1", "item_1"), ("S1", "item_2")]


def test_nothing_to_look_at() -> None:
    empty = SURVEY.frame.with_columns(pl.lit(None, pl.UInt8).alias(i) for i in SCALE.items)
    result = audit(empty, SCALE, by="site")
    assert result.findings.height == 0
    assert result.items["item_rest"].null_count() == 64
    same = SURVEY.frame.with_columns(pl.lit(3).alias(item) for item in SCALE.items)
    assert audit(same, SCALE, by="site").findings.height == 0
    with pytest.raises(DataError, match="no rows"):
        audit(SURVEY.frame.clear(), SCALE)


def test_two_items_cannot_be_told_apart() -> None:
    scale = Scale("two", items=["item_1", "item_6"], minimum=1, maximum=5)
    assert audit(SURVEY.frame, scale, by="site").findings.height == 0


def test_two_hundred_sites_with_right_keys() -> None:
    survey = simulate_survey(sizes=[60] * 200, items=26, reversed=13, site_icc=0.1, seed=7)
    findings = audit(survey.frame, survey.scale, by="site").findings
    assert findings.filter(pl.col("finding").is_in(TURNED)).height == 0
    result = audit(turn(survey.frame, ["item_20"], "S100"), survey.scale, by="site")
    turned = result.findings.filter(pl.col("finding").is_in(TURNED))
    assert turned.select("site", "item").rows() == [("S100", "item_20")]


def test_order_of_rows_and_sites_does_not_matter() -> None:
    frame = turn(SURVEY.frame, ["item_5"], SITES[3])
    one = audit(frame, SCALE, by="site")
    other = audit(frame.reverse(), SCALE, by="site")
    assert one.findings.drop("evidence", "probability").equals(
        other.findings.drop("evidence", "probability")
    )
    assert one.items["item_rest"].equals(other.items["item_rest"])


# Ranges.


def test_answers_out_of_range() -> None:
    frame = SURVEY.frame.with_columns(
        pl.when(pl.col("person").is_in([3, 5])).then(0).otherwise("item_1").alias("item_1"),
    )
    result = audit(frame, SCALE, by="site")
    assert result.findings.select("site", "kind", "item", "finding").rows() == [
        ("S1", "range", "item_1", "impossible_answer")
    ]
    assert "2 of 200 answers" in result.findings["evidence"][0]
    assert "missing_codes=[0]" in result.findings["remedy"][0]
    assert audit(frame, SCALE, by="site", missing_codes=[0]).findings.height == 0


@pytest.mark.parametrize(("step", "told"), [(-1, "Add 1 "), (1, "Add -1 ")])
def test_a_shifted_range(step: int, told: str) -> None:
    frame = SURVEY.frame.with_columns(pl.col(SCALE.items).cast(pl.Int8)).with_columns(
        pl.when(pl.col("site") == "S2").then(pl.col(i) + step).otherwise(i).alias(i)
        for i in SCALE.items
    )
    findings = audit(frame, SCALE, by="site").findings.filter(pl.col("kind") == "range")
    assert findings.select("site", "item", "finding").rows() == [("S2", None, "range_shifted")]
    assert told in findings["remedy"][0]


def test_zeros_that_mean_missing_are_no_shift() -> None:
    frame = SURVEY.frame.with_columns(pl.col(SCALE.items).fill_null(0))
    assert set(audit(frame, SCALE).findings["finding"]) == {"impossible_answer"}


# The call.


def test_persons_are_in_the_order_of_the_data() -> None:
    frame = SURVEY.frame.sample(fraction=1, shuffle=True, seed=1)
    persons = audit(frame, SCALE, by="site").persons
    assert persons["row"].to_list() == list(range(1, 1601))
    assert persons["site"].equals(frame["site"])
    answered = frame.select(pl.sum_horizontal(pl.col(SCALE.items).is_not_null())).to_series()
    assert persons["answered"].to_list() == answered.to_list()


def test_small_sites_show_no_figures_in_findings() -> None:
    tiny = SURVEY.frame.head(5).with_columns(site=pl.lit("tiny"), item_1=pl.lit(9, pl.UInt8))
    findings = audit(pl.concat([SURVEY.frame, tiny]), SCALE, by="site").findings
    evidence = findings.filter(site="tiny")["evidence"].to_list()
    assert evidence == ["site = tiny: figures are withheld, for there are fewer than 10 rows."]


def test_summary_says_what_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    quiet = str(audit(SURVEY.frame, SCALE, by="site"))
    assert quiet.startswith("Audit of simulated: nothing odd found")
    assert "1,600 rows at 8 sites. Keys: 64 of 64 items" in quiet
    loud = audit(turn(SURVEY.frame, ["item_4"], "S2"), SCALE, by="site")
    for text in (str(loud), loud._repr_html_()):
        assert "1 finding" in text
        assert "turned_here" in text
        assert "Ask site = S2" in text
        assert "one survey in two" in text


def test_a_hostile_name_of_a_site_is_only_text() -> None:
    frame = SURVEY.frame.with_columns(pl.col("site").replace("S2", "<script>\x1b[2J"))
    result = audit(turn(frame, ["item_4"], "<script>\x1b[2J"), SCALE, by="site")
    assert "\x1b" not in str(result)
    assert "<script>" not in result._repr_html_()


def test_columns_by_pattern() -> None:
    renamed = SURVEY.frame.rename({f"item_{n}": f"q{n}" for n in range(1, 9)})
    assert audit(renamed, SCALE, by="site", columns="q{}").items["item"][0] == "q1"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": ["site", "site"]}, "twice"),
        ({"wave": 3}, "wave is 3"),
        ({"minimum_cell": -1}, "minimum_cell"),
        ({"missing_codes": [3]}, "possible answer"),
    ],
)
def test_options_outside_their_limits(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        audit(SURVEY.frame, SCALE, **options)  # type: ignore[arg-type]


def test_a_site_column_named_like_ours() -> None:
    with pytest.raises(OptionError, match="'item' of its own"):
        audit(SURVEY.frame.rename({"site": "item"}), SCALE, by="item")


# Rates.


@pytest.mark.slow
def test_false_alarms_are_rare_and_strong_items_are_found() -> None:
    """At most 1 % of surveys with right keys; the rates in the documentation are from here."""
    from benchmarks.audit_rates import rates

    surveys = 100
    cells = [
        rates(rows, items, alpha, surveys, seed=11)
        for rows, items, alpha in itertools.product((50, 100), (10, 26), (0.6, 0.8))
    ]
    # 800 surveys at 1 % give 8; 15 or more come with a probability below 2 %.
    assert sum(cell.alarms for cell in cells) * surveys < 15
    assert rates(500, 10, 0.8, surveys, seed=11).hits > 0.85
