"""Scores, waves and names that are seen rarely: the same numbers, or an error that says why."""

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.effects import effect, moments_of
from compassion_psy.change.framing import RESERVED
from compassion_psy.change.signed_rank import signed_rank
from compassion_psy.errors import DataError, OptionError

FEW = cp.Bootstrap(200, seed=1)
WIDE: dict[str, Any] = {"id": "id", "pre": "{}1", "post": "{}2", "interval": FEW}


def wide(*scores: list[float]) -> pl.DataFrame:
    columns = {f"s{wave}": of for wave, of in enumerate(scores, start=1)}
    return pl.DataFrame({"id": range(len(scores[0])), **columns})


def long(waves: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"id": [*range(8)] * 2, "wave": waves, "s": [*range(8), 3, *range(3, 10)]})


def test_changes_of_large_scores_keep_their_digits() -> None:
    """The mean of changes is not a difference of means, of which little is left."""
    random = np.random.default_rng(4)
    pre, post = random.integers(0, 9, (2, 11)).astype(float)
    near, far = moments_of(pre, post), moments_of(pre + 1e9, post + 1e9)
    for name in ("mean_change", "d_z", "d_av", "smcr"):
        assert float(effect(name, far)) == pytest.approx(float(effect(name, near)), rel=1e-12)


def test_ties_are_ties_in_any_units() -> None:
    random = np.random.default_rng(1)
    for _ in range(50):
        pre, post = random.integers(10, 50, (2, 9))
        whole, tenths = signed_rank((post - pre) / 1, 0.95), signed_rank(post / 10 - pre / 10, 0.95)
        assert (whole.p, whole.zeros) == (tenths.p, tenths.zeros)


def test_bootstrap_limits_of_few_do_not_depend_on_units() -> None:
    """Many replicates of five persons are these five: BCa counts them as half below."""
    random = np.random.default_rng(1)
    limits = pl.col("effect").is_in(["d_av", "smcr"])
    for _ in range(10):
        pre, post = random.integers(10, 50, (2, 5))
        found = [
            cp.change(wide(pre * unit, post * unit), "s", **WIDE).table.filter(limits)
            for unit in (1, 0.1, 7.3)
        ]
        for other in found[1:]:
            for name in ("lower", "upper"):
                assert other[name].to_list() == pytest.approx(found[0][name].to_list(), rel=1e-6)


DAYS = [date(2024, 1, 1)] * 8 + [date(2024, 6, 1)] * 8


@pytest.mark.parametrize(
    ("waves", "pre", "post"),
    [
        (pl.Series([1] * 8 + [2] * 8), 1.0, 2.0),
        (pl.Series([1.0] * 8 + [2.0] * 8), 1.0, "2"),
        (pl.Series([0.5] * 8 + [1.0] * 8), 0.5, 1),
        (pl.Series([1.0] * 8 + [math.inf] * 8), 1, math.inf),
        (pl.Series([1e300] * 8 + [2e300] * 8), 1e300, 2e300),
        (pl.Series(["1"] * 8 + ["2"] * 8).cast(pl.Decimal(4, 1)), 1, Decimal("2.0")),
        (pl.Series(DAYS), date(2024, 1, 1), "2024-06-01"),
        (pl.Series(DAYS).cast(pl.Datetime("ms")), datetime(2024, 1, 1), datetime(2024, 6, 1)),
        (
            pl.Series(DAYS).cast(pl.Datetime("ns", "UTC")),
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 6, 1, tzinfo=UTC),
        ),
        (pl.Series([False] * 8 + [True] * 8), False, True),
        (pl.Series(["a"] * 8 + ["b"] * 8).cast(pl.Categorical), "a", "b"),
    ],
)
def test_waves_are_named_by_their_values(waves: pl.Series, pre: Any, post: Any) -> None:
    found = cp.change(long(waves), "s", id="id", wave="wave", pre=pre, post=post, interval=FEW)
    assert found.table["n"][0] == 8


@pytest.mark.parametrize(
    "values",
    [
        [["a"]] * 16,
        [{"a": 1}] * 16,
        [b"a"] * 16,
        [timedelta(1)] * 16,
        pl.Series([object()] * 16, dtype=pl.Object),
    ],
)
@pytest.mark.parametrize("role", ["wave", "arm", "by"])
def test_kinds_that_name_nothing(values: Any, role: str) -> None:
    frame = long(pl.Series(["a"] * 8 + ["b"] * 8)).with_columns(odd=pl.Series(values))
    asked = {"id": "id", "wave": "wave", "pre": "a", "post": "b"} | {role: "odd"}
    with pytest.raises(DataError, match=r"Column 'odd' holds \w+, but .* recode it"):
        cp.change(frame, "s", **asked)


def test_scores_whose_squares_are_no_numbers() -> None:
    with pytest.raises(DataError, match=r"'s1' holds|Column 's' holds a score of size 1e\+200"):
        cp.change(wide([1e200, 2, 3], [2, 3, 5]), "s", **WIDE)


def test_an_arm_called_as_a_difference_between_arms() -> None:
    frame = wide([*range(9)], [*range(1, 9), 3])
    frame = frame.with_columns(arm=pl.Series(["a", "b", "b - a"] * 3))
    with pytest.raises(DataError, match="an arm 'b - a', as results call the difference"):
        cp.change(frame, "s", arm="arm", control="a", **WIDE)


def test_every_column_of_results_is_reserved() -> None:
    simulated = cp.simulate_pilot(nurses=8, control=8, seed=1)
    found = cp.change(
        simulated.frame, simulated.scales["self_compassion"], id="person", wave="wave", pre="pre",
        post="post", arm="arm", interval=FEW,
    )  # fmt: skip
    frames = ("table", "tests", "persons", "detectable", "dropout", "trajectories", "journal")
    for name in (*frames, "reliability", "reliability_tests"):
        assert set(getattr(found, name).columns) - {"person"} <= RESERVED, name


@pytest.mark.parametrize("name", ["variance", "cutoff", "difference", "se", "groups", "len"])
def test_groups_named_as_columns_of_results(name: str) -> None:
    frame = wide([1, 2, 4], [2, 3, 5]).with_columns(pl.lit("a").alias(name))
    with pytest.raises(OptionError, match=f"by names the column '{name}', but results have"):
        cp.change(frame, "s", by=name, **WIDE)


def test_an_interval_that_is_none() -> None:
    with pytest.raises(OptionError, match="'exact', but it must be a Bootstrap, or 'analytic'"):
        cp.change(wide([1, 2, 4], [2, 3, 5]), "s", **WIDE | {"interval": "exact"})


def test_why_an_effect_that_is_shown_is_not_there() -> None:
    wards = wide([1.0, 2], [2.0, 4]).with_columns(ward=pl.Series(["a", "b"]))
    alone = cp.change(wards, "s", by="ward", **WIDE)
    assert (
        "mean_change, g_av: one person: a change, and no spread to measure it with (4 rows)."
        in str(alone)
    )
    alike = cp.change(wide([1.0, 2], [2.0, 3]), "s", **WIDE | {"interval": "analytic"})
    assert "mean_change: all changes are 1: no standard error." in str(alike)
    few = cp.change(wide([1.0, 1], [2.0, 5]), "s", **WIDE).table
    notes = dict(few.select("effect", "note").iter_rows())
    # g_z divides by no SD of a wave.
    assert "J(1), is 0" in notes["g_z"]
    assert "first wave" in notes["smcr"]
