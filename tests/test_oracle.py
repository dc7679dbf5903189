"""The compiled core against the plain NumPy twin, given the same resampling weights."""

from functools import cache
from typing import Any, NamedTuple

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core, pure
from compassion_psy.pure.coefficients import (
    MATRIX,
    omega_total_of_fit,
    omega_u_observed_of_fit,
    omega_u_of_fit,
)
from compassion_psy.reliability_definitions import DEFINITIONS, ORDINAL
from compassion_psy.results import STATUSES, ReplicateSet

# The ordinal ones are in test_ordinal.py: they are of categories alone.
COEFFICIENTS = tuple(name for name in DEFINITIONS if name not in ORDINAL)
OMEGAS = ("omega_u", "omega_u_observed", "omega_total")

# The same numbers in another order of operations; 3e-12 was measured, in an omega near its bound.
SAME = 1e-10
# The twin differentiates numerically, to about 1e-10.
NUMERICAL = 1e-8
# factor_analyzer stops its optimiser early; see the twin's own test.
FACTOR_ANALYZER = 5e-6

REPLICATES = 8
SEED = 20

DESIGNS: dict[str, dict[str, Any]] = {
    "rows": {},
    "strata": {"strata": "stratum"},
    "clusters": {"cluster": "ward"},
    "clusters in strata": {"cluster": "ward", "strata": "stratum"},
    "weights": {"weights": "weight"},
    "weights and clusters": {"weights": "weight", "cluster": "ward"},
}


@cache
def survey(kind: str) -> tuple[pl.DataFrame, cp.Scale]:
    """Return answers of two sites: codes, or reals of the same shape; some are missing."""
    simulated = cp.simulate_survey(sizes=[150, 200], items=5, reversed=1, missing=0.03, seed=5)
    frame, scale = simulated.frame, simulated.scale
    rng = np.random.default_rng(6)
    frame = frame.with_columns(
        weight=pl.Series(rng.uniform(0.5, 3, frame.height)),
        stratum=pl.Series(rng.choice(["day", "night"], frame.height)),
    )
    if kind == "codes":
        return frame, scale
    jitter = rng.uniform(-0.9, 0.9, (scale.n_items, frame.height))
    moved = [pl.col(item) + pl.Series(by) for item, by in zip(scale.items, jitter, strict=True)]
    real = cp.Scale(
        "real",
        items=scale.items,
        minimum=0,
        maximum=6,
        reversed=scale.reversed,
        continuous=True,
    )
    return frame.with_columns(moved), real


class Group(NamedTuple):
    """What the twin takes of one group."""

    x: np.ndarray
    clusters: np.ndarray | None
    strata: np.ndarray | None
    survey_weights: np.ndarray | None
    missing: str
    used: cp.Responses
    number: int

    def weights(self, replicate: int, seed: int, law: str) -> np.ndarray:
        """Return the weights that the core gives these rows, adding up to their number."""
        weights = _core.unit_weights(
            self.used.answers,
            self.used.design,
            group=self.number,
            replicate=replicate,
            seed=seed,
            weights=law,
        )
        if self.clusters is not None:
            weights = weights[self.clusters]
        # A cluster bootstrap draws more or fewer rows; Dirichlet weights have no scale.
        return weights * len(weights) / weights.sum() if law == "bayesian" else weights

    def start(self, coefficient: str) -> np.ndarray | None:
        """Return where fits of replicates begin: at the estimate."""
        if coefficient not in OMEGAS:
            return None
        fit = pure.one_factor_minres if coefficient == "omega_total" else pure.one_factor_ml
        return fit(self.matrix(coefficient)).uniquenesses

    def matrix(self, coefficient: Any, weights: np.ndarray | None = None) -> np.ndarray:
        """Return the matrix that the coefficient is taken from."""
        on_covariances = MATRIX[coefficient] == "covariance"
        compute: Any = pure.covariance if on_covariances else pure.correlation
        found: np.ndarray = compute(
            self.x, weights, self.missing, survey_weights=self.survey_weights
        )
        return found

    @property
    def design(self) -> dict[str, Any]:
        """What the twin's standard error takes."""
        return {
            "clusters": self.clusters,
            "strata": self.strata,
            "survey_weights": self.survey_weights,
            "missing": self.missing,
        }


