"""What holds for every set of answers."""

import tempfile
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference_data import COEFFICIENTS

# Sums in another order.
SAME = 1e-11
LARGEST = 4
CLOSED_FORMS = ("alpha", "alpha_std", "lambda2", "lambda6")
ARRAYS = ("persons", "weight", "counts", "sums", "squares", "products")


quickly = settings(max_examples=40, deadline=2000, derandomize=True)


def scale(items: int, minimum: int = 0, **more: Any) -> cp.Scale:
    names = [f"q{number}" for number in range(items)]
    return cp.Scale("scale", items=names, minimum=minimum, maximum=minimum + LARGEST, **more)


def frame(x: np.ndarray) -> pl.DataFrame:
    """Return answers as a frame; -1 is no answer."""
    columns = {f"q{number}": column for number, column in enumerate(x.T)}
    return pl.DataFrame(columns).with_columns(pl.all().replace(-1, None))


@st.composite
def answers(draw: st.DrawFn, *, missing: bool = False, persons: int = 4) -> np.ndarray:
    """Return persons × items answers from 0 to 4."""
    n = draw(st.integers(persons, 30))
    k = draw(st.integers(2, 5))
    x: np.ndarray = draw(arrays(np.int64, (n, k), elements=st.integers(0, LARGEST)))
    if missing:
        x[draw(arrays(np.bool_, (n, k), elements=st.booleans(), fill=st.just(False)))] = -1
    return x


@st.composite
def varied(draw: st.DrawFn) -> np.ndarray:
    """Return complete answers for which every coefficient in closed form exists."""
    x = draw(answers(persons=8))
    c = np.cov(x.T)
    assume((np.diag(c) > 0).all() and c.sum() > 0)
    # Well away from singular, so that rounding stays rounding.
    assume(np.linalg.eigvalsh(c / np.sqrt(np.outer(np.diag(c), np.diag(c))))[0] > 1e-2)
    return x


def estimates(data: pl.DataFrame, of: cp.Scale, **options: Any) -> np.ndarray:
    options = {"coefficients": CLOSED_FORMS, "interval": None, **options}
    return cp.reliability(data, of, **options).table["estimate"].to_numpy()


def assert_equal(one: cp.Moments, other: cp.Moments) -> None:
    assert one.groups.equals(other.groups)
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


# Coefficients


@quickly
@given(x=varied(), data=st.data())
def test_order_of_items_and_persons_does_not_matter(x: np.ndarray, data: st.DataObject) -> None:
    before = estimates(frame(x), scale(x.shape[1]))
    items = data.draw(st.permutations(range(x.shape[1])))
    persons = data.draw(st.permutations(range(x.shape[0])))
    after = estimates(frame(x[:, items][persons]), scale(x.shape[1]))
    np.testing.assert_allclose(after, before, rtol=SAME, atol=SAME)


@quickly
@given(x=varied(), shift=st.integers(-1000, 1000))
def test_a_shifted_range_changes_nothing(x: np.ndarray, shift: int) -> None:
    k = x.shape[1]
    before = estimates(frame(x), scale(k))
    after = estimates(frame(x).select(pl.all() + shift), scale(k, shift))
    np.testing.assert_array_equal(after, before)


@quickly
@given(x=varied(), data=st.data())
def test_a_reversed_item_that_is_declared_changes_nothing(
    x: np.ndarray, data: st.DataObject
) -> None:
    k = x.shape[1]
    turned = data.draw(st.lists(st.integers(0, k - 1), unique=True))
    worded = x.copy()
    worded[:, turned] = LARGEST - x[:, turned]
    declared = scale(k, reversed=[f"q{number}" for number in turned])
    np.testing.assert_array_equal(estimates(frame(worded), declared), estimates(frame(x), scale(k)))
    # Where it is not declared, or declared of another item, the covariances change their sign.
    if turned:
        covariance = cp.moments(frame(worded), scale(k)).covariance
        signs = np.where(np.isin(np.arange(k), turned), -1, 1)
        expected = cp.moments(frame(x), scale(k)).covariance * np.outer(signs, signs)
        np.testing.assert_allclose(covariance, expected, rtol=SAME, atol=SAME)


