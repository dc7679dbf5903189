"""The greatest lower bound by the communalities of many factors."""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from reference_data import survey, values
from scipy.optimize import minimize

R = values("bounds")
# psych stops its search a little early; 2.1e-6 was measured.
PSYCH = 1e-5
# scipy stops where slopes are 1e-9, which flat searches of many factors multiply.
SCIPY = 1e-6


def row(frame: pl.DataFrame, scale: Any, **options: Any) -> dict[str, Any]:
    options = {"coefficients": "glb_factor", "interval": None, **options}
    return cp.reliability(frame, scale, **options).table.row(0, named=True)


def minimum_residuals(r: np.ndarray, factors: int, start: np.ndarray | None = None) -> np.ndarray:
    """Communalities of so many factors, where scipy's search ends."""

    def spectrum(unique: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(r - np.diag(unique))
        return values[::-1], vectors[:, ::-1]

    def slopes(unique: np.ndarray) -> tuple[float, np.ndarray]:
        values, vectors = spectrum(unique)
        values, vectors = values[factors:], vectors[:, factors:]
        return float(np.sum(values**2) / 2), -(vectors**2 @ values)

    found = minimize(
        slopes,
        1 / np.diag(np.linalg.inv(r)) if start is None else start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.005, 1)] * len(r),
        options={"ftol": 0, "gtol": 1e-10, "maxiter": 100_000, "maxfun": 100_000, "maxcor": 50},
    )
    values, vectors = spectrum(found.x)
    return np.asarray(vectors[:, :factors] ** 2 @ np.maximum(values[:factors], 0))


def by_scipy(r: np.ndarray) -> tuple[float, int]:
    """The bound and its number of factors, written out."""
    k = len(r)
    one = minimum_residuals(r, 1)
    reduced = r.copy()
    np.fill_diagonal(reduced, one)
    factors = int((np.linalg.eigvalsh(reduced) > 0).sum())
    while (k - factors) * (k - factors - 1) // 2 - factors < 0:
        factors -= 1
    reduced = r.copy()
    np.fill_diagonal(reduced, minimum_residuals(r, factors))
    return float(reduced.sum() / r.sum()), factors


@pytest.mark.parametrize("name", ["attitude", "two_factor"])
def test_as_in_psych(name: str) -> None:
    found = row(*survey(name))
    assert found["estimate"] == pytest.approx(R[name]["glb_factor"], abs=PSYCH)


def test_four_factors_of_eight_items_have_several_minima() -> None:
    """Ours is one of them, and has lower residuals than where psych's one start ends (.84955)."""
    frame, scale = survey("congeneric")
    r = np.corrcoef(frame.select(scale.items).to_numpy(), rowvar=False)
    found = row(frame, scale)
    assert found["note"].startswith("4 factors | Heywood")
    random = np.random.default_rng(0)
    ends = [minimum_residuals(r, 4, random.uniform(0.1, 1, size=8)) for _ in range(40)]
    values = np.array([1 - (8 - end.sum()) / r.sum() for end in ends])
    assert np.ptp(values) > 0.005
    assert np.abs(values - found["estimate"]).min() < SCIPY
    assert np.abs(values - R["congeneric"]["glb_factor"]).min() < 1e-3


@pytest.mark.parametrize("name", ["attitude", "two_factor"])
def test_as_written_out(name: str) -> None:
    frame, scale = survey(name)
    r = np.corrcoef(frame.select(scale.items).to_numpy(), rowvar=False)
    value, factors = by_scipy(r)
    found = row(frame, scale)
    assert found["estimate"] == pytest.approx(value, abs=SCIPY)
    assert f"{factors} factor" in found["note"]


def test_the_number_of_factors_is_said() -> None:
    frame, scale = survey("two_factor")
    names = ["glb_factor", "omega_total"]
    result = cp.reliability(frame, scale, coefficients=names, interval=None, factors=1)
    bound, omega = result.table.rows(named=True)
    assert "factors" in bound["note"]
    assert omega["note"] is None
    assert "positive eigenvalues" in result.definitions["glb_factor"]


def test_standard_errors_are_those_of_leaving_persons_out() -> None:
    """Of the number of factors of everybody: some persons, left out, change it."""
    frame, scale = survey("two_factor")
    found = row(frame, scale, interval="adf")
    factors = by_scipy(np.corrcoef(frame.select(scale.items).to_numpy(), rowvar=False))[1]
    n = frame.height
    without = np.array(
        [
            row(
                frame.filter(pl.int_range(pl.len()) != i),
                scale,
                coefficients="omega_total",
                factors=factors,
            )["estimate"]
            for i in range(n)
        ]
    )
    jackknife = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    # They differ by a share of the order of 1/n, times how curved the coefficient is.
    assert found["se"] == pytest.approx(jackknife, rel=0.1)
    assert found["lower"] < found["estimate"] < found["upper"]


def test_bca_by_site() -> None:
    frame, scale = survey("congeneric")
    frame = frame.with_columns(site=pl.Series(["a", "b"] * 200))
    options: dict[str, Any] = {"coefficients": "glb_factor", "by": "site"}
    interval = cp.Bootstrap(300, seed=4)
    result = cp.reliability(frame, scale, interval=interval, **options)
    alone = cp.reliability(frame.filter(site="b"), scale, interval=interval, threads=1, **options)
    assert result.table.height == 2
    assert (result.table["lower"] < result.table["upper"]).all()
    # Same seed, same bits: whichever groups are beside it, and on one thread.
    assert result.table.filter(site="b").equals(alone.table)


def test_bias_is_told() -> None:
    """With 8 items and 60 persons replicates lie well above the estimate."""
    frame, scale = survey("congeneric")
    result = cp.reliability(
        frame.head(60), scale, coefficients="glb_factor", interval=cp.Bootstrap(400, seed=2)
    )
    found = result.table.row(0, named=True)
    bias = float(result.replicates["value"].mean()) - found["estimate"]  # type: ignore[arg-type]
    assert bias > 0.25 * found["se"]
    assert f"is {bias:.3f} above the estimate" in found["note"]


def test_heywood_is_kept_and_said() -> None:
    frame, scale = survey("congeneric")
    # Two items that nearly repeat each other: no unique variance is left to them.
    frame = frame.with_columns(
        item2=pl.when(pl.int_range(pl.len()) < 2).then("item2").otherwise("item1")
    )
    found = row(frame, scale)
    assert found["estimate"] is not None
    assert "Heywood" in found["note"]


def test_two_items_have_none() -> None:
    frame, scale = survey("congeneric")
    two = cp.Scale("two", items=scale.items[:2], minimum=scale.minimum, maximum=scale.maximum)
    frame = frame.with_columns(site=pl.lit("a"))
    found = row(frame, two, by="site")
    assert found["estimate"] is None
    assert "one factor needs at least 3 items" in found["note"]


def test_answers_that_cancel_have_none() -> None:
    """A total that does not vary has no reliability."""
    random = np.random.default_rng(1)
    x = random.integers(1, 6, size=(100, 2))
    frame = pl.DataFrame(np.column_stack([x, 6 - x]), schema=["a", "b", "c", "d"])
    scale = cp.Scale("cancel", items=["a", "b", "c", "d"], minimum=1, maximum=5)
    found = row(frame.with_columns(site=pl.lit("a")), scale, by="site")
    assert found["estimate"] is None
    assert "does not vary" in found["note"]