def groups_of(responses: cp.Responses, missing: str) -> list[Group]:
    used, _ = responses.usable(missing)
    x = used.answers.T.astype(float)
    if used.answers.dtype == np.uint8:
        x[used.answers.T == 255] = np.nan

    def labels(starts: np.ndarray | None, rows: slice) -> np.ndarray | None:
        if starts is None:
            return None
        found = np.repeat(np.arange(len(starts) - 1), np.diff(starts))[rows]
        return np.asarray(found - found[0])

    groups = []
    for number, (first, last) in enumerate(
        zip(used.group_starts[:-1], used.group_starts[1:], strict=True)
    ):
        rows = slice(first, last)
        groups.append(
            Group(
                x[rows],
                labels(used.cluster_starts, rows),
                labels(used.stratum_starts, rows),
                None if used.weights is None else used.weights[rows],
                missing,
                used,
                number,
            )
        )
    return groups


def analysed(responses: cp.Responses, **options: Any) -> tuple[cp.ReliabilityResult, ReplicateSet]:
    result = cp.reliability(responses, **{"coefficients": COEFFICIENTS, **options})
    return result, result.replicate_sets[0]


def words(codes: np.ndarray) -> list[str]:
    return [STATUSES[code] for code in codes]


# Replicates


@pytest.mark.parametrize("law", ["multinomial", "bayesian"])
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["codes", "reals"])
def test_replicates(kind: str, design: str, missing: Any, law: Any) -> None:
    if law == "bayesian" and "strata" in DESIGNS[design]:
        with pytest.raises(cp.OptionError, match="strata"):
            cp.reliability(
                *survey(kind), **DESIGNS[design], interval=cp.Bootstrap(REPLICATES, weights=law)
            )
        return
    responses = cp.Responses.from_frame(*survey(kind), by="site", **DESIGNS[design])
    bootstrap = cp.Bootstrap(REPLICATES, seed=SEED, weights=law)
    _, found = analysed(responses, missing=missing, interval=bootstrap)
    for group in groups_of(responses, missing):
        weights = np.array([group.weights(b, SEED, law) for b in range(REPLICATES)])
        for at, name in enumerate(COEFFICIENTS):
            twin = pure.replicates(
                group.x,
                name,  # type: ignore[arg-type]
                weights,
                missing,
                survey_weights=group.survey_weights,
                start=group.start(name),
            )
            own = found.values[group.number, at]
            np.testing.assert_allclose(own, twin.values, rtol=SAME)
            assert words(found.statuses[group.number, at]) == twin.statuses.tolist()


@pytest.mark.parametrize(
    ("design", "law"),
    [
        ("rows", "multinomial"),
        ("rows", "bayesian"),
        ("strata", "multinomial"),
        ("clusters", "multinomial"),
        ("clusters", "bayesian"),
    ],
)
def test_replicates_of_many_blocks(design: str, law: Any) -> None:
    """Weights are drawn in blocks of some thousand units; here are several, the last ones short."""
    simulated = cp.simulate_survey(persons=21_000, items=3, seed=9)
    frame = simulated.frame.with_columns(
        # A stratum of several blocks and one of part of a block; 21,000 wards of one person.
        stratum=pl.int_range(pl.len()) < 20_500,
        ward=pl.int_range(pl.len()),
    )
    responses = cp.Responses.from_frame(frame, simulated.scale, **DESIGNS[design])
    bootstrap = cp.Bootstrap(3, seed=SEED, weights=law)
    _, found = analysed(responses, interval=bootstrap, coefficients=["alpha", "lambda6"])
    (group,) = groups_of(responses, "listwise")
    weights = np.array([group.weights(b, SEED, law) for b in range(3)])
    for at, name in enumerate(("alpha", "lambda6")):
        twin = pure.replicates(group.x, name, weights)  # type: ignore[arg-type]
        np.testing.assert_allclose(found.values[0, at], twin.values, rtol=SAME)


