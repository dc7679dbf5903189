"""Number of factors against R, closed forms, hand-made examples and brute force."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core
from compassion_psy.retention_rules import empirical_references, hull, leading
from reference_data import values

# Eigenvalues and means of powers of numbers below one.
CLOSED = 1e-10
# Standard errors that a mean of random numbers may be away: one in two million.
SIGMAS = 5.0
NAMES = ("three", "two_factor", "congeneric", "attitude")


def block(name: str) -> dict[str, Any]:
    found: dict[str, Any] = values("retention")["numbers"][name]
    return found


def found_of(name: str, **options: Any) -> cp.NumberOfFactors:
    given = block(name)
    matrix = np.array(given["correlation"])
    return cp.number_of_factors(matrix, n=given["n"], **{"draws": 50, "seed": 1, **options})


def factors_of(found: cp.NumberOfFactors) -> dict[str, int | None]:
    return dict(found.table.select("criterion", "factors").iter_rows())


def simulated(
    loadings: np.ndarray, persons: int, seed: int, categories: int = 7
) -> tuple[pl.DataFrame, cp.Scale]:
    """Return answers to items on uncorrelated factors."""
    draw = np.random.default_rng(seed)
    items, factors = loadings.shape
    own = np.sqrt(1 - (loadings**2).sum(axis=1))
    latent = draw.normal(size=(persons, factors)) @ loadings.T
    latent += own * draw.normal(size=(persons, items))
    middle = (categories + 1) / 2
    codes = np.clip(np.rint(middle + 1.3 * latent), 1, categories).astype(int)
    names = [f"q{j + 1}" for j in range(items)]
    scale = cp.Scale("simulated", items=names, minimum=1, maximum=categories)
    return pl.DataFrame(codes, schema=names), scale


THREE = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.75], [0.65], [0.7]]))


@pytest.mark.parametrize("name", NAMES)
def test_observed_eigenvalues_are_rs(name: str) -> None:
    frame = found_of(name).eigenvalues
    for kind in ("components", "factors"):
        observed = frame.filter(type=kind)["observed"]
        np.testing.assert_allclose(observed, block(name)[kind], atol=CLOSED, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_partial_correlations_are_psychs(name: str) -> None:
    found, expected = found_of(name), block(name)["map"]
    squares = found.partials["squares"].to_numpy()
    # psych begins with one component taken out. When one is left all correlate 1, but for rounding.
    last = len(squares) - 1
    np.testing.assert_allclose(squares[1:last], expected[: last - 1], atol=CLOSED, rtol=0)
    assert factors_of(found)["map"] == int(np.argmin(squares))


def test_partial_correlations_by_the_formula() -> None:
    matrix = np.array(block("three")["correlation"])
    lambdas, vectors = np.linalg.eigh(matrix)
    lambdas, vectors = lambdas[::-1], vectors[:, ::-1]
    found = found_of("three")
    below = np.tril_indices(len(matrix), -1)
    for taken in range(len(matrix) - 1):
        part = vectors[:, :taken] * np.sqrt(lambdas[:taken])
        left = matrix - part @ part.T
        partial = (left / np.sqrt(np.outer(np.diag(left), np.diag(left))))[below]
        row = found.partials.row(taken, named=True)
        assert row["squares"] == pytest.approx((partial**2).mean(), abs=CLOSED)
        assert row["fourth_powers"] == pytest.approx((partial**4).mean(), abs=CLOSED)
    fourth_powers = found.partials["fourth_powers"].to_numpy()
    assert factors_of(found)["map_fourth"] == int(np.argmin(fourth_powers))


def test_empirical_kaiser_by_the_formula() -> None:
    observed = np.array([3.0, 1.6, 0.9, 0.3, 0.2])
    found = empirical_references(observed, 125)
    # (1 + sqrt(5 / 125))² = 1.44; shares 5/5, 2/4, 0.4/3, ...
    np.testing.assert_allclose(found, [1.44, 1.0, 1.0, 1.0, 1.0], atol=CLOSED)
    np.testing.assert_allclose(
        empirical_references(np.array([1.5, 1.4, 0.6, 0.5]), 4), [4, 10 / 3, 2.2, 2], atol=CLOSED
    )
    assert leading(observed, found) == 2


def test_hull_by_hand() -> None:
    # Parameters spent: 0, 4, 7, 9, 10. Three factors fit worse than two and are out; one lies below
    # the line from none to two (0.3 < 0.8 · 4/7), so none, two and four are left.
    fit = np.array([0.0, 0.3, 0.8, 0.79, 0.83])
    on_hull, bends = hull(fit, np.array([10, 6, 3, 1, 0]))
    assert on_hull.tolist() == [True, False, True, False, True]
    assert bends[2] == pytest.approx((0.8 / 7) / (0.03 / 3), abs=CLOSED)
    assert np.isnan(bends[[0, 1, 3, 4]]).all()


def test_taking_out_goes_on_until_none_is_below() -> None:
    # Two is below the line from one to three; when it is out, one is below that from none to three.
    on_hull, _ = hull(np.array([0.0, 0.19, 0.25, 0.6, 0.61]), np.array([4, 3, 2, 1, 0]))
    assert on_hull.tolist() == [True, False, False, True, True]


def test_values_without_fit_are_left_out_of_the_hull() -> None:
    on_hull, bends = hull(np.array([0.0, np.nan, 0.8, 0.9]), np.array([9, 5, 2, 0]))
    assert on_hull.tolist() == [True, False, True, True]
    assert bends[2] == pytest.approx((0.8 / 7) / (0.1 / 2), abs=CLOSED)


def test_common_part_is_one_minus_sampling_adequacy() -> None:
    found = found_of("three")
    matrix = np.array(block("three")["correlation"])
    inverse = np.linalg.inv(matrix)
    partial = inverse / np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    below = np.tril_indices(len(matrix), -1)
    squares, others = (matrix[below] ** 2).sum(), (partial[below] ** 2).sum()
    caf = found.hull.filter(fit="caf")
    assert caf["value"][0] == pytest.approx(1 - squares / (squares + others), abs=CLOSED)
    cfi = found.hull.filter(fit="cfi")
    assert cfi["value"][0] == 0
    exact = cp.efa(matrix, n_factors=3, n=300, rotation=None).fit
    assert cfi.filter(factors=3)["value"].item() == pytest.approx(exact.cfi, abs=CLOSED)
    assert cfi["df"].to_list() == [36, 27, 19, 12, 6][: cfi.height]


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_a_known_structure_is_found(method: Any) -> None:
    frame, scale = simulated(THREE, 800, 3)
    found = cp.number_of_factors(frame, scale, draws=200, seed=1, method=method)
    counts = factors_of(found)
    # Eigenvalues of factors may take one too many. CAF is largest where nothing common is left: as
    # only one factor more is looked at, it has no bend.
    loose = {name for name in counts if name.startswith("parallel_factors")}
    assert all((counts.pop(name) or 0) >= 3 for name in loose)
    assert counts.pop("hull_caf") is None
    assert found.hull.filter(fit="caf").sort("value")["factors"][-1] == 3
    assert set(counts.values()) == {3}


def test_items_with_nothing_in_common_have_no_factor() -> None:
    frame, scale = simulated(np.zeros((10, 1)), 1000, 4)
    counts = factors_of(cp.number_of_factors(frame, scale, draws=400, seed=1))
    assert counts["parallel_components_normal_percentile"] == 0
    assert counts["parallel_components_permuted_percentile"] == 0
    assert counts["empirical_kaiser"] == 0
    assert counts["map"] == 0


@pytest.mark.parametrize(("persons", "items"), [(40, 6), (5, 8), (3, 3), (2, 4), (9, 8)])
def test_normal_eigenvalues_follow_the_law_of_rows(persons: int, items: int) -> None:
    draws = 20_000
    drawn = _core.normal_eigenvalues(persons=persons, items=items, draws=draws, seed=1)
    found = drawn["components"]
    rows = np.random.default_rng(1).normal(size=(draws, persons, items))
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.sqrt((rows**2).sum(axis=1, keepdims=True))
    brute = np.linalg.eigvalsh(np.swapaxes(rows, 1, 2) @ rows)[:, ::-1]
    for power in (1, 2):
        a, b = found**power, brute**power
        error = np.sqrt((a.var(axis=0) + b.var(axis=0)) / draws)
        # What has no variance at all is equal but for rounding.
        assert np.all(np.abs(a.mean(axis=0) - b.mean(axis=0)) <= SIGMAS * error + 1e-12)
    np.testing.assert_allclose(found.sum(axis=1), items, atol=1e-12)
    rank = min(persons - 1, items)
    assert np.abs(found[:, rank:]).max(initial=0) < 1e-12


def permuted(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Return the answers of each item in another order, missing ones staying where they are."""
    draw = np.random.default_rng(seed)
    columns = {}
    for name in frame.columns:
        values = frame[name].to_numpy().astype(float).copy()
        answered = ~np.isnan(values)
        values[answered] = draw.permutation(values[answered])
        columns[name] = values
    return pl.DataFrame(columns, nan_to_null=True)


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("continuous", [False, True])
def test_permuted_eigenvalues_follow_the_law_of_shuffled_answers(
    missing: Any, continuous: bool
) -> None:
    frame, scale = simulated(THREE[:6, :2], 60, 5, categories=3)
    scale = cp.Scale("s", items=scale.items, minimum=1, maximum=3, continuous=continuous)
    if missing == "pairwise":
        frame = frame.with_columns(q1=pl.when(pl.int_range(60) % 4 > 0).then("q1"))
    draws = 2000
    found = cp.number_of_factors(frame, scale, missing=missing, draws=draws, seed=1)
    rows = found.eigenvalues.filter(type="components", random="permuted")
    brute = []
    for seed in range(draws):
        drawn = permuted(frame, seed)
        moments = cp.moments(drawn.cast(pl.Float64), scale, missing=missing)
        brute.append(np.linalg.eigvalsh(moments.correlation)[::-1])
    error = np.std(brute, axis=0) * np.sqrt(2 / draws)
    gap = np.abs(rows["mean"].to_numpy() - np.mean(brute, axis=0))
    assert np.all(gap <= SIGMAS * error)


