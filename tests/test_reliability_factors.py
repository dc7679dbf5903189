"""omega_h and its kin: against R, known populations, and what is said where there is none."""

import json
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.reliability_factors import FactorModel

VALUES = json.loads((Path(__file__).parent / "reference/values/hierarchy.json").read_text())
BLOCKS = [name for name in VALUES if name not in ("about", "versions", "calls")]
SHARED = Path(__file__).parents[2] / "shared" / "reference" / "reliability"
SCALES = sorted(path.stem for path in SHARED.glob("*.json"))

# Where R's searches stop: slopes of 5e-7 in its minres, of 1e-8 in its oblimin.
TIGHT = 2e-6
# psych stops at slopes of 1e-5; 2.3e-6 was measured.
PSYCH = 1e-5
# The shared values stop at slopes of 1e-8 in oblimin; 1.5e-8 was measured.
SHARED_TIGHT = 1e-7
# Answers made to have given correlations have them to rounding.
EXACT = 1e-8
ALL = ("omega_total", "omega_h", "omega_limit", "ecv", "puc")


def answers(correlation: Any, persons: int = 300) -> tuple[pl.DataFrame, cp.Scale]:
    """Answers that correlate exactly so."""
    r = np.asarray(correlation, dtype=float)
    normal = np.random.default_rng(1).normal(size=(persons, len(r)))
    normal -= normal.mean(axis=0)
    uncorrelated = np.linalg.qr(normal)[0] * np.sqrt(persons - 1)
    x = uncorrelated @ np.linalg.cholesky(r).T
    names = [f"x{i + 1}" for i in range(len(r))]
    frame = pl.DataFrame(x, schema=names)
    return frame, cp.Scale("exact", items=names, minimum=-9, maximum=9, continuous=True)