@quickly
@given(x=varied())
def test_lambda2_is_at_least_alpha(x: np.ndarray) -> None:
    """Guttman (1945): by the inequality of Cauchy and Schwarz."""
    alpha, _, lambda2, _ = estimates(frame(x), scale(x.shape[1]))
    assert lambda2 >= alpha - SAME


@quickly
@given(x=varied(), times=st.integers(2, 4))
def test_repeated_persons_change_the_divisor_alone(x: np.ndarray, times: int) -> None:
    n, k = x.shape
    once, often = frame(x), frame(np.repeat(x, times, axis=0))
    np.testing.assert_allclose(
        cp.moments(often, scale(k)).covariance * (times * n - 1),
        cp.moments(once, scale(k)).covariance * (n - 1) * times,
        rtol=SAME,
        atol=SAME,
    )
    np.testing.assert_allclose(
        estimates(often, scale(k)), estimates(once, scale(k)), rtol=SAME, atol=SAME
    )


@quickly
@given(x=varied(), data=st.data())
def test_survey_weights_are_shares(x: np.ndarray, data: st.DataObject) -> None:
    """Only their ratios count; a whole weight is as many persons, but for the divisor."""
    n, k = x.shape
    w = data.draw(arrays(np.int64, n, elements=st.integers(1, 5)))
    weighted = frame(x).with_columns(w=pl.Series(w))
    found = estimates(weighted, scale(k), weights="w")
    scaled = weighted.with_columns(pl.col("w") * 0.37)
    again = estimates(scaled, scale(k), weights="w")
    np.testing.assert_allclose(again, found, rtol=1e-9, atol=SAME)
    copied = estimates(frame(np.repeat(x, w, axis=0)), scale(k))
    np.testing.assert_allclose(found, copied, rtol=1e-9, atol=SAME)


@quickly
@given(x=varied())
def test_pairwise_is_listwise_where_nothing_is_missing(x: np.ndarray) -> None:
    k = x.shape[1]
    np.testing.assert_allclose(
        estimates(frame(x), scale(k), missing="pairwise"),
        estimates(frame(x), scale(k)),
        rtol=SAME,
        atol=SAME,
    )
    by_pairs = cp.moments(frame(x), scale(k), missing="pairwise")
    by_list = cp.moments(frame(x), scale(k))
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(by_pairs, name), getattr(by_list, name))


@pytest.mark.parametrize(
    "coefficient",
    [
        "alpha",
        "alpha_std",
        "lambda2",
        "lambda6",
        "omega_u",
        "omega_total",
    ],
)
def test_pairwise_errors_are_listwise_errors_where_nothing_is_missing(coefficient: str) -> None:
    survey = cp.simulate_survey(sizes=[100, 300], items=6, seed=8)
    listwise, pairwise = (
        cp.reliability(
            survey.frame,
            survey.scale,
            by="site",
            cluster="ward",
            coefficients=coefficient,
            interval=None,
            missing=missing,
        ).table["se"]
        for missing in ("listwise", "pairwise")
    )
    np.testing.assert_allclose(pairwise, listwise, rtol=SAME)


@quickly
@given(x=varied(), seed=st.integers(0, 2**64 - 1))
def test_coefficients_asked_for_together_are_those_asked_for_alone(
    x: np.ndarray, seed: int
) -> None:
    """Alone, alpha takes the smaller set of sums."""
    k = x.shape[1]
    bootstrap = cp.Bootstrap(20, method="percentile", seed=seed)
    together = cp.reliability(frame(x), scale(k), coefficients=CLOSED_FORMS, interval=bootstrap)
    for at, name in enumerate(CLOSED_FORMS):
        alone = cp.reliability(frame(x), scale(k), coefficients=name, interval=bootstrap)
        np.testing.assert_allclose(
            alone.replicate_sets[0].values[0, 0],
            together.replicate_sets[0].values[0, at],
            rtol=1e-9,
            atol=SAME,
        )