def test_polychoric_correlations_are_compared_with_those_of_permuted_answers() -> None:
    frame, scale = simulated(THREE[[0, 1, 2, 5, 6, 7], :2], 150, 6, categories=4)
    draws = 200
    found = cp.number_of_factors(frame, scale, correlation="polychoric", draws=draws, seed=1)
    matrix = cp.polychoric(frame, scale).matrix()
    rows = found.eigenvalues.filter(type="components")
    assert set(rows["random"]) == {"permuted"}
    np.testing.assert_allclose(
        rows["observed"], np.linalg.eigvalsh(matrix)[::-1], atol=CLOSED, rtol=0
    )
    brute = [
        np.linalg.eigvalsh(cp.polychoric(permuted(frame, seed), scale).matrix())[::-1]
        for seed in range(draws)
    ]
    error = np.std(brute, axis=0) * np.sqrt(2 / draws)
    gap = np.abs(rows["mean"].to_numpy() - np.mean(brute, axis=0))
    assert np.all(gap <= SIGMAS * error)
    counts = factors_of(found)
    assert counts["parallel_components_permuted_percentile"] == 2
    assert counts["parallel_components_normal_mean"] is None


def test_the_percentile_is_not_the_mean() -> None:
    # psych::fa.parallel(R, fa = "fa") draws its 95 % curve through the means.
    given = block("two_factor")
    found = found_of("two_factor", draws=300, seed=9)
    drawn = _core.normal_eigenvalues(persons=given["n"], items=10, draws=300, seed=9)
    for kind in ("components", "factors"):
        rows = found.eigenvalues.filter(type=kind, random="normal")
        expected = np.quantile(drawn[kind], 0.95, axis=0)  # type: ignore[literal-required]
        np.testing.assert_array_equal(rows["percentile"], expected)
        np.testing.assert_array_equal(
            rows["mean"],
            drawn[kind].mean(axis=0),  # type: ignore[literal-required]
        )
        assert (rows["percentile"] > rows["mean"] + 0.01).sum() >= 9