def population(gamma: tuple[float, ...] = (0.8, 0.7, 0.6)) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of nine items with a general factor, and their loadings on it."""
    loadings = np.array([0.8, 0.7, 0.6, 0.75, 0.65, 0.55, 0.7, 0.5, 0.6])
    phi = np.outer(gamma, gamma)
    np.fill_diagonal(phi, 1)
    pattern = np.kron(np.eye(3), np.ones((3, 1))) * loadings[:, None]
    r = pattern @ phi @ pattern.T
    np.fill_diagonal(r, 1)
    return r, pattern @ np.array(gamma)


def survey(persons: int, seed: int = 5) -> tuple[pl.DataFrame, cp.Scale]:
    """Answers in five categories of a sample from that population."""
    r, _ = population()
    draws = np.random.default_rng(seed).multivariate_normal(np.zeros(9), r, size=persons)
    names = [f"x{i + 1}" for i in range(9)]
    codes = np.clip(np.round(draws * 1.2 + 3), 1, 5).astype(int)
    frame = pl.DataFrame(codes, schema=names)
    site = pl.Series("site", ["a", "b"] * (persons // 2))
    return frame.with_columns(site), cp.Scale("nine", items=names, minimum=1, maximum=5)


def estimates(table: pl.DataFrame) -> dict[str, float]:
    return dict(table.select("coefficient", "estimate").iter_rows())


@pytest.mark.parametrize("name", BLOCKS)
def test_coefficients_are_rs(name: str) -> None:
    block = VALUES[name]
    tight, psych = block["tight"], block["psych"]
    frame, scale = answers(block["correlation"])
    found = estimates(
        cp.reliability(
            frame,
            scale,
            coefficients=[*ALL, "omega_groups", "omega_groups_total"],
            interval=None,
            factors=block["factors"],
            two_factors=block["two_factors"],
        ).table
    )
    for coefficient in ALL:
        assert found[coefficient] == pytest.approx(tight[coefficient], abs=TIGHT), coefficient
        if coefficient in psych:
            theirs = psych[coefficient]
            assert found[coefficient] == pytest.approx(theirs, abs=PSYCH), coefficient
    for many, one in (("omega_groups", "omega_group"), ("omega_groups_total", "omega_group_total")):
        ours = [found[f"{one}_{j + 1}"] for j in range(block["factors"])]
        for value, expected in zip(ours, tight[many], strict=True):
            # The general factor itself, where one of two is, has no group.
            assert (
                value is None if expected is None else value == pytest.approx(expected, abs=TIGHT)
            )
        theirs = np.atleast_1d(psych[many])
        assert sorted(v for v in ours if v is not None) == pytest.approx(list(theirs), abs=PSYCH)


@pytest.mark.skipif(not SCALES, reason="needs ../shared")
@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("factors", [2, 3])
def test_real_scales_are_rs(name: str, factors: int) -> None:
    """psych flips items that load negatively: here they are declared as reversed."""
    found = json.loads((SHARED / f"{name}.json").read_text())
    if f"omega_nf{factors}_tight" not in found:
        pytest.skip("R's values have other numbers of factors")
    tight, meta = found[f"omega_nf{factors}_tight"], found["meta"]
    signs = found[f"omega_nf{factors}"]["key_signs_after_flip"]
    turned = {item for item, sign in signs.items() if sign < 0} ^ set(meta["reversed"])
    path = SHARED.parents[1] / "data" / f"{meta['dataset']}.csv"
    data = pl.read_csv(path if path.exists() else f"{path}.gz", infer_schema_length=None)
    scale = cp.Scale(
        meta["scale"],
        items=meta["items"],
        minimum=meta["response_range"][0],
        maximum=meta["response_range"][1],
        reversed=sorted(turned),
        continuous=meta["dataset"] == "holzinger_swineford_1939",
    )
    ours = estimates(
        cp.reliability(
            data,
            scale,
            coefficients=ALL,
            interval=None,
            factors=factors,
            missing=name.rsplit("__", 1)[1],
            missing_codes=meta["missing_codes_set_to_NA"],
        ).table
    )
    for coefficient, key in (
        ("omega_total", "omega_tot"),
        ("omega_h", "omega_h"),
        ("omega_limit", "omega_lim_asymptotic"),
        ("ecv", "ECV"),
    ):
        assert ours[coefficient] == pytest.approx(tight[key], abs=SHARED_TIGHT), coefficient


def test_a_population_has_its_omega_h() -> None:
    r, general = population()
    frame, scale = answers(r)
    found = estimates(cp.reliability(frame, scale, coefficients=ALL, interval=None).table)
    assert found["omega_h"] == pytest.approx(general.sum() ** 2 / r.sum(), abs=EXACT)
    assert found["puc"] == pytest.approx(27 / 36, abs=1e-15)


def test_one_factor_has_no_general_factor() -> None:
    frame, scale = answers(population()[0])
    table = cp.reliability(frame, scale, coefficients="all", interval="adf", factors=1).table
    for name in ("omega_h", "omega_limit", "ecv", "puc"):
        row = table.row(by_predicate=pl.col("coefficient") == name, named=True)
        assert row["estimate"] is None
        assert "no general factor" in row["note"]
    assert not table["coefficient"].str.starts_with("omega_group").any()
    only = cp.reliability(frame, scale, coefficients="omega_h", interval=None, factors=1).table
    assert only["estimate"].to_list() == [None]
    with pytest.raises(cp.OptionError, match="one factor has no groups"):
        cp.reliability(frame, scale, coefficients="omega_groups", interval=None, factors=1)


def test_more_factors_than_the_items_identify() -> None:
    frame, scale = answers(population()[0][:5, :5])
    with pytest.raises(cp.OptionError, match=r"5 items of 'exact' identify at most 2 .*factors=2"):
        cp.reliability(frame, scale, coefficients="omega_h", interval=None)
    table = cp.reliability(frame, scale, coefficients="all", interval=None).table
    row = table.row(by_predicate=pl.col("coefficient") == "omega_total", named=True)
    assert row["estimate"] is None
    assert "at most 2 factors" in row["note"]
    assert table.filter(pl.col("coefficient") == "alpha")["estimate"].null_count() == 0
    with pytest.raises(cp.OptionError, match="at most 20"):
        cp.reliability(frame, scale, factors=21)
    with pytest.raises(cp.OptionError, match="at least 1"):
        cp.reliability(frame, scale, factors=0)
    with pytest.raises(cp.OptionError, match="whole number"):
        cp.reliability(frame, scale, factors=2.0)  # type: ignore[arg-type]
    with pytest.raises(cp.OptionError, match="two_factors"):
        cp.reliability(frame, scale, two_factors="both")  # type: ignore[arg-type]


def test_two_factors_are_never_split_in_silence() -> None:
    frame, scale = answers(VALUES["thurstone_equal"]["correlation"])
    for two in ("equal", "first", "second"):
        result = cp.reliability(
            frame, scale, coefficients=["omega_h", "omega_total"], interval=None, factors=2,
            two_factors=two,
        )  # fmt: skip
        notes = result.table["note"].to_list()
        assert f"two_factors='{two}'" in notes[0]
        assert notes[1] is None
        assert f"two_factors='{two}'" in result.definitions["omega_h"]


def test_negative_loadings_are_named_and_not_flipped() -> None:
    r, general = population()
    signs = np.ones(9)
    signs[[2, 7]] = -1
    frame, scale = answers(r * np.outer(signs, signs))
    row = cp.reliability(frame, scale, coefficients="omega_h", interval=None).table.row(
        0, named=True
    )
    expected = (general * signs).sum() ** 2 / (r * np.outer(signs, signs)).sum()
    assert row["estimate"] == pytest.approx(expected, abs=EXACT)
    assert "2 of 9 items load negatively" in row["note"]
    assert "'x3', 'x8'" in row["note"]


def test_definitions_name_everything() -> None:
    text = FactorModel(3).definition("omega_h")
    for word in ("3 factors", "minimum residuals", "correlation matrix", "oblimin (gamma 0"):
        assert word in text
    for word in ("Schmid-Leiman", "observed total variance", "no item flipped"):
        assert word in text
    assert "3 factors together" in FactorModel(3).definition("omega_total")
    assert "one factor" in FactorModel(1).definition("omega_total")
    assert "group factor 2" in FactorModel(3).definition("omega_group_total_2")


@pytest.mark.parametrize("method", ["bca", "percentile", "basic", "normal"])
def test_every_interval_by_site(method: Any) -> None:
    frame, scale = survey(1200)
    result = cp.reliability(
        frame, scale, by="site", coefficients=[*ALL, "omega_groups"],
        interval=cp.Bootstrap(400, method=method, seed=3),
    )  # fmt: skip
    table = result.table.filter(pl.col("coefficient") != "puc")
    assert table.height == 14
    assert (table["lower"] < table["estimate"]).all()
    assert (table["estimate"] < table["upper"]).all()
    assert result.statuses.group_by("site", "coefficient").agg(pl.col("count").sum())[
        "count"
    ].unique().to_list() == [400]
    groups = table.filter(pl.col("coefficient") == "omega_group_1")
    assert all("group 1: 'x" in note for note in groups["note"])


def test_influence_errors_are_those_of_the_bootstrap() -> None:
    frame, scale = survey(2000)
    names = ["omega_total", "omega_h", "omega_limit", "ecv", "omega_groups", "omega_groups_total"]
    adf = cp.reliability(frame, scale, coefficients=names, interval="adf").table
    boot = cp.reliability(
        frame, scale, coefficients=names, interval=cp.Bootstrap(2000, seed=1)
    ).table
    # 2,000 replicates tell a standard error to 1.6 % of it: four of these, and curvature.
    np.testing.assert_allclose(adf["se"], boot["se"], rtol=0.1)
    puc = cp.reliability(frame, scale, coefficients="puc", interval="adf").table
    assert puc["se"][0] is None
    assert "standard error is not defined" in puc["note"][0]


def test_flagged_replicates_can_be_left_out() -> None:
    frame, scale = survey(60, seed=8)
    options = {"coefficients": "omega_h", "missing": "listwise"}
    everything = cp.reliability(frame, scale, interval=cp.Bootstrap(500, seed=2), **options)
    ok = cp.reliability(
        frame, scale, interval=cp.Bootstrap(500, seed=2, replicates_used="ok"), **options
    )
    counts = dict(everything.statuses.select("status", "count").iter_rows())
    flagged = {k: n for k, n in counts.items() if k != "ok" and k in cp.results.FLAGGED}
    assert len(flagged) >= 2
    assert ok.statuses.equals(everything.statuses)
    values = ok.replicates.filter(pl.col("status") == "ok")["value"].to_numpy()
    assert ok.table["se"][0] == pytest.approx(values.std(ddof=1), rel=1e-12)
    every = everything.replicates["value"].drop_nulls().to_numpy()
    assert everything.table["se"][0] == pytest.approx(every.std(ddof=1), rel=1e-12)
    for status, words in (("heywood", "Heywood cases"), ("factor_switched", "switched factors")):
        if flagged.get(status):
            assert f"{flagged[status]:,} replicates that are" in ok.table["note"][0]
            assert words in ok.table["note"][0]
    with pytest.raises(cp.OptionError, match="replicates_used"):
        cp.Bootstrap(replicates_used="some")  # type: ignore[arg-type]


def test_threads_do_not_matter() -> None:
    frame, scale = survey(300)
    results = [
        cp.reliability(
            frame, scale, by="site", coefficients=[*ALL, "omega_groups"], threads=threads,
            interval=cp.Bootstrap(200, seed=4),
        )
        for threads in (1, 2, 3)
    ]  # fmt: skip
    for other in results[1:]:
        assert other.table.equals(results[0].table)
        assert other.replicates.equals(results[0].replicates)


def test_replicates_are_tight_solutions() -> None:
    """A replicate's value is that of its own correlations, fitted from nothing."""
    frame, scale = survey(400)
    result = cp.reliability(
        frame, scale, coefficients=["omega_h", "ecv"], interval=cp.Bootstrap(40, seed=6)
    )
    responses = cp.Responses.from_frame(frame, scale)
    from compassion_psy import _core

    for replicate in range(40):
        drawn = _core.unit_weights(
            responses.answers, responses.design, group=0, replicate=replicate, seed=6,
            weights="multinomial",
        )  # fmt: skip
        rows = np.repeat(np.arange(400), drawn.astype(int))
        cold = cp.reliability(
            frame[rows], scale, coefficients=["omega_h", "ecv"], interval=None
        ).table["estimate"]
        ours = result.replicate_sets[0].values[0, :, replicate]
        np.testing.assert_allclose(ours, cold, atol=EXACT, rtol=0)


