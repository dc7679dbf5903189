"""Intervals of loadings against brute force, lavaan and simulation."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core
from compassion_psy.factors_bootstrap import intervals
from reference_data import FOLDER, survey, values

# Replicates stop at a slope of 1e-8, efa at 1e-11; their distance is that over the least curvature.
BRUTE = 1e-5
# Derivatives of both sides are central differences: the squares of steps of 1e-4 and 1e-2, over n.
INFLUENCE = 1e-5
ITEMS = [f"item{j}" for j in range(1, 11)]
TWO = cp.Scale("two", items=ITEMS, minimum=1, maximum=7)


def data() -> pl.DataFrame:
    return pl.read_csv(FOLDER / "data" / "two_factor.csv")


def solved(**options: Any) -> cp.FactorSolution:
    given = {"n_factors": 2, "seed": 1, "interval": cp.Bootstrap(60, seed=3), **options}
    return cp.efa(data(), TWO, **given)


def array(solution: cp.FactorSolution) -> np.ndarray:
    return solution.loadings.drop("item").to_numpy()


def aligned(solution: cp.FactorSolution, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return loadings and factor correlations, factors in the order and signs of others."""
    found = cp.congruence(array(solution), like).matches
    order = [int(name[1:]) - 1 for name in found["match"]]
    signs = found["sign"].to_numpy().astype(float)
    phi = solution.phi[np.ix_(order, order)] * np.outer(signs, signs)
    return array(solution)[:, order] * signs, phi


@pytest.mark.parametrize("method", ["minres", "ml", "principal_axis", "components"])
@pytest.mark.parametrize("rotation", ["oblimin", "varimax", "promax", "geomin", "quartimax", None])
def test_replicates_are_efa_of_the_same_rows(method: Any, rotation: Any) -> None:
    if rotation not in ("oblimin", "varimax") and method != "minres":
        pytest.skip("each method and each rotation once")
    found = solved(
        method=method, rotation=rotation, interval=cp.Bootstrap(6, seed=3, method="percentile")
    )
    assert found.replicates is not None
    responses = cp.Responses.from_frame(data(), TWO)
    for replicate in range(6):
        counts = _core.unit_weights(
            responses.answers,
            responses.design,
            group=0,
            replicate=replicate,
            seed=3,
            weights="multinomial",
        )
        drawn = data()[np.repeat(np.arange(250), counts.astype(int))]
        again = cp.efa(drawn, TWO, n_factors=2, seed=1, method=method, rotation=rotation)
        loadings, phi = aligned(again, array(found))
        np.testing.assert_allclose(found.replicates.loadings[replicate], loadings, atol=BRUTE)
        np.testing.assert_allclose(found.replicates.phi[replicate], phi, atol=BRUTE)


