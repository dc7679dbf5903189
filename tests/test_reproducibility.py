"""The same seed gives the same bits, whatever the machine and however the data come."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy import _core
from polars.testing import assert_frame_equal

# Several blocks of rows and several tasks of replicates, of several sites; some answers missing.
SURVEY = cp.simulate_survey(
    sizes=[17_000, 40, 700, 300], items=5, reversed=1, missing=0.02, clusters_per_site=7, seed=12
)
FRAME = SURVEY.frame.with_columns(
    weight=pl.Series(np.random.default_rng(1).uniform(0.5, 2, SURVEY.frame.height)),
    stratum=pl.col("person") % 2,
)
CONTINUOUS = cp.Scale(
    "continuous",
    items=SURVEY.scale.items,
    minimum=SURVEY.scale.minimum,
    maximum=SURVEY.scale.maximum,
    reversed=SURVEY.scale.reversed,
    continuous=True,
)

# Every way that rows take through the core.
WAYS: dict[str, dict[str, Any]] = {
    "small panel": {"coefficients": "alpha"},
    "full panel": {"coefficients": ["alpha", "lambda6", "omega_u"]},
    "pairwise": {"coefficients": ["omega_total", "omega_h"], "missing": "pairwise", "factors": 2},
    "bayesian": {"coefficients": "alpha", "law": "bayesian"},
    "strata": {"coefficients": "alpha", "strata": "stratum"},
    "clusters": {"coefficients": "omega_u", "cluster": "ward"},
    "bayesian clusters": {"coefficients": "omega_u", "cluster": "ward", "law": "bayesian"},
    "weights": {"coefficients": ["alpha", "omega_u"], "weights": "weight"},
    "reals": {"coefficients": ["alpha", "omega_u"], "scale": CONTINUOUS},
    "pairwise reals": {"coefficients": "lambda2", "scale": CONTINUOUS, "missing": "pairwise"},
}


def run(data: Any = FRAME, way: str = "full panel", **changes: Any) -> cp.ReliabilityResult:
    options = {"by": "site", "scale": SURVEY.scale, "law": "multinomial", **WAYS[way], **changes}
    bootstrap = cp.Bootstrap(options.pop("replicates", 70), seed=4, weights=options.pop("law"))
    return cp.reliability(data, options.pop("scale"), interval=bootstrap, **options)


def assert_same_bits(one: cp.ReliabilityResult, other: cp.ReliabilityResult) -> None:
    assert_frame_equal(one.table, other.table, check_exact=True)
    for own, theirs in zip(one.replicate_sets, other.replicate_sets, strict=True):
        np.testing.assert_array_equal(own.values.view(np.uint64), theirs.values.view(np.uint64))
        np.testing.assert_array_equal(own.statuses, theirs.statuses)


def test_another_seed_gives_other_bits() -> None:
    """That the comparisons of this file can fail."""
    one = run()
    other = cp.reliability(
        FRAME, SURVEY.scale, by="site", interval=cp.Bootstrap(70, seed=5), **WAYS["full panel"]
    )
    with pytest.raises(AssertionError):
        assert_same_bits(one, other)


# The machine


@pytest.mark.parametrize("way", WAYS)
def test_threads(way: str) -> None:
    one = run(way=way, threads=1)
    for threads in (2, 7):
        assert_same_bits(run(way=way, threads=threads), one)


@pytest.mark.parametrize("way", WAYS)
def test_instruction_sets(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = _core.simd_levels()
    assert levels[0] == "scalar"
    monkeypatch.setenv("COMPASSION_PSY_SIMD", "scalar")
    scalar = run(way=way)
    for level in levels[1:]:
        monkeypatch.setenv("COMPASSION_PSY_SIMD", level)
        assert_same_bits(run(way=way), scalar)


def test_the_instruction_set_is_really_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPASSION_PSY_SIMD", "abacus")
    with pytest.raises(ValueError, match="abacus"):
        run()


@pytest.mark.parametrize("way", WAYS)
def test_fewer_replicates_are_the_first_of_more(way: str) -> None:
    """Other numbers of replicates are divided into other tasks."""
    few, many = run(way=way, replicates=21), run(way=way, replicates=150)
    np.testing.assert_array_equal(
        few.replicate_sets[0].values, many.replicate_sets[0].values[:, :, :21]
    )


# The data


def in_pieces(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame in chunks of odd lengths."""
    ends = [0, 1, 700, 701, 17_039, frame.height]
    pieces = [frame[first:last] for first, last in pairwise(ends)]
    pieced = pl.concat(pieces, rechunk=False)
    assert pieced.n_chunks() == len(pieces)
    return pieced


def to_pandas(frame: pl.DataFrame) -> Any:
    pytest.importorskip("pandas")
    return frame.to_pandas()


def to_duckdb(frame: pl.DataFrame) -> Any:
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(frame.to_arrow())


FORMS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "chunks": in_pieces,
    "lazy": lambda frame: frame.lazy(),
    "pandas": to_pandas,
    "pyarrow": lambda frame: pytest.importorskip("pyarrow") and frame.to_arrow(),
    "duckdb": to_duckdb,
    "columns in another order": lambda frame: frame.select(reversed(frame.columns)),
    "wider integers": lambda frame: frame.cast(dict.fromkeys(SURVEY.scale.items, pl.Int64)),
    "floats": lambda frame: frame.cast(dict.fromkeys(SURVEY.scale.items, pl.Float64)),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_the_frame(form: str) -> None:
    for way in ("pairwise", "clusters", "weights"):
        assert_same_bits(run(FORMS[form](FRAME), way), run(way=way))


