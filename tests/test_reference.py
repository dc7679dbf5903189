"""The compiled core and the twin against values computed with R; see reference/README.md."""

from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core, pure
from reference_data import BLOCKS, COEFFICIENTS, FOLDER, OMEGAS, Block, survey, values

# A closed form twice, in another order of operations; 3e-15 was measured.
EXACT = 1e-12
# Both fits end with gradients near 1e-15; 3e-14 was measured, where a uniqueness is near its bound.
FITTED = 1e-10
# An error inherits the fit times the curvature: 2e-11 was measured near a bound.
FITTED_ERROR = 1e-9
# R's qf and ours solve for a quantile; 3e-13 was measured.
FELDT = 1e-10
# The twin differentiates numerically.
NUMERICAL = 1e-8
# lavaan stops at a gradient near 1e-6 (README of the values).
LAVAAN = 1e-6
LAVAAN_ERROR = 1e-5
# psych's minres stops at a gradient near 1e-5; on a bound its criterion is another.
PSYCH_MINRES = 1e-6
PSYCH_MINRES_ON_BOUND = 1e-4

LEVELS = ("0.9", "0.95", "0.99")
UNWEIGHTED = [block for block in BLOCKS if "weights" not in block.options]
LISTWISE = [block for block in UNWEIGHTED if "missing" not in block.options]
SITES = [block for block in BLOCKS if block.data == "sites"]


def column(table: pl.DataFrame, name: str) -> dict[str, Any]:
    """Return a column of a table by coefficient."""
    return dict(table.select("coefficient", name).iter_rows())


def relative(value: float, tolerance: float) -> Any:
    return pytest.approx(value, rel=tolerance, abs=0)


# Moments


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_moments(block: Block) -> None:
    moments = block.moments()
    group = ... if block.site is None else moments.groups["site"].to_list().index(block.site)
    expected = block.values
    assert np.asarray(moments.n)[group] == expected["n"]
    for name in ("mean", "covariance", "correlation"):
        np.testing.assert_allclose(getattr(moments, name)[group], expected[name], rtol=EXACT)
    if "pair_n" in expected:
        np.testing.assert_array_equal(moments.counts[0], expected["pair_n"])


# Coefficients


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_coefficients(block: Block) -> None:
    table, expected = block.reliability(interval=None), block.values
    for name, value in column(table, "estimate").items():
        tolerance = FITTED if name in OMEGAS else EXACT
        assert value == relative(expected["coefficients"][name], tolerance), name
    for name, note in column(table, "note").items():
        heywood = name in OMEGAS and expected[name]["status"] == "heywood"
        assert ("Heywood" in (note or "")) == heywood, name
    assert set(table["n"]) == {expected["n"]}
    assert set(table["n_excluded"]) == {expected["n_excluded"]}


@pytest.mark.parametrize("block", UNWEIGHTED, ids=str)
def test_alpha_and_omega_total_are_psychs(block: Block) -> None:
    found, expected = column(block.reliability(interval=None), "estimate"), block.values
    assert found["alpha"] == relative(expected["psych_alpha"]["raw_alpha"], EXACT)
    bound = expected["omega_total"]["status"] == "heywood"
    tolerance = PSYCH_MINRES_ON_BOUND if bound else PSYCH_MINRES
    assert found["omega_total"] == relative(expected["psych_omega"]["omega_total"], tolerance)


@pytest.mark.parametrize("block", LISTWISE, ids=str)
def test_omega_u_is_lavaans(block: Block) -> None:
    """With the bound that ours have, and without where they do not matter."""
    fits = block.values["lavaan"]
    found = column(block.reliability(interval=None), "estimate")["omega_u"]
    assert found == relative(fits["bounded"]["omega_u"], LAVAAN)
    if block.values["omega_u"]["status"] == "ok":
        assert found == relative(fits["default"]["omega_u"], LAVAAN)


# Standard errors


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_influence_errors(block: Block, coefficient: str) -> None:
    table = block.reliability(coefficients=coefficient, interval=None)
    tolerance = FITTED_ERROR if coefficient in OMEGAS else EXACT
    assert table["se"][0] == relative(block.values["influence_se"][coefficient], tolerance)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("block", SITES, ids=str)
def test_cluster_robust_errors(block: Block, coefficient: str) -> None:
    table = block.reliability(coefficients=coefficient, cluster="ward", interval=None)
    tolerance = FITTED_ERROR if coefficient in OMEGAS else EXACT
    assert table["se"][0] == relative(block.values["cluster_se"][coefficient], tolerance)


@pytest.mark.parametrize("block", LISTWISE, ids=str)
def test_error_of_omega_u_is_lavaans_robust_one(block: Block) -> None:
    """lavaan takes the gradient at divisor n, so that its error is sqrt(n/(n-1)) times ours."""
    fit = block.values["lavaan"]["default_mlr"]
    if block.values["omega_u"]["status"] == "heywood":
        pytest.skip("lavaan's default has no bound")
    n = block.values["n"]
    se = block.reliability(coefficients="omega_u", interval=None)["se"][0]
    assert se * np.sqrt(n / (n - 1)) == relative(fit["se"], LAVAAN_ERROR)