def test_the_same_seed_gives_the_same_bits_on_any_threads() -> None:
    frame, scale = simulated(THREE, 300, 7)
    options: dict[str, Any] = {"draws": 60, "seed": 5}
    first = cp.number_of_factors(frame, scale, threads=1, **options)
    for threads in (2, 3):
        other = cp.number_of_factors(frame, scale, threads=threads, **options)
        assert other.eigenvalues.equals(first.eigenvalues)
        assert other.table.equals(first.table)
    other = cp.number_of_factors(frame, scale, draws=60, seed=6)
    assert not other.eigenvalues.equals(first.eigenvalues)


def test_inputs_agree() -> None:
    frame, scale = simulated(THREE, 300, 7)
    options: dict[str, Any] = {"draws": 20, "seed": 5}
    rows = cp.number_of_factors(frame, scale, **options)
    responses = cp.number_of_factors(cp.Responses.from_frame(frame, scale), **options)
    assert responses.eigenvalues.equals(rows.eigenvalues)
    moments = cp.moments(frame, scale)
    from_moments = cp.number_of_factors(moments, **options)
    matrix = cp.number_of_factors(moments.correlation, n=300, **options)
    for other in (from_moments, matrix):
        normal = rows.eigenvalues.filter(random="normal")
        assert other.eigenvalues.equals(normal)
        assert factors_of(other)["parallel_components_permuted_mean"] is None
    without = factors_of(cp.number_of_factors(moments.correlation, **options))
    answered = {name for name, factors in without.items() if factors is not None}
    assert answered - {"hull_caf"} == {"map", "map_fourth", "kaiser"}