def test_responses_made_before() -> None:
    responses = cp.Responses.from_frame(FRAME, SURVEY.scale, by="site", cluster="ward")
    found = run(responses, by=None, coefficients="omega_u", scale=None)
    assert_same_bits(found, run(way="clusters"))


@pytest.mark.parametrize("way", ["full panel", "pairwise", "clusters", "weights", "reals"])
def test_order_of_groups(way: str) -> None:
    """Sites come in any order, and mixed, as long as the order within each stays."""
    sites = FRAME.partition_by("site")
    backwards = pl.concat(sites[::-1])
    turns = np.random.default_rng(2).permutation(FRAME["site"].to_numpy())
    # A row of the site whose turn it is.
    rank = pl.int_range(pl.len()).over("site")
    mixed = (
        pl.DataFrame({"site": turns})
        .with_columns(rank=rank)
        .join(FRAME.with_columns(rank=rank), on=["site", "rank"], maintain_order="left")
    )
    assert mixed.height == FRAME.height
    for frame in (backwards, mixed):
        assert_same_bits(run(frame, way), run(way=way))


@pytest.mark.parametrize("way", WAYS)
def test_other_sites_change_nothing(way: str) -> None:
    """What a site learns of itself does not depend on who else is in the data."""
    together = run(way=way)
    for number, site in enumerate(together.replicate_sets[0].groups["site"]):
        alone = run(FRAME.filter(site=site), way)
        assert_frame_equal(alone.table, together.table.filter(site=site), check_exact=True)
        np.testing.assert_array_equal(
            alone.replicate_sets[0].values[0], together.replicate_sets[0].values[number]
        )


@pytest.mark.parametrize("missing", ["listwise", "pairwise"])
def test_moments_of_merged_parts(missing: Any) -> None:
    whole = cp.moments(FRAME, SURVEY.scale, missing=missing)
    parts = [
        cp.moments(FRAME[first : first + 777], SURVEY.scale, missing=missing)
        for first in range(0, FRAME.height, 777)
    ]
    total = sum(parts[1:], start=parts[0])
    for name in ("n", "covariance", "correlation", "mean"):
        np.testing.assert_array_equal(getattr(total, name), getattr(whole, name))
    by_site = cp.moments(FRAME, SURVEY.scale, by="site", missing=missing).pooled()
    np.testing.assert_array_equal(by_site.covariance, whole.covariance)


# The streams


@pytest.mark.parametrize("law", ["multinomial", "bayesian"])
def test_every_replicate_and_site_has_its_own_stream(law: Any) -> None:
    """Two sites with the same answers, of which no two resamples are likely to agree."""
    x = np.random.default_rng(3).normal(size=(50, 3)).round(6)
    frame = pl.DataFrame(x, schema=["a", "b", "c"])
    twice = pl.concat([frame.with_columns(site=pl.lit(site)) for site in ("north", "south")])
    scale = cp.Scale("continuous", items=["a", "b", "c"], minimum=-10, maximum=10, continuous=True)
    values = [
        cp.reliability(
            twice,
            scale,
            by="site",
            coefficients="alpha",
            interval=cp.Bootstrap(1000, seed=seed, weights=law),
        )
        .replicate_sets[0]
        .values
        for seed in (0, 1, 2**63, 2**64 - 1)
    ]
    assert np.unique(np.concatenate(values)).size == len(values) * 2 * 1000


GOLDEN_COUNTS = "0011201102010212202012211"
GOLDEN: dict[tuple[str, int], list[float]] = {
    ("multinomial", 25): [
        0.10433950223356736,
        0.4779005524861876,
        0.5079852579852581,
        0.4011764705882353,
    ],
    ("multinomial", 20000): [
        0.4111276853316689,
        0.40713014931888625,
        0.408419799173966,
        0.4147816945561094,
    ],
    ("bayesian", 25): [
        0.5870593653104887,
        0.5686307952180625,
        0.5032260456273051,
        0.33656451884027944,
    ],
    ("bayesian", 20000): [
        0.41765086580045413,
        0.4181644059108926,
        0.41621727027496974,
        0.41588684257568426,
    ],
}


def golden(law: Any, persons: int) -> tuple[str, list[float]]:
    """Return weights of the first replicate, a digit each, and four replicates of alpha."""
    x = np.arange(persons)
    frame = pl.DataFrame({"a": x % 5, "b": x * 7 % 5, "c": (x + x // 4) % 5})
    scale = cp.Scale("golden", items=["a", "b", "c"], minimum=0, maximum=4)
    responses = cp.Responses.from_frame(frame, scale)
    bootstrap = cp.Bootstrap(4, seed=2024, weights=law)
    result = cp.reliability(responses, coefficients="alpha", interval=bootstrap)
    weights = _core.unit_weights(
        responses.answers, responses.design, group=0, replicate=0, seed=2024, weights=law
    )
    digits = "".join(f"{weight:.0f}" for weight in weights)
    return digits, result.replicate_sets[0].values[0, 0].tolist()


def test_the_random_streams_have_not_changed() -> None:
    """Numbers that people have published with a seed must come again with every later version.

    Weights are whole numbers, and alpha takes no more than sums, products and divisions of them,
    so that the values are the same on every machine. A change of the streams is a change of every
    result: where it is meant, it belongs in the change log, and the values here are then those
    that the failure of this test shows.
    """
    assert golden("multinomial", 25)[0] == GOLDEN_COUNTS
    assert {key: golden(*key)[1] for key in GOLDEN} == GOLDEN
