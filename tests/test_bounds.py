"""The greatest lower bound, H, average variance extracted and stratified alpha."""

from __future__ import annotations

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import pure, scales
from reference_data import survey, values

R = values("bounds")
NAMES = ("attitude", "congeneric", "two_factor")
CLOSED = 1e-10
# lavaan stops where a step is small, not where the slope is zero.
LAVAAN = 1e-6
# CSDP stops at a relative gap of 1e-7 between the problem and its dual, and a bit further out.
CSDP = 1e-6


def stratified(name: str) -> tuple[pl.DataFrame, cp.Scale]:
    frame, scale = survey(name)
    strata = R[name]["strata"]
    parts = [
        cp.Subscale(
            key=f"s{stratum}",
            items=[item for item, own in zip(scale.items, strata, strict=True) if own == stratum],
        )
        for stratum in sorted(set(strata))
    ]
    return frame, cp.Scale(
        scale.name,
        items=scale.items,
        minimum=scale.minimum,
        maximum=scale.maximum,
        subscales=parts,
    )


def row(frame: pl.DataFrame, scale: Any, name: str, **options: Any) -> dict[str, Any]:
    options = {"interval": None, **options}
    return cp.reliability(frame, scale, coefficients=name, **options).table.row(0, named=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("coefficient", "tolerance"),
    [("glb", CSDP), ("h", LAVAAN), ("ave", LAVAAN), ("alpha_stratified", CLOSED)],
)
def test_as_in_r(name: str, coefficient: str, tolerance: float) -> None:
    frame, scale = stratified(name)
    found = row(frame, scale, coefficient)["estimate"]
    assert found == pytest.approx(R[name][coefficient], abs=tolerance)