def test_progress_counts_all_draws_and_may_stop() -> None:
    frame, scale = simulated(THREE, 300, 7)
    seen: list[tuple[int, int]] = []
    cp.number_of_factors(
        frame, scale, draws=50, seed=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (100, 100)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cp.number_of_factors(frame, scale, draws=100_000, seed=1, progress=stop)


def test_the_result_says_what_it_is_about() -> None:
    frame, scale = simulated(THREE, 300, 7)
    frame = frame.with_columns(q1=pl.when(pl.int_range(300) > 3).then("q1"))
    found = cp.number_of_factors(frame, scale, draws=20, seed=5)
    text = str(found)
    assert "n = 296" in text
    assert "4 persons with missing answers were left out." in text
    assert "20 sets of normal and permuted data each; 95th percentile; seed 5." in text
    assert "<table" in found._repr_html_()
    assert found.to_frame() is found.table


def test_two_items_have_no_hull() -> None:
    matrix = np.array([[1, 0.5], [0.5, 1]])
    found = cp.number_of_factors(matrix, n=100, draws=20, seed=1)
    counts = factors_of(found)
    assert counts["hull_caf"] is None
    assert counts["kaiser"] == 1
    assert found.hull.height == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"correlation": "spearman"}, "correlation"),
        ({"missing": "em"}, "missing"),
        ({"method": "pca"}, "method"),
        ({"draws": 0}, "draws is 0"),
        ({"percentile": 100}, "percentile is 100"),
        ({"percentile": True}, "percentile is True"),
        ({"seed": -1}, "seed is -1"),
        ({"threads": 0}, "threads is 0"),
        ({"n": 100}, "n is given"),
        ({"progress": 3}, "progress is 3"),
    ],
)
def test_options_outside_their_limits(options: dict[str, Any], words: str) -> None:
    frame, scale = simulated(THREE, 100, 7)
    with pytest.raises(cp.OptionError, match=words):
        cp.number_of_factors(frame, scale, **options)


def test_data_that_cannot_be_used() -> None:
    frame, scale = simulated(THREE, 100, 7)
    with pytest.raises(cp.DataError, match="'q2'"):
        cp.number_of_factors(frame.with_columns(q2=pl.lit(3)), scale)
    with pytest.raises(cp.DataError, match="'q1' and 'q2'"):
        cp.number_of_factors(frame.with_columns(q2="q1"), scale)
    with pytest.raises(cp.OptionError, match="Scale"):
        cp.number_of_factors(frame)
    with pytest.raises(cp.OptionError, match="no answers"):
        cp.number_of_factors(np.eye(3), correlation="polychoric")
    weighted = frame.with_columns(w=pl.lit(1.5))
    with pytest.raises(cp.OptionError, match="weights"):
        cp.number_of_factors(cp.Responses.from_frame(weighted, scale, weights="w"))
    singular = frame.with_columns(q3=4 + pl.col("q1") - pl.col("q2"))
    wide = cp.Scale("wide", items=scale.items, minimum=-9, maximum=19)
    with pytest.raises(cp.DataError, match="no inverse"):
        cp.number_of_factors(singular, wide, method="ml", draws=5)
    counts = factors_of(cp.number_of_factors(singular, wide, draws=5, seed=1))
    assert counts["hull_cfi"] is None
