"""Johnson-Neyman regions: by hand, with a sandwich and without, and what they say of the data."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.distributions import normal_quantile
from compassion_psy.pathway.johnson_neyman import region
from compassion_psy.pathway.mediation_text import Edge


def frame(a: float, a_w: float, middle: float, noise: float = 1.0) -> pl.DataFrame:
    """50 teams of 6 whose residuals resemble each other; w lies within 1 of its middle."""
    random = np.random.default_rng(7)
    x, e, f = random.normal(size=(3, 300))
    w = random.uniform(-1, 1, 300) + middle
    team = np.arange(300) // 6
    m = (a + a_w * w) * x + noise * (e + 0.5 * random.normal(size=50)[team])
    return pl.DataFrame({"x": x, "w": w, "m": m, "y": 0.4 * m + f, "team": team})


def by_hand(data: pl.DataFrame, *, robust: bool, z: float) -> tuple[float, float, np.ndarray]:
    """Coefficient and bounds from least squares of m on x, w and xw, and their covariances."""
    x, w, m, team = (data[name].to_numpy() for name in ("x", "w", "m", "team"))
    design = np.column_stack([np.ones(len(x)), x, w, x * w])
    bread = np.linalg.inv(design.T @ design)
    b = bread @ design.T @ m
    residual = m - design @ b
    if robust:
        sums = np.array([design[team == each].T @ residual[team == each] for each in range(50)])
        covariance = 50 / 49 * bread @ sums.T @ sums @ bread
    else:
        covariance = bread * (residual @ residual) / len(x)
    squares = [
        b[3] ** 2 - z**2 * covariance[3, 3],
        2 * (b[1] * b[3] - z**2 * covariance[1, 3]),
        b[1] ** 2 - z**2 * covariance[1, 1],
    ]
    return b[1], b[3], np.roots(squares)


@pytest.mark.parametrize(
    ("truth", "level", "differs", "in_the_data"),
    [
        ((1.0, 0.1, 0.0), 0.95, "between the bounds", "everywhere"),
        ((1.0, 0.1, 0.0), 0.9, "outside the bounds", "everywhere"),
        ((0.15, 0.05, 0.0), 0.95, "between the bounds", "in part"),
        ((1.0, 1.0, 0.0), 0.95, "outside the bounds", "in part"),
        # x and xw are nearly one, and the bounds far from all data: derivatives must be good.
        ((0.0, 2.0, 5.0), 0.95, "outside the bounds", "everywhere"),
        ((0.0, 0.0, 0.0), 0.95, "nowhere", "nowhere"),
    ],
)
def test_regions_with_cluster_robust_errors(
    truth: tuple[float, float, float], level: float, differs: str, in_the_data: str
) -> None:
    data = frame(*truth)
    result = cp.mediation(
        data, x="x", m="m", y="y", modulators={"a": "w"}, cluster="team", interval=None, level=level
    )
    row = result.johnson_neyman.row(0, named=True)
    _, _, bounds = by_hand(data, robust=True, z=normal_quantile(0.5 + level / 2))
    assert (row["differs_from_zero"], row["in_the_data"]) == (differs, in_the_data)
    assert (row["observed_minimum"], row["observed_maximum"]) == (data["w"].min(), data["w"].max())
    if differs == "nowhere":
        assert row["lower_bound"] is row["upper_bound"] is None
        assert np.iscomplex(bounds).all()
    else:
        # Influence rests on numerical derivatives: robust covariances are right to some 1e-10.
        found = [row["lower_bound"], row["upper_bound"]]
        assert found == pytest.approx(sorted(bounds.real), rel=1e-6)


def test_bounds_with_the_errors_of_maximum_likelihood() -> None:
    data = frame(1.0, 1.0, 0.0)
    options: dict[str, Any] = {"x": "x", "m": "m", "y": "y", "modulators": {"a": "w"}}
    _, _, bounds = by_hand(data, robust=False, z=normal_quantile(0.975))
    _, _, robust = by_hand(data, robust=True, z=normal_quantile(0.975))
    bootstrap = cp.Bootstrap(200, method="percentile", seed=1)
    for interval in (None, "wald", bootstrap):
        row = cp.mediation(data, **options, interval=interval).johnson_neyman.row(0, named=True)
        found = [row["lower_bound"], row["upper_bound"]]
        assert found == pytest.approx(sorted(bounds), rel=1e-9)
    assert not np.allclose(bounds, robust, rtol=1e-3)


def test_bounds_with_the_errors_of_replicates() -> None:
    """Reliabilities estimated on the same persons: se, and so the bounds, are of the replicates."""
    data = frame(1.0, 1.0, 0.0)
    random = np.random.default_rng(3)
    items = {f"x{i}": data["x"] + 0.7 * random.normal(size=300) for i in range(4)}
    scale = cp.Scale("score", items=list(items), minimum=-99, maximum=99, continuous=True)
    result = cp.mediation(
        data.with_columns(**items), x="score", m="m", y="y", modulators={"a": "w"}, scales=[scale],
        reliability="omega_u", cluster="team",
        interval=cp.Bootstrap(300, method="percentile", seed=1),
    )  # fmt: skip
    drawn = result.pathway.replicates.filter(status="ok").select("a", "a_w").to_numpy()
    covariance = np.cov(drawn, rowvar=False)
    a, a_w = result.paths["estimate"][:2]
    z2 = normal_quantile(0.975) ** 2
    bounds = np.roots(
        [
            a_w**2 - z2 * covariance[1, 1],
            2 * (a * a_w - z2 * covariance[0, 1]),
            a**2 - z2 * covariance[0, 0],
        ]
    )
    row = result.johnson_neyman.row(0, named=True)
    assert [row["lower_bound"], row["upper_bound"]] == pytest.approx(sorted(bounds), rel=1e-9)


@pytest.mark.parametrize(
    ("path", "observed", "in_the_data"),
    [
        # (0.5 - 0.5 w)^2 = 1.96^2 0.01 (1 + w^2) at 0.55 and 1.81.
        ((0.5, -0.5, 0.01), (0.6, 1.8), "nowhere"),
        ((0.5, -0.5, 0.01), (-3.0, 0.4), "everywhere"),
        ((0.5, -0.5, 0.01), (2.3, 9.0), "everywhere"),
        ((0.5, -0.5, 0.01), (0.0, 1.0), "in part"),
        ((0.5, -0.5, 0.01), (0.0, 9.0), "in part"),
        # 0.5^2 = 1.96^2 0.01 (1 + w^2): between -2.35 and 2.35.
        ((0.5, 0.0, 0.01), (-2.0, 2.0), "everywhere"),
        ((0.5, 0.0, 0.01), (3.0, 4.0), "nowhere"),
        ((0.5, 0.0, 0.01), (-9.0, 9.0), "in part"),
        ((0.1, 0.0, 0.01), (-9.0, 9.0), "nowhere"),
    ],
)
def test_what_a_region_says_of_the_values_that_occur(
    path: tuple[float, float, float], observed: tuple[float, float], in_the_data: str
) -> None:
    slope, change, variance = path
    found = region(
        Edge("x", "m", "a", ("w",)), "w",
        values={"a": slope, "a_w": change},
        covariance={("a", "a"): variance, ("a_w", "a_w"): variance, ("a", "a_w"): 0.0,
                    ("a_w", "a"): 0.0},
        others={}, observed=observed, level=0.95,
    )  # fmt: skip
    at = np.linspace(*observed, 2001)
    clear = np.abs(slope + change * at) > normal_quantile(0.975) * np.sqrt(variance * (1 + at**2))
    expected = "everywhere" if clear.all() else "in part" if clear.any() else "nowhere"
    assert found["in_the_data"] == in_the_data == expected
