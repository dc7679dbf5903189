"""Acceptability against R, brute force and closed forms."""

import itertools
import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.change.permutation import EXACT_TO, SAMPLED, permutation_p
from compassion_psy.change.proportions import INTERVALS
from reference_data import values

CLOSED = 1e-10


@pytest.mark.parametrize("of", values("pilot")["proportions"], ids=str)
@pytest.mark.parametrize("interval", ["exact", "wilson"])
def test_proportions_as_in_r(of: dict[str, Any], interval: str) -> None:
    found = cp.acceptability(
        recruited=of["n"], started=of["count"], interval=interval, level=of["level"]
    )
    row = found.table.row(0, named=True)
    assert (row["measure"], row["of"], row["interval"]) == ("started", "recruited", interval)
    assert row["estimate"] == of["count"] / of["n"]
    expected = pytest.approx(of[interval], rel=CLOSED, abs=1e-15)
    assert [row["lower"], row["upper"]] == expected


@pytest.mark.parametrize("n", [1, 2, 7, 12, 40])
def test_exact_limits_leave_half_of_what_is_left_on_each_side(n: int) -> None:
    for count in range(n + 1):
        low, high = INTERVALS["exact"](count, n, 0.9)
        if count:
            tail = sum(math.comb(n, k) * low**k * (1 - low) ** (n - k) for k in range(count, n + 1))
            assert tail == pytest.approx(0.05, rel=1e-9)
        if count < n:
            tail = sum(math.comb(n, k) * high**k * (1 - high) ** (n - k) for k in range(count + 1))
            assert tail == pytest.approx(0.05, rel=1e-9)


def test_coverage_is_at_least_or_about_what_it_says() -> None:
    """Summed over all samples, not simulated: exact never below, Wilson near on average."""
    n, level = 12, 0.95
    shares = np.linspace(0.005, 0.995, 397)
    counts = np.arange(n + 1)
    weight = np.array([math.comb(n, k) for k in counts])
    chance = weight * shares[:, None] ** counts * (1 - shares[:, None]) ** (n - counts)
    covered = {}
    for name, limits in INTERVALS.items():
        ends = np.array([limits(int(k), n, level) for k in counts])
        inside = (ends[:, 0] <= shares[:, None]) & (shares[:, None] <= ends[:, 1])
        covered[name] = (chance * inside).sum(axis=1)
    assert covered["exact"].min() >= level
    assert 0.94 < covered["wilson"].mean() < 0.965
    assert covered["wilson"].mean() < covered["exact"].mean()


DOSE = values("pilot")["dose"]


def test_slope_as_in_r() -> None:
    frame = pl.DataFrame({"practice": DOSE["practice"], "change": DOSE["change"]})
    found = cp.acceptability(frame, invited=20, practice="practice", change="change")
    row = found.doses.row(0, named=True)
    assert row["slope"] == pytest.approx(DOSE["slope"], rel=CLOSED)
    assert [row["lower"], row["upper"]] == pytest.approx(DOSE["interval"], rel=CLOSED)
    assert row["r"] == pytest.approx(DOSE["r"], rel=CLOSED)
    assert row["test"] == "exact permutation"
    amount = found.amounts.row(0, named=True)
    assert amount["mean"] == pytest.approx(60, abs=1e-12)
    assert amount["median"] == 60
    assert (amount["lowest"], amount["highest"]) == (0, 150)


def brute_force(x: np.ndarray, y: np.ndarray) -> float:
    x, y = x - x.mean(), y - y.mean()
    observed = abs(x @ y)
    orders = np.array(list(itertools.permutations(y)))
    return float((np.abs(orders @ x) >= observed - 1e-9).mean())


@pytest.mark.parametrize("n", [3, 4, 7, 8])
@pytest.mark.parametrize("whole", [True, False])
def test_permutations_met_in_the_middle_are_all_permutations(n: int, *, whole: bool) -> None:
    generator = np.random.default_rng(n)
    for _ in range(5):
        x, y = generator.normal(size=(2, n))
        if whole:  # with ties
            x, y = np.round(x), np.round(2 * y)
            if np.ptp(x) == 0 or np.ptp(y) == 0:
                continue
        p, how = permutation_p(x, y, seed=1)
        assert how == "exact permutation"
        assert p == pytest.approx(brute_force(x, y), abs=1e-12)


