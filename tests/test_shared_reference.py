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
def test_omega_u_is_lavaans(name: str) -> None:
    found, data, options = arguments(name)
    fit = found["cfa_one_factor_ml_listwise"]
    table = cp.reliability(
        *data, coefficients="omega_u", interval=None, **{**options, "missing": "listwise"}
    ).table
    assert table["n"][0] == fit["n_used"]
    assert table["estimate"][0] == pytest.approx(fit["omega_total_model_implied"], abs=LAVAAN)


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
        interval=cp.Bootstrap(2000, method="percentile", seed=1),
    ).table.row(0, named=True)
    se = given["se"][0]
    assert row["estimate"] == relative(given["t0"][0], BOOTSTRAPPED_MINRES)
    assert row["se"] == pytest.approx(se, rel=SPREADS * np.sqrt(2 / 4000))
    density = np.exp(-(1.959964**2) / 2) / np.sqrt(2 * np.pi)
    spread = np.sqrt(2 * 0.025 * 0.975 / 2000) / density * se
    assert row["lower"] == pytest.approx(given["perc_1"][0], abs=SPREADS * spread)
    assert row["upper"] == pytest.approx(given["perc_1"][1], abs=SPREADS * spread)
