"""Comparisons against R, formulas written out, the twin and simulated samples of equal scales."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale, _core, pure, simulate_survey
from compassion_psy.compare_reliability import compare_reliability
from compassion_psy.comparison_tests import feldt_independent, hakstian_whalen, holm, wald
from compassion_psy.data.responses import Responses
from reference_data import survey as reference_survey

SHARED = Path(__file__).parents[2] / "shared"
COMPARED = SHARED / "reference" / "compare"
needs_shared = pytest.mark.skipif(not COMPARED.is_dir(), reason="needs ../shared")

CLOSED = 1e-10
# The twin's gradients are differences.
TWIN = 1e-8
# Many degrees of freedom cost digits of a tail.
TAIL = 1e-8

ITEMS = ["q1", "q2", "q3", "q4", "q5"]
SCALE = Scale("calm", items=ITEMS, minimum=1, maximum=5)
COEFFICIENTS = ("alpha", "lambda2", "omega_u", "omega_total")


def answers(rows: int, seed: int, latent: Any = None, strength: float = 1.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    latent = random.normal(size=(rows, 1)) if latent is None else latent
    return np.clip(np.round(strength * latent + random.normal(size=(rows, 5)) + 3), 1, 5).astype(
        int
    )


def frame(codes: np.ndarray, **columns: Any) -> pl.DataFrame:
    return pl.DataFrame({item: codes[:, j] for j, item in enumerate(ITEMS)} | columns)


@pytest.mark.parametrize("coefficient", [*COEFFICIENTS, "alpha_std", "lambda6"])
@pytest.mark.parametrize("pairwise", [False, True])
def test_influences_of_persons_are_those_of_the_twin(coefficient: str, pairwise: bool) -> None:
    codes = answers(70, seed=1).astype(float)
    if pairwise:
        codes[np.random.default_rng(1).random(codes.shape) < 0.1] = np.nan
    data = frame(codes, site=["b"] * 30 + ["a"] * 40)
    responses = Responses.from_frame(data.fill_nan(None), SCALE, by="site")
    value, _, found = _core.influences(
        responses.answers, responses.design, coefficient=coefficient, pairwise=pairwise
    )
    missing = "pairwise" if pairwise else "listwise"
    for place, (rows, own) in enumerate(
        [(slice(30, 70), slice(0, 40)), (slice(30), slice(40, 70))]
    ):
        expected = pure.influence(codes[rows], coefficient, missing=missing)
        assert found[own] == pytest.approx(expected, abs=1e-8)
        assert value[place] == pytest.approx(
            pure.estimate(codes[rows], coefficient, missing=missing).value, abs=CLOSED
        )


@pytest.mark.parametrize("threads", [1, 2])
def test_influences_make_the_standard_error(threads: int) -> None:
    survey = simulate_survey(persons=5_000, items=7, seed=1)
    responses = Responses.from_frame(survey.frame, survey.scale)
    _, _, found = _core.influences(
        responses.answers, responses.design, coefficient="omega_u", pairwise=False, threads=threads
    )
    analysed = _core.analyse(
        responses.answers, responses.design, coefficients=["omega_u"], pairwise=False,
        interval_name="adf", bootstrap=None, level=0.95,
    )  # fmt: skip
    n = len(found)
    expected = analysed["standard_error"][0, 0]
    assert math.sqrt(np.sum(found**2) / (n * (n - 1))) == pytest.approx(expected, rel=1e-12)


def test_groups_are_compared_by_their_influence_errors() -> None:
    parts = [answers(n, seed) for seed, n in enumerate((60, 80, 100))]
    data = frame(np.vstack(parts), site=["a"] * 60 + ["b"] * 80 + ["c"] * 100)
    result = compare_reliability(data, SCALE, by="site", coefficients=COEFFICIENTS, factors=1)
    assert not result.dependent
    for name in COEFFICIENTS:
        value = np.array([pure.estimate(part, name).value for part in parts])
        error = np.array([pure.standard_error(part, name) for part in parts])
        # With independent groups the Wald statistic is Cochran's Q.
        centre = np.sum(value / error**2) / np.sum(1 / error**2)
        q = np.sum((value - centre) ** 2 / error**2)
        tested = result.tests.filter(coefficient=name, test="wald").row(0, named=True)
        assert tested["statistic"] == pytest.approx(q, rel=1e-6)
        assert tested["df1"] == 2
        assert tested["p"] == pytest.approx(math.exp(-q / 2), rel=1e-6)  # chi-square, 2 df
        pairs = result.pairs.filter(coefficient=name)
        assert pairs.select("first", "second").rows() == [("a", "b"), ("a", "c"), ("b", "c")]
        for row, (i, j) in zip(pairs.iter_rows(named=True), [(0, 1), (0, 2), (1, 2)], strict=True):
            se = math.hypot(error[i], error[j])
            assert row["difference"] == pytest.approx(value[j] - value[i], abs=TWIN)
            assert row["se"] == pytest.approx(se, rel=1e-7)
            assert row["upper"] == pytest.approx(
                value[j] - value[i] + 1.959963984540054 * se, abs=TWIN
            )
            assert row["p"] == pytest.approx(
                math.erfc(abs(row["difference"]) / se / math.sqrt(2)), rel=1e-6
            )
        assert pairs["p_holm"].to_numpy() == pytest.approx(holm(pairs["p"].to_numpy()))


def waves(rows: int, seed: int, strengths: tuple[float, ...] = (1.0, 1.4)) -> list[np.ndarray]:
    latent = np.random.default_rng(seed).normal(size=(rows, 1))
    return [answers(rows, seed + 100 + at, latent, each) for at, each in enumerate(strengths)]


@pytest.mark.parametrize("long", [True, False])
def test_waves_are_compared_by_differences_of_influences(long: bool) -> None:
    parts = waves(90, seed=3, strengths=(1.0, 1.2, 0.9))
    if long:
        order = np.random.default_rng(1).permutation(270)
        data = frame(
            np.vstack(parts), year=np.repeat([2023, 2024, 2025], 90), id=np.tile(np.arange(90), 3)
        )[order]
        result = compare_reliability(
            data, SCALE, wave="year", person="id", coefficients=COEFFICIENTS, factors=1
        )
        assert result.estimates["group"].head(3).to_list() == ["2023", "2024", "2025"]
    else:
        scales = [
            Scale(f"t{at}", items=[f"t{at}_{item}" for item in ITEMS], minimum=1, maximum=5)
            for at in range(3)
        ]
        wide = {name: parts[at][:, j] for at in range(3) for j, name in enumerate(scales[at].items)}
        result = compare_reliability(
            pl.DataFrame(wide), scales, coefficients=COEFFICIENTS, factors=1
        )
    assert result.dependent
    for name in COEFFICIENTS:
        influences = np.array([pure.influence(part, name) for part in parts])
        value = np.array([pure.estimate(part, name).value for part in parts])
        pairs = result.pairs.filter(coefficient=name)
        for row, (i, j) in zip(pairs.iter_rows(named=True), [(0, 1), (0, 2), (1, 2)], strict=True):
            gap = influences[j] - influences[i]
            se = math.sqrt(np.sum(gap**2) / (90 * 89))
            assert row["difference"] == pytest.approx(value[j] - value[i], abs=TWIN)
            assert row["se"] == pytest.approx(se, rel=1e-6)
        steps = influences[1:] - influences[0]
        away = value[1:] - value[0]
        q = away @ np.linalg.inv(steps @ steps.T / (90 * 89)) @ away
        found = result.tests.filter(coefficient=name, test="wald")["statistic"][0]
        assert found == pytest.approx(q, rel=1e-6)


def test_only_persons_with_every_answer_in_every_wave_count() -> None:
    one, two = waves(60, seed=4)
    first = frame(one, wave=["t1"] * 60, id=range(60))
    second = frame(two, wave=["t2"] * 60, id=range(60)).filter(pl.col("id") != 7)
    first = first.with_columns(q2=pl.when(pl.col("id") == 9).then(None).otherwise("q2"))
    result = compare_reliability(pl.concat([first, second]), SCALE, wave="wave", person="id")
    assert result.estimates["n"].unique().to_list() == [58]
    assert result.estimates.filter(coefficient="alpha")["n_excluded"].to_list() == [2, 1]
    kept = [each for each in range(60) if each not in (7, 9)]
    expected = pure.estimate(two[kept], "alpha").value
    assert result.estimates["estimate"][1] == pytest.approx(expected, abs=CLOSED)


@needs_shared
@pytest.mark.parametrize("name", ["alpha_bfi_A_by_gender", "alpha_iri_EC_years"])
def test_closed_forms_are_those_of_the_reference(name: str) -> None:
    found = json.loads((COMPARED / f"{name}.json").read_text())
    alphas = np.array(list(found["alpha"].values()))
    persons = np.array(list(found["n"].values()), float)
    tested = hakstian_whalen(alphas, persons, next(iter(found["k"].values())))
    assert tested.statistic == pytest.approx(found["hakstian_whalen_1976"]["chisq"], rel=CLOSED)
    assert tested.p == pytest.approx(found["hakstian_whalen_1976"]["p"], rel=TAIL)
    labels = list(found["alpha"])
    for pair in found["pairs"]:
        i, j = (labels.index(group) for group in pair["groups"])
        # The reference refers (1 - a1)/(1 - a2) to F(n1 - 1, n2 - 1): the degrees of freedom of
        # its inverse (see the type I errors below). With groups in the other order it is Feldt's.
        theirs = feldt_independent(alphas[[j, i]], persons[[i, j]])
        assert theirs.statistic == pytest.approx(pair["feldt_1969"]["W"], rel=CLOSED)
        assert theirs.p == pytest.approx(pair["feldt_1969"]["p_two_sided"], rel=TAIL)


@needs_shared
def test_two_groups_of_a_real_survey() -> None:
    found = json.loads((COMPARED / "alpha_bfi_A_by_gender.json").read_text())
    meta = found["meta"]
    scale = Scale("a", items=meta["items"], minimum=1, maximum=6, reversed=meta["reversed"])
    data = pl.read_csv(SHARED / "data" / "bfi.csv", infer_schema_length=None)
    tests = compare_reliability(data, scale, by="gender", coefficients="alpha").tests
    row = tests.filter(test="hakstian_whalen").row(0, named=True)
    assert row["statistic"] == pytest.approx(found["hakstian_whalen_1976"]["chisq"], rel=1e-9)
    feldt = tests.filter(test="feldt").row(0, named=True)
    assert feldt["statistic"] == pytest.approx(1 / found["pairs"][0]["feldt_1969"]["W"], rel=1e-9)
    assert (feldt["df1"], feldt["df2"]) == (895, 1812)


@needs_shared
def test_two_scores_of_the_same_persons() -> None:
    found = json.loads((COMPARED / "dependent_scs_pos_vs_neg.json").read_text())
    negative = [1, 2, 4, 6, 8, 11, 13, 16, 18, 20, 21, 24, 25]
    positive = [each for each in range(1, 27) if each not in negative]
    data = pl.read_csv(SHARED / "data" / "scs_three_groups.csv", infer_schema_length=None)
    scales = [
        Scale(name, items=[f"scs_{n}" for n in numbers], minimum=1, maximum=5)
        for name, numbers in (("pos", positive), ("neg", negative))
    ]
    result = compare_reliability(data, scales, coefficients="alpha")
    assert result.estimates["estimate"].to_list() == pytest.approx(
        [found["alpha1"], found["alpha2"]], abs=CLOSED
    )
    row = result.tests.filter(test="feldt").row(0, named=True)
    assert row["statistic"] == pytest.approx(found["t"], rel=1e-9)
    assert row["df1"] == found["df"]
    assert row["p"] == pytest.approx(found["p_two_sided"], rel=1e-7)


def test_a_group_without_an_estimate_is_left_out_and_counted() -> None:
    data = frame(answers(101, seed=5), site=["a"] * 50 + ["b"] * 50 + ["c"])
    result = compare_reliability(data, SCALE, by="site", coefficients="alpha")
    assert result.tests["groups"].to_list() == [2, 2, 2]
    assert set(result.tests["note"]) == {"groups without an estimate: 1"}
    assert result.tests["p"].null_count() == 0
    assert result.pairs["p"].null_count() == 2
    assert "only one person" in result.estimates["note"][2]


def test_equal_waves_have_no_difference_to_test() -> None:
    one = answers(50, seed=6)
    data = pl.concat([frame(one, wave=[at] * 50, id=range(50)) for at in (1, 2)])
    result = compare_reliability(data, SCALE, wave="wave", person="id", coefficients="alpha")
    assert result.tests["statistic"].null_count() == 2
    assert "no error" in result.tests["note"][0]
    assert result.pairs["p"].null_count() == 1


def test_it_can_be_read() -> None:
    data, scale = reference_survey("sites")
    result = compare_reliability(data, scale, by="site")
    assert "Are they equal?" in str(result)
    assert "<table" in result._repr_html_()


def test_what_is_not_usable_is_refused() -> None:
    data = frame(answers(20, seed=1), site=["a"] * 10 + ["b"] * 10, id=[*range(10), *range(10)])
    for options in ({}, {"by": "site", "wave": "site", "person": "id"}, {"person": "id"}):
        with pytest.raises(OptionError, match="Say in one way"):
            compare_reliability(data, SCALE, **options)
    with pytest.raises(OptionError, match="go together"):
        compare_reliability(data, SCALE, wave="site")
    with pytest.raises(OptionError, match="have the name 'calm'"):
        compare_reliability(data, [SCALE, SCALE])
    with pytest.raises(DataError, match="Person 0 has several rows in wave 'a'"):
        compare_reliability(data.with_columns(id=0), SCALE, wave="site", person="id")
    others = data.with_columns(id=pl.Series(range(20)))
    with pytest.raises(DataError, match="No person"):
        compare_reliability(others, SCALE, wave="site", person="id")
    with pytest.raises(DataError, match="one group"):
        compare_reliability(data.with_columns(site=1), SCALE, by="site")
    gone = data.with_columns(id=pl.Series([None, *range(19)]))
    with pytest.raises(DataError, match="no value in 1 rows"):
        compare_reliability(gone, SCALE, wave="site", person="id")


@pytest.mark.slow
def test_equal_scales_are_told_apart_as_often_as_promised() -> None:
    """Three tests at 5 %, of parallel normal items in groups of unequal size."""
    random = np.random.default_rng(1)
    draws, sizes, k = 4_000, np.array([50.0, 200.0]), 10
    false = {"hakstian_whalen": 0, "wald": 0, "feldt: first larger": 0, "feldt: second larger": 0}
    for _ in range(draws):
        found = [
            _alpha_and_error(random.normal(size=(int(n), 1)) + random.normal(size=(int(n), k)))
            for n in sizes
        ]
        alphas, errors = (np.array(each) for each in zip(*found, strict=True))
        larger = "first" if alphas[0] > alphas[1] else "second"
        false[f"feldt: {larger} larger"] += feldt_independent(alphas, sizes).p < 0.05
        false["hakstian_whalen"] += hakstian_whalen(alphas, sizes, k).p < 0.05
        false["wald"] += wald(alphas, np.diag(errors**2)).p < 0.05
    rate = {name: count / draws for name, count in false.items()}
    # Four standard errors of a share of 5 %.
    bound = 4 * math.sqrt(0.05 * 0.95 / draws)
    assert rate["hakstian_whalen"] == pytest.approx(0.05, abs=bound)
    # First-order errors of fifty persons are a little too small.
    assert rate["wald"] == pytest.approx(0.05, abs=bound + 0.01)
    # A single F leaves out the error mean squares: 6.4 % were measured in all. But either side is
    # as frequent; with the degrees of freedom in the other order it is 5.2 % to 1.8 %.
    one, other = rate["feldt: first larger"], rate["feldt: second larger"]
    assert one + other == pytest.approx(0.05, abs=bound + 0.01)
    assert abs(one - other) < 4 * math.sqrt(0.064 / draws)


@pytest.mark.slow
def test_equal_waves_are_told_apart_as_often_as_promised() -> None:
    """Two waves of the same 100 persons whose true scores correlate at .8."""
    random = np.random.default_rng(2)
    draws, n, k = 2_000, 100, 8
    items = [[f"t{at}_{j}" for j in range(k)] for at in range(2)]
    scales = [
        Scale(f"t{at}", items=items[at], minimum=-30, maximum=30, continuous=True)
        for at in range(2)
    ]
    false = {"wald": 0, "feldt": 0}
    for _ in range(draws):
        true = random.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=n)
        x = np.hstack([true[:, [at]] + random.normal(size=(n, k)) for at in range(2)])
        data = pl.DataFrame(x, schema=[*items[0], *items[1]])
        tests = compare_reliability(data, scales, coefficients="alpha").tests
        for test, p in tests.select("test", "p").iter_rows():
            false[test] += p < 0.05
    bound = 4 * math.sqrt(0.05 * 0.95 / draws)
    # The formula takes k/(k - 1) for one in the variance of each alpha, which matters the more,
    # the more alike the totals: here it makes 8.4 % of 5 %.
    r = 0.8 * k / (k + 1)
    z = 1.959963984540054 * math.sqrt((1 - r**2) / (k / (k - 1) - r**2))
    assert false["feldt"] / draws == pytest.approx(math.erfc(z / math.sqrt(2)), abs=bound)
    assert false["wald"] / draws == pytest.approx(0.05, abs=bound + 0.01)


def _alpha_and_error(x: np.ndarray) -> tuple[float, float]:
    n, k = x.shape
    centred = x - x.mean(axis=0)
    total = centred.sum(axis=1)
    own, whole = np.sum(centred**2, axis=1), total**2
    trace, variance = own.sum() / (n - 1), whole.sum() / (n - 1)
    alpha = k / (k - 1) * (1 - trace / variance)
    influence = k / (k - 1) * (trace / variance**2 * whole - own / variance)
    return float(alpha), math.sqrt(float(np.sum(influence**2)) / (n * (n - 1)))


@pytest.mark.parametrize("how", ["groups", "waves", "scales"])
def test_all_says_why_items_do_not_identify_three_factors(how: str) -> None:
    long = pl.concat([frame(answers(60, seed)) for seed in (1, 2)])
    long = long.with_columns(
        wave=pl.Series([1] * 60 + [2] * 60), person=pl.Series([*range(60)] * 2)
    )
    options: dict[str, Any] = {
        "groups": {"scale": SCALE, "by": "wave"},
        "waves": {"scale": SCALE, "wave": "wave", "person": "person"},
        "scales": {"scale": [SCALE, Scale("other", items=ITEMS[::-1], minimum=1, maximum=5)]},
    }[how]
    result = compare_reliability(long, coefficients="all", **options)
    rows = result.estimates.filter(pl.col("coefficient") == "omega_h")
    assert rows["estimate"].to_list() == [None, None]
    assert set(rows["note"]) == {"5 items identify at most 2 factors; use factors=2"}
    assert result.estimates.filter(pl.col("coefficient") == "glb")["estimate"].null_count() == 0
    with pytest.raises(OptionError, match="identify at most 2 for 'omega_h'; use factors=2"):
        compare_reliability(long, coefficients="omega_h", **options)


def test_the_wave_and_the_person_are_two_columns() -> None:
    long = frame(answers(60, 1), wave=[1, 2] * 30)
    with pytest.raises(OptionError, match="'wave' is named for the wave and for the person"):
        compare_reliability(long, SCALE, wave="wave", person="wave")


def test_group_factors_of_other_items_are_not_compared() -> None:
    random = np.random.default_rng(4)
    traits = random.normal(size=(400, 2))
    codes = np.clip(
        np.round(3 + traits[:, [0, 0, 0, 1, 1, 1]] + random.normal(size=(400, 6))), 1, 5
    )
    both = pl.DataFrame(codes.astype(int), schema=[f"q{n}" for n in range(1, 7)])
    both = both.with_columns(site=pl.Series(["a", "b"] * 200))
    scale = Scale("calm", items=both.columns[:6], minimum=1, maximum=5)
    for names in ("omega_groups", ["alpha", "omega_group_total_2"]):
        with pytest.raises(OptionError, match="may be others in each group"):
            compare_reliability(both, scale, by="site", coefficients=names, factors=2)
    found = compare_reliability(both, scale, by="site", coefficients="all", factors=2).estimates
    assert not found["coefficient"].str.starts_with("omega_group").any()
    assert {"alpha", "omega_h", "omega_categorical"} <= set(found["coefficient"])