def test_no_slope_and_the_steepest() -> None:
    x = np.arange(4.0)
    assert permutation_p(x, np.array([1.0, 0.0, 0.0, 1.0]), 1)[0] == 1
    assert permutation_p(x, x, 1)[0] == pytest.approx(2 / 24)


def test_drawn_orders_agree_with_all_orders() -> None:
    generator = np.random.default_rng(2)
    x, y = generator.normal(size=(2, EXACT_TO + 1))
    p, how = permutation_p(x, y + 0.4 * x, seed=3)
    assert how == f"permutation, {SAMPLED:,} drawn"
    assert p == permutation_p(x, y + 0.4 * x, seed=3)[0]
    # For normal scores of 15 persons the t test's p is within 0.02.
    from scipy import stats

    assert p == pytest.approx(stats.pearsonr(x, y + 0.4 * x).pvalue, abs=0.02)
    first = cp.acceptability({"s": x, "c": y}, invited=99, sessions="s", change="c", seed=5).doses[
        "p"
    ]
    assert first.item() == cp.acceptability(
        {"s": x, "c": y}, invited=99, sessions="s", change="c", seed=5
    ).doses["p"].item()  # fmt: skip


PERSONS = pl.DataFrame(
    {
        "started": [True, True, True, False, None, True],
        "completed": [True, False, None, False, None, True],
        "sessions": [8, 2, 5, 0, None, 7],
        "practice": [60.0, None, 30.0, None, None, 90.0],
        "liked": [5, None, None, None, None, 4],
        "change": [4.0, None, 1.0, 9.0, 9.0, 6.0],
    }
)


def test_steps_count_whom_they_say() -> None:
    found = cp.acceptability(
        PERSONS, invited=9, started="started", completed="completed", sessions="sessions",
        practice="practice", satisfaction=["liked"], change=["change"],
    )  # fmt: skip
    steps = found.table.select("measure", "of", "count", "n", "n_missing").rows()
    assert steps == [
        ("recruited", "invited", 6, 9, 0),
        ("started", "recruited", 4, 5, 1),
        # Of 4 who started one is not known to have completed, and of one it is not known whether
        # they started.
        ("completed", "started", 2, 3, 2),
        ("completed", "recruited", 2, 4, 2),
    ]
    amounts = found.amounts.select("measure", "n", "n_missing", "mean").rows()
    assert amounts == [("sessions", 4, 0, 5.5), ("practice", 3, 1, 60.0), ("liked", 2, 2, 4.5)]
    assert found.doses.select("dose", "n", "n_missing").rows() == [
        ("sessions", 3, 1),
        ("practice", 3, 1),
    ]
    assert len(found.notes) == 2
    text = str(found)
    assert "Acceptability" in text
    assert "Change by dose" in text
    assert all(note in text.replace("\n   ", " ") for note in found.notes)
    assert found._repr_html_().count("<table>") == 3
    assert found.to_frame().equals(found.table)


def test_steps_may_be_decimals_and_nan_is_not_known() -> None:
    """As pandas writes true and false where some are missing."""
    started = pl.DataFrame({"started": [1.0, 1.0, 0.0, math.nan, None]})
    row = cp.acceptability(started, started="started").table.row(0, named=True)
    assert (row["count"], row["n"], row["n_missing"]) == (2, 3, 2)


def test_recruited_by_column_decides_whose_sessions_are_looked_at() -> None:
    frame = PERSONS.with_columns(pl.Series("in", [1, 1, 1, 1, 0, 0]))
    found = cp.acceptability(frame, invited=6, recruited="in", sessions="sessions")
    assert found.table.select("count", "n").rows() == [(4, 6)]
    assert found.amounts.select("n", "mean").rows() == [(4, 3.75)]