def test_clusters_are_drawn_whole() -> None:
    clustered = data().with_columns(ward=pl.int_range(250) // 10)
    options: dict[str, Any] = {"n_factors": 2, "seed": 1, "cluster": "ward"}
    interval = cp.Bootstrap(4, seed=3, method="percentile")
    found = cp.efa(clustered, TWO, interval=interval, **options)
    assert found.replicates is not None
    responses = cp.Responses.from_frame(clustered, TWO, cluster="ward")
    counts = _core.unit_weights(
        responses.answers, responses.design, group=0, replicate=2, seed=3, weights="multinomial"
    )
    assert len(counts) == 25
    rows = np.repeat(np.arange(250), np.repeat(counts.astype(int), 10))
    again = cp.efa(data()[rows], TWO, n_factors=2, seed=1)
    loadings, _ = aligned(again, array(found))
    np.testing.assert_allclose(found.replicates.loadings[2], loadings, atol=BRUTE)


def test_limits_are_quantiles_of_the_replicates() -> None:
    options = cp.Bootstrap(200, seed=3, method="percentile", quantile_rule="linear")
    found = solved(interval=options, level=0.9)
    assert found.replicates is not None
    assert found.intervals is not None
    assert found.phi_intervals is not None
    flat = found.replicates.loadings.reshape(200, 20)
    for name, share in (("lower", 0.05), ("upper", 0.95)):
        expected = np.quantile(flat, share, axis=0)
        np.testing.assert_allclose(found.intervals[name], expected, atol=1e-12)
        phi = np.quantile(found.replicates.phi[:, 0, 1], share)
        assert found.phi_intervals[name].item() == pytest.approx(phi, abs=1e-12)
    np.testing.assert_allclose(found.intervals["se"], flat.std(axis=0, ddof=1), atol=1e-12)
    np.testing.assert_array_equal(found.intervals["loading"], array(found).ravel())
    assert found.intervals["item"].to_list()[:4] == ["item1", "item1", "item2", "item2"]
    assert found.intervals["factor"].to_list()[:3] == ["F1", "F2", "F1"]


def influences(**options: Any) -> tuple[cp.FactorSolution, np.ndarray, np.ndarray]:
    found = cp.efa(data(), TWO, n_factors=2, seed=1, **options)
    responses = cp.Responses.from_frame(data(), TWO)
    given = {
        "extraction": found.method,
        "rotation": found.rotation,
        "gamma": found.gamma or 0.0,
        "kaiser": bool(found.kaiser),
        "loadings": array(found),
        "uniquenesses": found.uniquenesses["uniqueness"].to_numpy(),
    }
    errors, accelerations = _core.loading_influences(
        responses.answers, responses.design, pairwise=False, solution=given
    )
    return found, errors, accelerations


@pytest.mark.parametrize("options", [{"method": "ml"}, {"rotation": "promax"}])
def test_influences_are_the_slopes_in_the_weight_of_each_person(options: dict[str, Any]) -> None:
    found, errors, accelerations = influences(**options)
    answers = data().select(ITEMS).to_numpy().astype(float)
    persons, step = len(answers), 1e-2

    def weighted(weights: np.ndarray) -> np.ndarray:
        shares = weights / weights.sum()
        centred = answers - shares @ answers
        covariance = (centred * shares[:, None]).T @ centred
        scale = np.sqrt(np.diag(covariance))
        matrix = covariance / np.outer(scale, scale)
        loadings, phi = aligned(
            cp.efa(matrix, n_factors=2, seed=1, starts=0, **options), array(found)
        )
        return np.append(loadings.ravel(), phi[0, 1])

    slopes = []
    for person in range(persons):
        unit = np.eye(persons)[person] * step
        slopes.append((weighted(1 + unit) - weighted(1 - unit)) / (2 * step) * persons)
    influence = np.array(slopes)
    squares = (influence**2).sum(axis=0)
    np.testing.assert_allclose(
        errors, np.sqrt(squares * persons / (persons - 1)) / persons, rtol=INFLUENCE
    )
    skew = (influence**3).sum(axis=0) / (6 * squares**1.5)
    np.testing.assert_allclose(accelerations, skew, atol=INFLUENCE)


def test_standard_errors_are_near_lavaans() -> None:
    # lavaan's robust ones of standardised loadings, by its own derivatives: 0.5 % is usual, one
    # near zero differs by 4 %; lavaan's choices of information differ among themselves by 3 %.
    found, errors, _ = influences(method="ml")
    block = values("retention")["loadings"]
    theirs = np.array(block["se"]).reshape(2, 10).T
    estimate = np.array(block["estimate"]).reshape(2, 10).T
    np.testing.assert_allclose(array(found), estimate, atol=1e-4)
    ratio = errors[:20].reshape(10, 2) / theirs
    assert np.abs(ratio - 1).max() < 0.05
    assert np.median(np.abs(ratio - 1)) < 0.005
    assert errors[20] == pytest.approx(block["phi_se"], rel=0.03)
    bootstrapped = solved(method="ml", interval=cp.Bootstrap(1000, seed=1))
    assert bootstrapped.intervals is not None
    spread = bootstrapped.intervals["se"].to_numpy() / errors[:20]
    # A standard deviation of 1,000 replicates is good to 2 %, and grows with order 1/n.
    assert np.abs(spread - 1).max() < 0.15
    assert np.abs(spread.mean() - 1) < 0.05


def test_bca_takes_the_accelerations() -> None:
    found = solved(interval=cp.Bootstrap(400, seed=3))
    _, _, accelerations = influences()
    assert found.accelerations is not None
    np.testing.assert_allclose(found.accelerations, accelerations, atol=1e-12)
    plain = solved(interval=cp.Bootstrap(400, seed=3, method="percentile"))
    assert found.intervals is not None
    assert plain.intervals is not None
    assert not np.allclose(found.intervals["lower"], plain.intervals["lower"], atol=1e-4)
    np.testing.assert_array_equal(found.intervals["se"], plain.intervals["se"])


def test_heywood_replicates_are_counted_and_can_be_left_out() -> None:
    frame, scale = survey("near_heywood")
    found = cp.efa(
        frame,
        scale,
        n_factors=2,
        seed=1,
        interval=cp.Bootstrap(200, seed=3, method="percentile"),
    )
    assert found.replicates is not None
    counts = dict(found.replicates.status_counts().iter_rows())
    assert counts["heywood"] > 20
    assert counts["factor_switched"] > 20
    assert set(counts) == {
        *("ok", "heywood", "factor_switched"),
        *("not_converged", "not_positive_definite", "constant_item"),
    }
    failed = counts["not_converged"] + counts["not_positive_definite"] + counts["constant_item"]
    empty = np.isnan(found.replicates.loadings).any(axis=(1, 2))
    assert empty.sum() == failed
    assert any("(heywood; values kept)" in note for note in found.notes)
    without, phi = intervals(found, without=["heywood", "factor_switched"])
    statuses = found.replicates.statuses
    kept = ~(statuses["heywood"] | statuses["factor_switched"]) & ~empty
    expected = found.replicates.loadings[kept].std(axis=0, ddof=1).ravel()
    np.testing.assert_allclose(without["se"], expected, atol=1e-12)
    assert phi.height == 1
    every, _ = intervals(found)
    assert found.intervals is not None
    assert every.equals(found.intervals)


def test_a_switched_factor_is_one_whose_congruence_is_low() -> None:
    frame, scale = survey("near_heywood")
    found = cp.efa(
        frame, scale, n_factors=2, seed=1, interval=cp.Bootstrap(100, seed=3, method="percentile")
    )
    assert found.replicates is not None
    estimate = array(found)
    for loadings, switched, empty in zip(
        found.replicates.loadings,
        found.replicates.statuses["factor_switched"],
        np.isnan(found.replicates.loadings).any(axis=(1, 2)),
        strict=True,
    ):
        if empty:
            continue
        lengths = np.sqrt(np.outer((loadings**2).sum(axis=0), (estimate**2).sum(axis=0)))
        phi = np.abs(loadings.T @ estimate / lengths)
        own = np.diag(phi)
        assert switched == bool((own < 0.85).any() or (phi.max(axis=0) > own).any())


def test_the_same_seed_gives_the_same_bits_on_any_threads() -> None:
    first, second = solved(threads=1), solved(threads=3)
    assert first.replicates is not None
    assert second.replicates is not None
    np.testing.assert_array_equal(first.replicates.loadings, second.replicates.loadings)
    assert first.intervals is not None
    assert first.intervals.equals(second.intervals)


def test_pairwise_answers_one_factor_and_reals() -> None:
    frame = data().with_columns(item1=pl.when(pl.int_range(250) % 9 > 0).then("item1"))
    interval = cp.Bootstrap(30, seed=1)
    pairwise = cp.efa(frame, TWO, n_factors=2, missing="pairwise", seed=1, interval=interval)
    assert pairwise.intervals is not None
    assert pairwise.intervals.null_count().sum_horizontal().item() == 0
    reals = cp.Scale("two", items=ITEMS, minimum=1, maximum=7, continuous=True)
    floats = cp.efa(data().cast(pl.Float64), reals, n_factors=1, interval=interval)
    codes = cp.efa(data(), TWO, n_factors=1, interval=interval)
    assert codes.intervals is not None
    assert codes.phi_intervals is not None
    assert codes.phi_intervals.height == 0
    assert floats.intervals is not None
    np.testing.assert_allclose(floats.intervals["lower"], codes.intervals["lower"], atol=1e-8)


def test_the_result_shows_its_intervals() -> None:
    found = solved()
    text = str(found)
    assert "Intervals of loadings" in text
    assert "Intervals of factor correlations" in text
    assert "95 % intervals: bca of 60 replicates; seed 3." in text
    assert "Intervals of loadings" in found._repr_html_()
    assert "Intervals" not in str(cp.efa(data(), TWO, n_factors=2, seed=1))


def test_progress_may_stop_the_replicates() -> None:
    def stop(done: int, total: int) -> None:
        assert total == 1_000_000
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        solved(interval=cp.Bootstrap(1_000_000, seed=1), progress=stop)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"interval": "bca"}, "must be a Bootstrap"),
        ({"level": 1.0}, "level is 1.0"),
        ({"interval": None, "cluster": "person"}, "cluster is given"),
        ({"interval": cp.Bootstrap(9, weights="bayesian"), "strata": "person"}, "Dirichlet"),
    ],
)
def test_options_outside_their_limits(given: dict[str, Any], words: str) -> None:
    with pytest.raises(cp.OptionError, match=words):
        solved(**given)


