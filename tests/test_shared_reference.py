"""The public call on real surveys against values computed with R, where the folder with both is."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

SHARED = Path(__file__).parents[2] / "shared"
SCALES = sorted(path.stem for path in (SHARED / "reference" / "reliability").glob("*.json"))
BOOTSTRAPS = ["bfi_A", "scs_26"]

pytestmark = pytest.mark.skipif(not SCALES, reason="needs ../shared")

# Closed forms, and a minres fit whose gradient is below 1e-14; 2e-14 was measured.
EXACT = 1e-12
FITTED = 1e-10
# R's qf and ours solve for a quantile.
FELDT = 1e-10
# lavaan stops where its default tolerance lets it; 7e-7 was measured.
LAVAAN = 1e-6
# The minres fits of R's bootstrap stop a little early; 8e-9 was measured.
BOOTSTRAPPED_MINRES = 1e-7
# Terms of 1/n between the jackknife and the infinitesimal one; 5.8/n was measured.
JACKKNIFE = 10.0
# Above so many degrees of freedom R's qf takes chi-square for F: wrong in the fifth digit.
QF_TAKES_CHI_SQUARE = 400_000
# Standard errors between a limit of one run and the mean of R's five: five runs tell their own
# spread to a third, and 20 limits are compared.
SPREADS = 4.0


@cache
def reference(folder: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHARED / "reference" / folder / f"{name}.json").read_text())
    return found


@cache
def survey(dataset: str) -> pl.DataFrame:
    path = SHARED / "data" / f"{dataset}.csv"
    return pl.read_csv(path if path.exists() else f"{path}.gz", infer_schema_length=None)


def scale_of(meta: dict[str, Any]) -> cp.Scale:
    minimum, maximum = meta["response_range"]
    return cp.Scale(
        meta["scale"],
        items=meta["items"],
        minimum=minimum,
        maximum=maximum,
        reversed=meta["reversed"],
        # Test scores have decimals.
        continuous=meta["dataset"] == "holzinger_swineford_1939",
    )


def arguments(name: str) -> tuple[dict[str, Any], tuple[Any, ...], dict[str, Any]]:
    """Return a file of values and the arguments of the call that should give them."""
    found = reference("reliability", name)
    meta = found["meta"]
    options = {
        "missing": name.rsplit("__", 1)[1],
        "missing_codes": meta["missing_codes_set_to_NA"],
    }
    return found, (survey(meta["dataset"]), scale_of(meta)), options


def estimates(table: pl.DataFrame) -> dict[str, float]:
    return dict(table.select("coefficient", "estimate").iter_rows())


def relative(value: float, tolerance: float) -> Any:
    return pytest.approx(value, rel=tolerance, abs=0)


@pytest.mark.parametrize("name", SCALES)
def test_matrices(name: str) -> None:
    found, data, options = arguments(name)
    moments = cp.moments(*data, **options)
    inputs = found["inputs"]
    np.testing.assert_allclose(
        moments.covariance, inputs["cov_pairwise"]["values"], rtol=EXACT, atol=1e-14
    )
    np.testing.assert_allclose(
        moments.correlation, inputs["cor_pairwise"]["values"], rtol=EXACT, atol=1e-14
    )


@pytest.mark.parametrize("name", SCALES)
def test_coefficients(name: str) -> None:
    """alpha_std is of cor(use = "pairwise"), as in psych since 2.4.4: lambda.3 of its guttman."""
    found, data, options = arguments(name)
    table = cp.reliability(
        *data,
        coefficients=["alpha", "alpha_std", "lambda2", "lambda6", "omega_total"],
        factors=1,
        interval=None,
        **options,
    ).table
    raw = found["guttman_raw_covariance"]
    ours = estimates(table)
    assert ours["alpha"] == relative(found["alpha"]["total"]["raw_alpha"], EXACT)
    assert ours["alpha_std"] == relative(found["guttman"]["lambda.3"], EXACT)
    assert ours["lambda2"] == relative(raw["lambda.2"], EXACT)
    assert ours["lambda6"] == relative(raw["lambda.6"], EXACT)
    tight = found["omega_nf1_tight"]["omega_tot_as_passed"]
    assert ours["omega_total"] == relative(tight, FITTED)
    meta = found["meta"]
    assert set(table["n"] + table["n_excluded"]) == {meta["n_rows_total"]}


@pytest.mark.parametrize("name", SCALES)
def test_lower_bounds_and_split_halves(name: str) -> None:
    """Of covariances as computed from the formulas in R, and every split up to 16 items."""
    found, data, options = arguments(name)
    names = ["lambda1", "lambda3", "lambda5", "split_half_max", "split_half_min"]
    names += ["split_half_mean", "average_r", "signal_to_noise", "mu0", "mu1"]
    result = cp.reliability(*data, coefficients=names, interval=None, **options)
    ours = estimates(result.table)
    raw = found["guttman_raw_covariance"]
    for ours_name, theirs in (
        *(("lambda1", "lambda.1"), ("lambda3", "lambda.3"), ("lambda5", "lambda.5")),
        *(("mu0", "lambda.3"), ("mu1", "lambda.2")),
    ):
        assert ours[ours_name] == relative(raw[theirs], EXACT)
    correlation = np.array(found["inputs"]["cor_pairwise"]["values"])
    k = len(correlation)
    mean = (correlation.sum() - k) / (k * (k - 1))
    assert ours["average_r"] == relative(mean, EXACT)
    assert ours["signal_to_noise"] == relative(k * mean / (1 - mean), EXACT)
    total = found["alpha"]["total"]
    if "listwise" in name:
        # With missing answers psych::alpha takes cov2cor of the pairwise covariances.
        assert ours["average_r"] == relative(total["average_r"], EXACT)
        assert ours["signal_to_noise"] == relative(total["signal_noise"], EXACT)
    splits = (found.get("split_half_exact") or {}).get("on_cov")
    assert (splits is not None) == (k <= 16)
    if splits:
        for what in ("max", "min", "mean"):
            assert ours[f"split_half_{what}"] == relative(splits[what], EXACT)


@pytest.mark.parametrize("name", [name for name in SCALES if name.endswith("listwise")])
def test_standardised_items_have_psychs_lower_bounds(name: str) -> None:
    """psych::guttman takes correlations: the covariances of standardised items."""
    found, (frame, scale), options = arguments(name)
    matrix = cp.moments(frame, scale, **options).correlation
    # Answers with exactly these covariances: what a matrix says is all that counts.
    k = len(matrix)
    root = np.linalg.cholesky(matrix)
    basis = np.linalg.qr(np.column_stack([np.ones(4 * k), np.eye(4 * k, k)]))[0][:, 1:]
    x = np.sqrt(4 * k - 1) * basis @ root.T
    items = [f"i{j}" for j in range(k)]
    real = cp.Scale("real", items=items, minimum=-50, maximum=50, continuous=True)
    names = ["lambda1", "lambda2", "lambda3", "lambda5", "lambda5_plus", "lambda6", "mu2", "mu3"]
    names += ["split_half_max", "split_half_min"]
    table = cp.reliability(
        pl.DataFrame(x, schema=items), real, coefficients=names, interval=None
    ).table
    ours, theirs = estimates(table), found["guttman"]
    for name_of_ours, name_of_theirs in (
        *(("lambda1", "lambda.1"), ("lambda2", "lambda.2"), ("lambda3", "lambda.3")),
        *(("lambda5", "lambda.5"), ("lambda5_plus", "lambda.5p"), ("lambda6", "lambda.6")),
    ):
        assert ours[name_of_ours] == relative(theirs[name_of_theirs], EXACT)
    for mu in ("mu2", "mu3"):
        assert ours[mu] == relative(theirs["tenberge"][mu], EXACT)
    splits = (found.get("split_half_exact") or {}).get("on_cor")
    if splits:
        assert ours["split_half_max"] == relative(splits["max"], EXACT)
        assert ours["split_half_min"] == relative(splits["min"], EXACT)
    # psych looks at random or half of the splits only, and so never finds a better one.
    assert ours["split_half_max"] >= found["split_half"]["maxrb_lambda4"] - EXACT
    assert ours["split_half_min"] <= found["split_half"]["minrb_beta"] + EXACT


@pytest.mark.parametrize("name", SCALES)
def test_omega_u_is_lavaans(name: str) -> None:
    found, data, options = arguments(name)
    fit = found["cfa_one_factor_ml_listwise"]
    table = cp.reliability(
        *data,
        coefficients=["omega_u", "omega_u_observed"],
        interval=None,
        **{**options, "missing": "listwise"},
    ).table
    assert table["n"][0] == fit["n_used"]
    implied, observed = table["estimate"]
    assert implied == pytest.approx(fit["omega_total_model_implied"], abs=LAVAAN)
    # The implied variance moves with the loadings and takes up most of what lavaan stops short; the
    # observed one does not. 1.8e-6 is the worst of these surveys.
    assert observed == pytest.approx(fit["semTools_compRelSEM_obs.var_TRUE"], abs=2 * LAVAAN)


@pytest.mark.parametrize("name", SCALES)
def test_closed_form_intervals(name: str) -> None:
    """psych counts every row passed, those without any answer too; we count who answered."""
    found, data, options = arguments(name)
    meta, alpha = found["meta"], found["alpha"]
    passed = meta["n_rows_passed"]

    def row(interval: Any) -> dict[str, Any]:
        table = cp.reliability(*data, coefficients="alpha", interval=interval, **options).table
        return table.row(0, named=True)

    normal = row("normal_theory")
    empty = meta["n_all_missing"] if options["missing"] == "pairwise" else 0
    assert normal["n"] == passed - empty
    assert normal["se"] * np.sqrt(normal["n"] / passed) == relative(alpha["total"]["ase"], EXACT)
    if empty:
        return
    bonett, expected = row("bonett"), alpha["bonett_2002_95"]
    assert bonett["lower"] == relative(expected["lower"], EXACT)
    assert bonett["upper"] == relative(expected["upper"], EXACT)
    if (passed - 1) * (len(meta["items"]) - 1) < QF_TAKES_CHI_SQUARE:
        feldt, expected = row("feldt"), alpha["feldt_95"]
        assert feldt["lower"] == relative(expected["lower"], FELDT)
        assert feldt["upper"] == relative(expected["upper"], FELDT)


# The bootstrap: limits of 10,000 replicates, which R computed with five seeds


def r_limits(found: dict[str, Any], key: str) -> np.ndarray:
    """Return runs × 2 limits."""
    return np.array([run[key]["ci"] if "ci" in run[key] else run[key] for run in found["runs"]])


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("bca", "bca_with_jackknife_a"),
        ("percentile", "boot.ci_perc"),
        ("basic", "boot.ci_basic"),
        ("normal", "boot.ci_norm"),
    ],
)
@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_bootstrap_limits_within_monte_carlo_error(name: str, method: Any, key: str) -> None:
    found = reference("bootstrap", name)
    meta = found["meta"]
    bootstrap = cp.Bootstrap(10_000, method=method, seed=1)
    row = cp.reliability(
        survey(meta["dataset"]), scale_of(meta), coefficients="alpha", interval=bootstrap
    ).table.row(0, named=True)
    assert row["estimate"] == relative(found["alpha_raw"], EXACT)
    theirs = r_limits(found, key)
    # The two ends together: five runs alone say little of the spread of one.
    spread = np.sqrt(theirs.var(axis=0, ddof=1).mean() * (1 + 1 / len(theirs)))
    assert abs(row["lower"] - theirs[:, 0].mean()) < SPREADS * spread
    assert abs(row["upper"] - theirs[:, 1].mean()) < SPREADS * spread
    errors = found["over_seeds"]["se"]
    assert abs(row["se"] - errors["mean"]) < SPREADS * errors["sd_over_seeds"]
    # That this can fail: an interval is thirty spreads and more wide.
    assert row["upper"] - row["lower"] > 30 * spread


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_influence_error_is_near_the_jackknifes(name: str) -> None:
    found = reference("bootstrap", name)
    meta = found["meta"]
    table = cp.reliability(
        survey(meta["dataset"]), scale_of(meta), coefficients="alpha", interval="adf"
    ).table
    tolerance = JACKKNIFE / meta["n_rows_passed"]
    assert table["se"][0] == relative(found["jackknife"]["se"], tolerance)


def test_bootstrap_of_omega_total() -> None:
    """``boot`` of a minres fit, 2000 replicates with one seed: no spread is given.

    A normal limit's own error is sqrt(p(1-p)/B)/phi(z) standard errors, p = 0.025; the standard
    error's sqrt(1/(2B)) of itself. Both runs have such an error.
    """
    found = reference("bootstrap", "bfi_A")
    meta, given = found["meta"], found["omega_total_one_factor_boot"]
    row = cp.reliability(
        survey(meta["dataset"]),
        scale_of(meta),
        coefficients="omega_total",
        factors=1,
        interval=cp.Bootstrap(2000, method="percentile", seed=1),
    ).table.row(0, named=True)
    se = given["se"][0]
    assert row["estimate"] == relative(given["t0"][0], BOOTSTRAPPED_MINRES)
    assert row["se"] == pytest.approx(se, rel=SPREADS * np.sqrt(2 / 4000))
    density = np.exp(-(1.959964**2) / 2) / np.sqrt(2 * np.pi)
    spread = np.sqrt(2 * 0.025 * 0.975 / 2000) / density * se
    assert row["lower"] == pytest.approx(given["perc_1"][0], abs=SPREADS * spread)
    assert row["upper"] == pytest.approx(given["perc_1"][1], abs=SPREADS * spread)