@pytest.mark.parametrize(
    ("block", "design"),
    [
        (Block("sites", ("all",), {}), {"cluster": "ward"}),
        (Block("scores", ("weighted",), {}), {"weights": "weight"}),
    ],
    ids=["clusters", "weights"],
)
def test_design_based_errors_are_those_of_survey(block: Block, design: dict[str, str]) -> None:
    """``survey::svyvar`` differentiates n/(n-1) C_n, so that its error is n/(n-1) times ours."""
    n = block.values["n"]
    se = column(block.reliability(interval=None, **design), "se")
    for name, expected in block.values["survey"]["se"].items():
        tolerance = FITTED_ERROR if name in OMEGAS else EXACT
        assert se[name] * n / (n - 1) == relative(expected, tolerance), name


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_accelerations_of_the_twin(block: Block, coefficient: Any) -> None:
    """The table does not show accelerations; test_oracle holds BCa to the twin's."""
    if (block.data, coefficient) == ("near_heywood", "omega_u"):
        pytest.skip("the twin's differences reach across the bound, where the slope changes")
    x, ward, weight = keyed(block)
    missing = block.options.get("missing", "listwise")
    influence = pure.influence(x, coefficient, missing=missing, survey_weights=weight)
    a = pure.acceleration(influence)
    assert a == pytest.approx(block.values["acceleration"][coefficient], abs=NUMERICAL)
    if ward is not None:
        a = pure.acceleration(influence, clusters=ward)
        assert a == pytest.approx(block.values["cluster_acceleration"][coefficient], abs=NUMERICAL)


# Intervals in closed form


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("feldt", FELDT),
        ("bonett", EXACT),
        ("hakstian_whalen", EXACT),
        ("normal_theory", EXACT),
        ("adf", EXACT),
    ],
)
@pytest.mark.parametrize("block", UNWEIGHTED, ids=str)
def test_intervals_for_alpha(block: Block, name: Any, tolerance: float, level: str) -> None:
    table = block.reliability(coefficients="alpha", interval=name, level=float(level))
    key = "normal_theory_n" if name == "normal_theory" else name
    lower, upper = block.values["alpha_intervals"][level][key]
    assert table["lower"][0] == relative(lower, tolerance)
    assert table["upper"][0] == relative(upper, tolerance)
    if name == "normal_theory":
        assert table["se"][0] == relative(block.values["normal_theory_se"]["n"], EXACT)


# Replicates under given counts


def keyed(block: Block) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return keyed answers, wards and weights of a block, as arrays in the order of the file."""
    frame, scale = survey(block.data)
    if block.site is not None:
        frame = frame.filter(site=block.site)
    x = frame.select(scale.items).cast(pl.Float64).to_numpy().copy()
    turned = [scale.items.index(name) for name in scale.reversed]
    x[:, turned] = scale.minimum + scale.maximum - x[:, turned]
    ward = frame["ward"].to_numpy() if "ward" in frame.columns else None
    weight = frame["weight"].to_numpy() if "weights" in block.options else None
    return x, ward, weight


def counts_of(strings: list[str]) -> np.ndarray:
    """Return replicates × units, from a digit a unit."""
    return np.array([[int(digit) for digit in string] for string in strings])


REPLICATES: list[tuple[str, tuple[str, ...], dict[str, Any]]] = [
    ("congeneric", ("replicates",), {}),
    ("congeneric_missing", ("listwise",), {}),
    ("congeneric_missing", ("pairwise",), {"missing": "pairwise"}),
    ("scores", ("unweighted",), {}),
    ("scores", ("weighted",), {"weights": "weight"}),
    *(
        ("sites", (kind, site), {"by": "site"})
        for kind in ("by_site", "by_site_cluster")
        for site in ("north", "east", "south", "west")
    ),
    ("sites", ("all_cluster",), {}),
]
REPLICATE_BLOCKS = [Block(*parts) for parts in REPLICATES]


def drawn(block: Block) -> tuple[dict[str, Any], np.ndarray]:
    """Return R's replicates of a block, and how often each row of the file was drawn."""
    file = values(f"bootstrap_{block.data}")
    found = file
    for key in block.path:
        found = found[key]
    if "cluster" not in block.path[0]:
        return found, counts_of(file["counts"])
    wards = survey(block.data)[0]["ward"].to_list()
    place = [file["wards"].index(ward) for ward in wards]
    return found, counts_of(file["ward_counts"])[:, place]