def test_comparisons_take_factors() -> None:
    frame, scale = survey(1200)
    result = cp.compare_reliability(frame, scale, by="site", coefficients="omega_h", factors=3)
    assert result.pairs.height == 1
    assert result.tests["test"].to_list() == ["wald"]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["basic", "normal"])
def test_coverage_of_omega_h(method: Any) -> None:
    """95 % intervals of 300 persons hold the population's omega_h in 93 to 97 % of samples.

    With three items a group the estimate is 0.031 too low on average, three quarters of its
    standard error: percentiles have that bias twice (79 % was measured) and BCa takes part of it
    away (91 %); basic (95.0 %) and normal (95.2 %) intervals take it off.
    """
    r, general = population()
    truth = float(general.sum() ** 2 / r.sum())
    names = [f"x{i + 1}" for i in range(9)]
    scale = cp.Scale("nine", items=names, minimum=-9, maximum=9, continuous=True)
    samples, persons = 1000, 300
    draws = np.random.default_rng(11).multivariate_normal(np.zeros(9), r, size=samples * persons)
    frame = pl.DataFrame(draws, schema=names).with_columns(
        pl.Series("sample", np.repeat(np.arange(samples), persons))
    )
    table = cp.reliability(
        frame, scale, by="sample", coefficients="omega_h",
        interval=cp.Bootstrap(500, method=method, seed=12), progress=False,
    ).table  # fmt: skip
    covered = ((table["lower"] <= truth) & (truth <= table["upper"])).mean()
    # The share of 1,000 samples has a standard error of 0.007.
    assert 0.93 <= float(covered) <= 0.97, covered