@quickly
@given(x=varied(), seed=st.integers(0, 2**64 - 1), level=st.floats(0.5, 0.99))
def test_limits_lie_among_the_replicates(x: np.ndarray, seed: int, level: float) -> None:
    bootstrap = cp.Bootstrap(50, method="percentile", seed=seed)
    result = cp.reliability(
        frame(x), scale(x.shape[1]), coefficients="alpha", interval=bootstrap, level=level
    )
    row = result.table.row(0, named=True)
    values = result.replicate_sets[0].values[0, 0]
    assert np.nanmin(values) <= row["lower"] <= row["upper"] <= np.nanmax(values)


@quickly
@given(x=varied(), data=st.data())
def test_missing_codes_are_missing_answers(x: np.ndarray, data: st.DataObject) -> None:
    k = x.shape[1]
    holes = data.draw(arrays(np.bool_, x.shape, elements=st.booleans(), fill=st.just(False)))
    coded = frame(np.where(holes, 9, x))
    one = cp.moments(coded, scale(k), missing="pairwise", missing_codes=[9])
    assert_equal(one, cp.moments(frame(np.where(holes, -1, x)), scale(k), missing="pairwise"))


@pytest.mark.parametrize("seed", range(3))
def test_order_of_items_does_not_matter_to_omega(seed: int) -> None:
    """Fits end where they should; few persons can have several minima, 300 do not."""
    survey = cp.simulate_survey(persons=300, items=7, seed=seed)
    before = estimates(survey.frame, survey.scale, coefficients=COEFFICIENTS)
    shuffled = cp.Scale(
        "shuffled",
        items=np.random.default_rng(seed).permutation(survey.scale.items).tolist(),
        minimum=1,
        maximum=5,
    )
    after = estimates(survey.frame, shuffled, coefficients=COEFFICIENTS)
    np.testing.assert_allclose(after, before, rtol=SAME)


# Moments


@st.composite
def three_sites(draw: st.DrawFn) -> tuple[cp.Scale, list[pl.DataFrame]]:
    """Return a scale and the answers of three sites, some of them missing."""
    x = draw(answers(missing=True))
    ends = sorted(draw(st.tuples(*[st.integers(1, len(x) - 1)] * 2)))
    assume(ends[0] < ends[1])
    parts = np.split(x, ends)
    sites = [frame(part).with_columns(site=pl.lit(f"s{at}")) for at, part in enumerate(parts)]
    return scale(x.shape[1]), sites


@quickly
@given(given_sites=three_sites(), missing=st.sampled_from(["listwise", "pairwise"]))
def test_merging_is_associative_and_commutative(
    given_sites: tuple[cp.Scale, list[pl.DataFrame]], missing: Any
) -> None:
    of, sites = given_sites
    a, b, c = (cp.moments(site, of, missing=missing) for site in sites)
    whole = cp.moments(pl.concat(sites), of, missing=missing)
    for total in ((a + b) + c, a + (b + c), c + a + b):
        assert_equal(total, whole)
    assert_equal(whole - c, a + b)
    assert_equal((a + b) - b, a)


@quickly
@given(given_sites=three_sites(), missing=st.sampled_from(["listwise", "pairwise"]))
def test_sites_pooled_are_the_whole(
    given_sites: tuple[cp.Scale, list[pl.DataFrame]], missing: Any
) -> None:
    of, sites = given_sites
    data = pl.concat(sites)
    by_site = cp.moments(data, of, by="site", missing=missing)
    assert_equal(by_site.pooled(), cp.moments(data, of, missing=missing))
    # Each is what the site would have made itself; those of other sites add a row to the table.
    alone = [cp.moments(site, of, by="site", missing=missing) for site in sites]
    assert_equal(alone[2] + alone[0] + alone[1], by_site)


@quickly
@given(given_sites=three_sites(), missing=st.sampled_from(["listwise", "pairwise"]))
def test_a_written_file_reads_as_it_was(
    given_sites: tuple[cp.Scale, list[pl.DataFrame]], missing: Any
) -> None:
    of, sites = given_sites
    moments = cp.moments(pl.concat(sites), of, by="site", missing=missing)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "moments.parquet"
        moments.write(path)
        back = cp.Moments.read(path)
    assert (back.scale, back.missing) == (moments.scale, moments.missing)
    assert_equal(back, moments)