@pytest.mark.parametrize("block", REPLICATE_BLOCKS, ids=str)
def test_copied_rows(block: Block) -> None:
    """A replicate is the coefficient of the rows that were drawn; here each is a group of rows.

    In site north, of 12 persons, many replicates have a constant item or no inverse: those must
    say so, and alpha and lambda2 must be there all the same.
    """
    expected, counts = drawn(block)
    frame, scale = survey(block.data)
    parts = [
        frame[np.repeat(np.arange(frame.height), count)].with_columns(draw=pl.lit(number))
        for number, count in enumerate(counts)
    ]
    copied = pl.concat(parts)
    if block.site is not None:
        copied = copied.filter(site=block.site)
    options = {**block.options, "by": "draw"}
    table = cp.reliability(copied, scale, coefficients=COEFFICIENTS, interval=None, **options).table
    for name in COEFFICIENTS:
        rows = table.filter(coefficient=name)
        np.testing.assert_allclose(
            rows["estimate"].to_numpy(),
            np.array(expected[name], dtype=float),
            rtol=FITTED if name in OMEGAS else EXACT,
        )
        statuses = expected.get(f"{name}_status", [])
        for status, value, note in zip(statuses, *rows.select("estimate", "note"), strict=False):
            assert (status == "heywood") == ("Heywood" in (note or ""))
            assert value is not None or note


@pytest.mark.parametrize("block", REPLICATE_BLOCKS, ids=str)
def test_twin_given_the_same_counts(block: Block) -> None:
    expected, counts = drawn(block)
    x, _, weight = keyed(block)
    if block.site is not None:
        counts = counts[:, (survey(block.data)[0]["site"] == block.site).to_numpy()]
    missing = block.options.get("missing", "listwise")
    for name in COEFFICIENTS:
        found = pure.replicates(x, name, counts, missing, survey_weights=weight)  # type: ignore[arg-type]
        np.testing.assert_allclose(
            found.values,
            np.array(expected[name], dtype=float),
            rtol=FITTED if name in OMEGAS else EXACT,
        )
        if f"{name}_status" in expected:
            assert found.statuses.tolist() == expected[f"{name}_status"]


# Bootstrap intervals: the twin against R's boot, the core against the twin in test_oracle


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("case", ["as_drawn", "with_ties"])
def test_bootstrap_intervals_of_the_twin(case: str, level: str) -> None:
    """``boot.ci``, whose BCa counts ties differently: there R's formula with ties halved."""
    given = values("boot_ci")[case]
    t0, t, a, p = given["t0"], given["t"], given["acceleration"], float(level)
    boot, formula = given["boot"][level], given["by_formula"][level]
    expected = [
        (pure.percentile(t, p), boot["percentile"]),
        (pure.percentile(t, p, "linear"), formula["percentile_linear"]),
        (pure.basic(t0, t, p), boot["basic"]),
        (pure.basic(t0, t, p, "linear"), formula["basic_linear"]),
        (pure.normal(t0, t, p), boot["normal"]),
        (pure.bca(t0, t, a, p), formula["bca_normal"]),
        (pure.bca(t0, t, a, p, "linear"), formula["bca_linear"]),
    ]
    if case == "as_drawn":
        expected.append((pure.bca(t0, t, a, p), boot["bca"]))
    for found, limits in expected:
        np.testing.assert_allclose(found, limits, rtol=EXACT)


def test_quantile_rules_of_the_twin() -> None:
    """``boot:::norm.inter`` and ``quantile(type = 7)``, at the edges too."""
    t = values("boot_ci")["as_drawn"]["t"]
    for given in values("boot_ci")["quantile_rule"]:
        first = t[: given["replicates"]]
        for rule, key in (("normal", "value"), ("linear", "linear")):
            found = [pure.quantile(first, p, rule) for p in given["p"]]  # type: ignore[arg-type]
            np.testing.assert_allclose(found, given[key], rtol=EXACT)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
def test_influence_values_of_the_twin(coefficient: Any) -> None:
    x, _, _ = keyed(Block("attitude", ("listwise",), {}))
    expected = values("attitude")["listwise"]["influence_values"][coefficient]
    np.testing.assert_allclose(pure.influence(x, coefficient), expected, rtol=0, atol=NUMERICAL)


# The random generator


@pytest.mark.parametrize("source", ["published", "computed"])
def test_philox_has_its_known_answers(source: str) -> None:
    known = values("philox")[source]
    assert len(known) > 2
    for answer in known:
        counter, key, output = (
            [int(word, 16) for word in answer[name]] for name in ("counter", "key", "output")
        )
        assert _core.philox4x32(counter, key) == output


def test_every_file_of_values_is_used() -> None:
    used = {block.data for block in BLOCKS}
    used |= {f"bootstrap_{block.data}" for block in REPLICATE_BLOCKS}
    # Quantiles of distributions are asked for inside the core; its own tests hold them to these.
    used |= {"boot_ci", "philox", "distributions"}
    # Those with tests of their own name their file there.
    own = [path.read_text() for path in Path(__file__).parent.glob("test_*.py")]
    values_there_are = {path.stem for path in (FOLDER / "values").glob("*.json")}
    used |= {name for name in values_there_are if any(f'"{name}"' in text for text in own)}
    assert used == values_there_are