def test_what_has_no_rows_has_no_intervals() -> None:
    moments = cp.moments(data(), TWO)
    for without_rows in (moments, moments.correlation):
        with pytest.raises(cp.OptionError, match="no rows to resample"):
            cp.efa(without_rows, n_factors=2, interval=cp.Bootstrap(9))
    with pytest.raises(cp.OptionError, match="no replicates"):
        intervals(cp.efa(moments, n_factors=2))
    with pytest.raises(cp.OptionError, match="without"):
        intervals(solved(), without=["not_converged"])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["percentile", "bca"])
def test_intervals_cover(method: Any) -> None:
    draw = np.random.default_rng(11)
    pattern = np.array([[0.8, 0], [0.7, 0.2], [0.6, 0], [0, 0.7], [0.1, 0.6], [0, 0.5]])
    phi = np.array([[1, 0.3], [0.3, 1]])
    matrix = pattern @ phi @ pattern.T
    np.fill_diagonal(matrix, 1)
    # The truth is what the same rotation makes of the population.
    truth = cp.efa(matrix, n_factors=2, method="ml", seed=1)
    names = [f"q{j}" for j in range(6)]
    scale = cp.Scale("q", items=names, minimum=-9, maximum=9, continuous=True)
    samples, hits, count = 400, np.zeros(12), 0
    root = np.linalg.cholesky(matrix)
    for sample in range(samples):
        rows = np.clip(draw.normal(size=(300, 6)) @ root.T, -9, 9)
        found = cp.efa(
            pl.DataFrame(rows, schema=names),
            scale,
            n_factors=2,
            method="ml",
            seed=1,
            interval=cp.Bootstrap(400, seed=sample, method=method),
        )
        expected, _ = aligned(truth, array(found))
        assert found.intervals is not None
        lower, upper = found.intervals["lower"].to_numpy(), found.intervals["upper"].to_numpy()
        hits += (lower <= expected.ravel()) & (expected.ravel() <= upper)
        count += 1
    coverage = hits / count
    # Five standard errors of one coverage, and 1.5 % that 300 persons and 400 replicates may cost.
    assert coverage.min() > 0.95 - 0.015 - 5 * np.sqrt(0.95 * 0.05 / samples)
    assert 0.93 < coverage.mean() < 0.97