class Fit(NamedTuple):
    """An omega, and what the twin's fit behind it minimised."""

    value: float
    discrepancy: float


def fit_of(matrix: np.ndarray, coefficient: str, start: np.ndarray | None) -> Fit:
    """Return the twin's omega of a matrix, from the start given."""
    if coefficient == "omega_u":
        fit = pure.one_factor_ml(matrix, start)
        return Fit(omega_u_of_fit(fit), fit.discrepancy)
    if coefficient == "omega_u_observed":
        fit = pure.one_factor_ml(matrix, start)
        return Fit(omega_u_observed_of_fit(fit, float(matrix.sum())), fit.discrepancy)
    fit = pure.one_factor_minres(matrix, start)
    return Fit(omega_total_of_fit(fit, float(matrix.sum())), fit.discrepancy)


def nearest_minimum(matrix: np.ndarray, coefficient: str, value: float) -> Fit:
    """Return that one of the minima the twin finds from many starts whose omega is nearest."""
    k = len(matrix)
    shares = [np.full(k, 0.5), *(np.where(np.arange(k) == j, 0.005, 0.6) for j in range(k))]
    shares += list(np.random.default_rng(1).uniform(0.005, 1, (30, k)))
    fits = [fit_of(matrix, coefficient, share * np.diag(matrix)) for share in shares]
    return min(fits, key=lambda fit: abs(fit.value - value))


@pytest.mark.parametrize("coefficient", ["omega_u", "omega_total"])
def test_fits_of_replicates_end_low(coefficient: str) -> None:
    """With weak items a replicate can have several minima.

    The twin goes down from the estimate. Where the core ends elsewhere, that is another minimum,
    and a lower one but for one replicate in a hundred at most.
    """
    sites, n_replicates = 4, 150
    simulated = cp.simulate_survey(sizes=[100] * sites, loadings=[0.3, 0.4, 0.5, 0.6, 0.7], seed=3)
    responses = cp.Responses.from_frame(simulated.frame, simulated.scale, by="site")
    bootstrap = cp.Bootstrap(n_replicates, seed=SEED)
    _, found = analysed(responses, coefficients=coefficient, interval=bootstrap)
    higher = 0
    for group in groups_of(responses, "listwise"):
        start = group.start(coefficient)
        for b, value in enumerate(found.values[group.number, 0]):
            matrix = group.matrix(coefficient, group.weights(b, SEED, "multinomial"))
            near = fit_of(matrix, coefficient, start)
            if value == pytest.approx(near.value, rel=SAME):
                continue
            other = nearest_minimum(matrix, coefficient, value)
            assert value == pytest.approx(other.value, rel=SAME)
            higher += other.discrepancy > near.discrepancy
    assert higher <= 0.01 * sites * n_replicates


def test_replicates_of_few_persons() -> None:
    """With 12 to 20 persons many replicates have no fit, and many that have one have others.

    Statuses without a value agree without exception.
    """
    simulated = cp.simulate_survey(sizes=[12, 14, 16, 20], items=5, minimum=1, maximum=3, seed=3)
    # At the first site one person alone answers the first item otherwise.
    frame = simulated.frame.with_columns(
        item_1=pl.when(pl.col("person") > 12).then("item_1").otherwise(1 + (pl.col("person") == 1))
    )
    responses = cp.Responses.from_frame(frame, simulated.scale, by="site")
    n_replicates = 25
    _, found = analysed(responses, interval=cp.Bootstrap(n_replicates, seed=SEED))
    elsewhere = total = 0
    seen = set()
    for group in groups_of(responses, "listwise"):
        weights = np.array([group.weights(b, SEED, "multinomial") for b in range(n_replicates)])
        for at, name in enumerate(COEFFICIENTS):
            twin = pure.replicates(group.x, name, weights, start=group.start(name))  # type: ignore[arg-type]
            statuses = words(found.statuses[group.number, at])
            seen |= set(statuses)
            for b, value in enumerate(found.values[group.number, at]):
                if np.isnan(value):
                    assert statuses[b] == twin.statuses[b]
                    continue
                total += 1
                if value == pytest.approx(twin.values[b], rel=SAME):
                    assert statuses[b] == twin.statuses[b]
                    continue
                elsewhere += 1
                assert name in OMEGAS
                other = nearest_minimum(group.matrix(name, weights[b]), name, value)
                assert value == pytest.approx(other.value, rel=SAME)
    assert elsewhere < 0.05 * total
    assert seen == {"ok", "heywood", "not_positive_definite", "constant_item"}