def test_attitude_as_published() -> None:
    frame, scale = survey("attitude")
    assert row(frame, scale, "h")["estimate"] == pytest.approx(0.9120159, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_h_and_ave_are_those_of_the_twins_factor(name: str) -> None:
    frame, scale = survey(name)
    c = np.cov(frame.select(scale.items).to_numpy(), rowvar=False)
    fit = pure.one_factor_ml(c)
    # Relative to items' variances, whatever unit the twin's loadings have.
    share = fit.loadings**2 / (fit.loadings**2 + fit.uniquenesses)
    q = float(np.sum(share / (1 - share)))
    assert row(frame, scale, "h")["estimate"] == pytest.approx(q / (1 + q), abs=1e-7)
    assert row(frame, scale, "ave")["estimate"] == pytest.approx(float(share.mean()), abs=1e-7)


@pytest.mark.parametrize("coefficient", ["glb", "h", "ave", "alpha_stratified"])
@pytest.mark.parametrize("name", ["congeneric", "two_factor"])
def test_standard_errors_are_those_of_leaving_persons_out(name: str, coefficient: str) -> None:
    frame, scale = stratified(name)
    found = row(frame, scale, coefficient, interval="adf")
    n = frame.height
    without = np.array(
        [
            row(frame.filter(pl.int_range(pl.len()) != i), scale, coefficient)["estimate"]
            for i in range(n)
        ]
    )
    jackknife = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    # They differ by a share of the order of 1/n, times how curved the coefficient is.
    # The bound is curved most: its errors turn where it gains.
    share = 0.1 if coefficient == "glb" else 0.03
    assert found["se"] == pytest.approx(jackknife, rel=share)
    assert found["lower"] < found["estimate"] < found["upper"]


@pytest.mark.parametrize("coefficient", ["glb", "h", "ave", "alpha_stratified"])
def test_bca_by_site(coefficient: str) -> None:
    frame, scale = stratified("congeneric")
    frame = frame.with_columns(site=pl.Series(["a", "b"] * 200))
    options: dict[str, Any] = {"interval": cp.Bootstrap(300, seed=4), "by": "site"}
    result = cp.reliability(frame, scale, coefficients=coefficient, **options)
    alone = cp.reliability(
        frame.filter(site="b"), scale, coefficients=coefficient, by="site",
        interval=cp.Bootstrap(300, seed=4), threads=1,
    )  # fmt: skip
    assert result.table.height == 2
    assert result.table["failed"].sum() == 0
    assert (result.table["lower"] < result.table["upper"]).all()
    # Same seed, same bits: whichever groups are beside it, and on one thread.
    assert result.table.filter(site="b").equals(alone.table)


def test_bias_of_the_bound_is_told() -> None:
    """With 8 items and 60 persons replicates lie well above the estimate."""
    frame, scale = survey("congeneric")
    few = frame.head(60)
    bootstrap = cp.Bootstrap(400, seed=2)
    result = cp.reliability(few, scale, coefficients=["alpha", "glb"], interval=bootstrap)
    alpha, glb = result.table.rows(named=True)
    values = result.replicates.filter(coefficient="glb")["value"]
    bias = float(values.mean()) - glb["estimate"]  # type: ignore[arg-type]
    assert bias > 0.25 * glb["se"]
    assert f"is {bias:.3f} above the estimate" in glb["note"]
    assert alpha["note"] is None


def test_duplicates_leave_no_bound() -> None:
    frame, scale = survey("congeneric")
    frame = frame.with_columns(item2="item1", site=pl.lit("a"))
    found = row(frame, scale, "glb", by="site")
    assert found["estimate"] is None
    assert "singular" in found["note"]


def test_all_has_stratified_alpha_where_subscales_are_declared() -> None:
    frame, plain = survey("two_factor")
    _, whole = stratified("two_factor")
    names = cp.reliability(frame, plain, coefficients="all", interval=None).table["coefficient"]
    assert "alpha_stratified" not in names.to_list()
    assert "glb" in names.to_list()
    table = cp.reliability(frame, whole.scores, coefficients="all", interval=None).table
    found = table.filter(coefficient="alpha_stratified")
    assert found["scale"].to_list() == ["two_factor"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([], "declares no subscales"),
        ([cp.Subscale(key="a", items=["item1", "item2"])], "item 'item3' is in none"),
        (
            [
                cp.Subscale(key="a", items=["item1", "item2"]),
                cp.Subscale(key="b", items=["item2", "item3"]),
            ],
            "item 'item2' is in two subscales, 'a' and 'b'",
        ),
        (
            [cp.Subscale(key="a", items=["item1", "item2"]), cp.Subscale(key="b", items=["item3"])],
            "subscale 'b' has one item",
        ),
    ],
)
def test_what_is_no_total_of_subscales(parts: list[cp.Subscale], words: str) -> None:
    frame, _ = survey("two_factor")
    scale = cp.Scale(
        "three", items=["item1", "item2", "item3"], minimum=1, maximum=7, subscales=parts
    )
    with pytest.raises(cp.OptionError, match=words):
        row(frame, scale, "alpha_stratified")
    with pytest.raises(cp.OptionError, match=words):
        cp.compare_reliability(
            frame.with_columns(site=pl.Series(["a", "b"] * 125)),
            scale,
            by="site",
            coefficients="alpha_stratified",
        )


def test_strata_of_a_published_scale() -> None:
    """The total of the Self-Compassion Scale, whose six subscales share no items."""
    scale = scales.get("scs", columns="scs_{}")
    random = np.random.default_rng(3)
    trait = random.normal(size=(200, 1))
    codes = np.clip(np.round(3 + trait + random.normal(size=(200, 26))), 1, 5).astype(np.int64)
    frame = pl.DataFrame(codes, schema=[f"scs_{j}" for j in range(1, 27)])
    keyed = pl.DataFrame(
        {item: 6 - frame[item] if item in scale.reversed else frame[item] for item in scale.items}
    )
    total = keyed.sum_horizontal().var(ddof=1)
    errors = []
    for part in scale.subscales:
        own = np.cov(keyed.select(part.items).to_numpy(), rowvar=False)
        errors.append(own.sum() * (1 - pure.alpha(own)))
    found = row(frame, "scs", "alpha_stratified", columns="scs_{}")
    assert found["estimate"] == pytest.approx(1 - sum(errors) / total, abs=CLOSED)


def test_items_left_out_leave_no_strata() -> None:
    frame, scale = stratified("two_factor")
    with pytest.raises(cp.OptionError, match="not of a scale without one of its items"):
        cp.item_analysis(frame, scale, coefficients="alpha_stratified")