def test_what_cannot_be_estimated_has_its_reason() -> None:
    frame = pl.DataFrame(
        {"in": [True, True, True, True], "same": [3, 3, 3, 3], "c": [1.0, 2.0, 3.0, 5.0],
         "one": [1, None, None, None], "none": [None] * 4},
        schema_overrides={"none": pl.Float64},
    )  # fmt: skip
    found = cp.acceptability(
        frame, recruited="in", invited=4, sessions="same", practice="one",
        satisfaction=["none"], change=["c", "same"],
    )  # fmt: skip
    assert found.amounts["note"].to_list() == [
        None,
        "one person has a value; a spread needs 2",
        "nobody has a value",
    ]
    assert found.doses["note"].to_list() == [
        "the dose is constant",
        "1 persons have both; a slope needs 3",
        "the dose is constant",
        "1 persons have both; a slope needs 3",
    ]
    assert found.doses["slope"].null_count() == 4
    empty = cp.acceptability(recruited=0, started=0).table.row(0, named=True)
    assert (empty["n"], empty["estimate"], empty["lower"]) == (0, None, None)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"data": None}, cp.OptionError, "no data"),
        ({"data": None, "recruited": 3, "sessions": "s"}, cp.OptionError, "no data"),
        ({"data": None, "recruited": 3}, cp.OptionError, "no step"),
        (
            {"data": None, "recruited": 3, "started": 4},
            cp.DataError,
            "4 persons started, but only 3",
        ),
        (
            {"invited": 2, "started": "started"},
            cp.DataError,
            "6 persons were recruited, but only 2",
        ),
        ({"started": "begun"}, cp.DataError, "'begun'"),
        ({"started": "sessions"}, cp.DataError, "'sessions' holds 8"),
        ({"started": "completed", "completed": "text"}, cp.DataError, "'text' holds 'a'"),
        (
            {"started": "completed", "completed": "started"},
            cp.DataError,
            "1 persons completed who were not",
        ),
        ({"started": "started", "practice": "text"}, cp.DataError, "'text' holds String"),
        ({"started": "started", "practice": "endless"}, cp.DataError, "infinite"),
        ({"started": "started", "practice": 5}, cp.OptionError, "practice is 5, but .* a column"),
        ({"started": ["started"]}, cp.OptionError, "the name of a column, or a whole number"),
        ({"started": "started", "change": "change"}, cp.OptionError, "change is held"),
        ({"started": "started", "satisfaction": ["a", "a"]}, cp.OptionError, "satisfaction"),
        ({"started": "started", "interval": "wald"}, cp.OptionError, "'wald'"),
        ({"started": "started", "level": 95}, cp.OptionError, "level"),
        ({"started": "started", "seed": -1}, cp.OptionError, "seed"),
        ({"invited": -1}, cp.OptionError, "invited"),
        ({"recruited": True, "started": "started"}, cp.OptionError, "recruited"),
        (
            {"started": "started", "change": 3, "sessions": "sessions"},
            cp.OptionError,
            "change is 3",
        ),
        ({"started": "started", "satisfaction": 3}, cp.OptionError, "satisfaction is 3"),
    ],
)
def test_what_is_not_usable(options: dict[str, Any], error: type[Exception], message: str) -> None:
    frame = PERSONS.with_columns(pl.Series("text", ["a"] * 6), pl.Series("endless", [math.inf] * 6))
    with pytest.raises(error, match=message):
        cp.acceptability(**{"data": frame, **options})


def test_slopes_of_a_simulated_pilot_are_found_as_often_as_they_should() -> None:
    """Without an effect of practice p is uniform: 5 % lie below 0.05, within 4 errors of 200."""
    ps = []
    for seed in range(200):
        pilot = cp.simulate_pilot(nurses=9, starting=1.0, seed=seed)
        joined = pilot.persons.join(
            pilot.true_changes.filter(outcome="wellbeing").select("person", "true_change"),
            on="person",
        )
        doses = cp.acceptability(
            joined, started="started", practice="practice", change="true_change"
        ).doses
        ps.append(doses["p"].item())
    assert abs(np.mean(np.array(ps) <= 0.05) - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 200)
    assert abs(np.mean(ps) - 0.5) < 4 * math.sqrt(1 / 12 / 200) + 0.01