# Intervals and standard errors from the replicates


@pytest.mark.parametrize("law", ["multinomial", "bayesian"])
@pytest.mark.parametrize("rule", ["normal", "linear"])
@pytest.mark.parametrize("method", ["bca", "percentile", "basic", "normal"])
def test_intervals_from_replicates(method: Any, rule: Any, law: Any) -> None:
    """Read off the same replicates, of clusters in strata, some of them without a value."""
    frame, scale = survey("codes")
    small = frame.filter(pl.col("site") == "S1").head(40).with_columns(site=pl.lit("small"))
    strata = "stratum" if law == "multinomial" else None
    responses = cp.Responses.from_frame(
        pl.concat([frame, small]), scale, by="site", cluster="ward", strata=strata
    )
    # Of 190, no limit falls on a replicate.
    bootstrap = cp.Bootstrap(190, method=method, seed=SEED, weights=law, quantile_rule=rule)
    result, found = analysed(
        responses, coefficients=["alpha", "omega_total"], interval=bootstrap, level=0.9
    )
    for group in groups_of(responses, "listwise"):
        for at, name in enumerate(("alpha", "omega_total")):
            row = result.table.row(2 * group.number + at, named=True)
            t, t0 = found.values[group.number, at], row["estimate"]
            if method == "bca":
                influence = pure.influence(group.x, name)  # type: ignore[arg-type]
                a = pure.acceleration(influence, clusters=group.clusters, strata=group.strata)
                limits = pure.bca(t0, t, a, 0.9, rule)
            elif method == "normal":
                limits = pure.normal(t0, t, 0.9)
            elif method == "basic":
                limits = pure.basic(t0, t, 0.9, rule)
            else:
                limits = pure.percentile(t, 0.9, rule)
            tolerance = NUMERICAL if method == "bca" and name in OMEGAS else SAME
            assert (row["lower"], row["upper"]) == pytest.approx(tuple(limits), abs=tolerance)
            assert row["se"] == pytest.approx(np.nanstd(t, ddof=1), rel=SAME)
            assert row["failed"] == np.isnan(t).sum()


def test_ties_with_the_estimate_count_half_in_bca() -> None:
    """Yes and no answers of few persons: some resamples have exactly the estimate."""
    rng = np.random.default_rng(5)
    x = (0.5 * rng.random((14, 1)) + rng.random((14, 3)) > 0.75).astype(int)
    scale = cp.Scale("scale", items=["a", "b", "c"], minimum=0, maximum=1)
    responses = cp.Responses.from_frame(pl.DataFrame(x, schema=scale.items), scale)
    bootstrap = cp.Bootstrap(999, seed=SEED)
    result, found = analysed(responses, coefficients="alpha", interval=bootstrap, level=0.8)
    row = result.table.row(0, named=True)
    t, t0 = found.values[0, 0], row["estimate"]
    a = pure.acceleration(pure.influence(x, "alpha"))
    limits = (row["lower"], row["upper"])
    assert limits == pytest.approx(tuple(pure.bca(t0, t, a, 0.8)), abs=SAME)
    # That it can fail: had ties counted as below the estimate, or as above, limits would be others.
    for moved in (np.nextafter(t0, 1), np.nextafter(t0, -1)):
        assert tuple(pure.bca(moved, t, a, 0.8)) != pytest.approx(limits, abs=1e-3)


def test_replicates_without_a_value_take_no_part_in_intervals() -> None:
    simulated = cp.simulate_survey(persons=10, items=5, seed=4)
    responses = cp.Responses.from_frame(simulated.frame, simulated.scale)
    bootstrap = cp.Bootstrap(200, method="percentile", seed=SEED)
    result, found = analysed(responses, coefficients="lambda6", interval=bootstrap)
    row = result.table.row(0, named=True)
    t = found.values[0, 0]
    assert 10 < row["failed"] == np.isnan(t).sum() < 190
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(pure.percentile(t)), abs=SAME)
    assert row["se"] == pytest.approx(np.nanstd(t, ddof=1), rel=SAME)


@pytest.mark.parametrize("coefficient", COEFFICIENTS)
@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["codes", "reals"])
def test_influence_errors(kind: str, design: str, missing: Any, coefficient: Any) -> None:
    responses = cp.Responses.from_frame(*survey(kind), by="site", **DESIGNS[design])
    table = cp.reliability(
        responses, coefficients=coefficient, missing=missing, interval="adf"
    ).table
    for group, row in zip(groups_of(responses, missing), table.rows(named=True), strict=True):
        expected = pure.standard_error(group.x, coefficient, **group.design)
        assert row["se"] == pytest.approx(expected, rel=NUMERICAL)
        reach = 1.959963984540054 * row["se"]
        limits = (row["estimate"] - reach, row["estimate"] + reach)
        assert (row["lower"], row["upper"]) == pytest.approx(limits, rel=SAME)


def test_strata_keep_their_shares() -> None:
    """A small stratum far from the other: its share is fixed, and no source of error."""
    rng = np.random.default_rng(1)
    stratum = np.repeat([0, 1], [40, 360])
    level = 2.5 * stratum + 0.6 * rng.normal(size=400)
    x = np.clip(np.round(1.75 + level[:, None] + rng.normal(size=(400, 5))), 1, 5).astype(int)
    scale = cp.Scale("scale", items=list("abcde"), minimum=1, maximum=5)
    frame = pl.DataFrame(x, schema=scale.items).with_columns(stratum=pl.Series(stratum))
    n_replicates = 4000

    def error(strata: str | None, interval: Any) -> float:
        table = cp.reliability(
            frame, scale, strata=strata, coefficients="alpha", interval=interval
        ).table
        return float(table["se"][0])

    assert error(None, "adf") > 1.3 * error("stratum", "adf")
    bootstrap = cp.Bootstrap(n_replicates, seed=SEED)
    # Three errors of a standard deviation of so many replicates, and what is not linear in alpha.
    tolerance = 3 / np.sqrt(2 * n_replicates) + 0.02
    for strata in (None, "stratum"):
        assert error(strata, bootstrap) == pytest.approx(error(strata, "adf"), rel=tolerance)


def test_adf_interval_of_alpha_is_the_twins() -> None:
    frame, scale = survey("codes")
    row = cp.reliability(
        frame, scale, cluster="ward", coefficients="alpha", interval="adf", level=0.8
    ).table.row(0, named=True)
    (group,) = groups_of(cp.Responses.from_frame(frame, scale, cluster="ward"), "listwise")
    expected = pure.adf(group.x, 0.8, clusters=group.clusters)
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(expected), rel=NUMERICAL)


# A third opinion


@pytest.mark.parametrize("kind", ["codes", "reals"])
def test_factor_analyzer_agrees(kind: str) -> None:
    pytest.importorskip("factor_analyzer")
    responses = cp.Responses.from_frame(*survey(kind), by="site")
    table = cp.reliability(responses, coefficients=["omega_u", "omega_total"], interval=None).table
    for group in groups_of(responses, "listwise"):
        omega_u, omega_total = table["estimate"][2 * group.number :][:2]
        theirs = pure.omega_u_factor_analyzer(group.x)
        assert omega_u == pytest.approx(theirs, abs=FACTOR_ANALYZER)
        theirs = pure.omega_total_factor_analyzer(group.x)
        assert omega_total == pytest.approx(theirs, abs=FACTOR_ANALYZER)
