"""Mediation: the models it writes, and what it reads from them."""

import math
from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest

BOOTSTRAP = cp.Bootstrap(300, method="percentile", seed=1)


def data(n: int = 400) -> pl.DataFrame:
    random = np.random.default_rng(11)
    x, w, v, e, f, g = random.normal(size=(6, n))
    w, v = w + 1, 2 * v - 1
    m = (0.5 + 0.3 * w) * x + e
    k = 0.3 * x + 0.2 * m + g
    y = (0.4 + 0.2 * v) * m + 0.2 * x + 0.3 * k + f
    return pl.DataFrame(
        {"x": x, "w": w, "v": v, "m": m, "k": k, "y": y, "age": random.normal(size=n),
         "group": (random.normal(size=n) > 0).astype(int), "team": np.arange(n) // 10}
    )  # fmt: skip


FRAME = data()


def label(table: pl.DataFrame, name: str) -> float:
    return float(table.filter(pl.col("label") == name)["estimate"].item())


def test_parallel_mediators_add_up_to_the_total() -> None:
    result = cp.mediation(FRAME, x="x", m=["m", "k"], y="y", covariates="age", interval=BOOTSTRAP)
    assert result.model.splitlines()[:4] == [
        "m ~ a1*x + age",
        "k ~ a2*x + age",
        "y ~ b1*m + b2*k + c*x + age",
        "m ~~ k",
    ]
    effects = result.effects
    assert effects["effect"].to_list() == ["indirect"] * 3 + ["total", "direct"]
    # With the same predictors for both mediators the total is the slope of y on x.
    total = cp.pathway(FRAME, "y ~ x + age", interval=None).table["estimate"][0]
    assert label(effects, "total") == pytest.approx(total, abs=1e-9)
    by_hand = cp.pathway(FRAME, result.model, interval=BOOTSTRAP)
    assert by_hand.table.equals(result.pathway.table)
    assert by_hand.replicates.equals(result.pathway.replicates)


def test_serial_mediators_have_every_way() -> None:
    result = cp.mediation(FRAME, x="x", m=["m", "k"], y="y", serial=True, interval=None)
    assert result.effects["through"].to_list()[:3] == ["x > m > y", "x > k > y", "x > m > k > y"]
    table = result.pathway.table
    a1, d21, b2 = (label(table, name) for name in ("a1", "d21", "b2"))
    assert label(result.effects, "indirect_1_2") == pytest.approx(a1 * d21 * b2, abs=1e-12)
    total = cp.pathway(FRAME, "y ~ x", interval=None).table["estimate"][0]
    assert label(result.effects, "total") == pytest.approx(total, abs=1e-9)
    assert result.sensitivity.height == 0


def test_first_stage_has_hayes_index() -> None:
    result = cp.mediation(FRAME, x="x", m="m", y="y", modulators={"a": "w"}, interval=BOOTSTRAP)
    table = result.pathway.table
    a, a_w, b = (label(table, name) for name in ("a", "a_w", "b"))
    assert result.index["estimate"].to_list() == pytest.approx([a_w * b], abs=1e-12)
    assert result.index["kind"].to_list() == ["index"]
    at = np.percentile(FRAME["w"], [16, 50, 84])
    assert result.levels["value"].to_list() == pytest.approx(at)
    found = result.effects.filter(effect="indirect")
    assert found["w"].to_list() == pytest.approx(at)
    assert found["estimate"].to_list() == pytest.approx((a + a_w * at) * b, abs=1e-12)
    # The limits of the index are quantiles of the products of the replicates.
    drawn = result.pathway.replicates
    products = (drawn["a_w"] * drawn["b"]).sort().to_numpy()
    assert products[6] <= result.index["lower"].item() <= products[7]
    assert result.slopes["estimate"].to_list() == pytest.approx(a + a_w * at, abs=1e-12)
    assert result.curves.height == 21
    ends = result.curves[[0, -1]]
    assert ends["value"].to_list() == [FRAME["w"].min(), FRAME["w"].max()]
    expected = (a + a_w * ends["value"].to_numpy()) * b
    assert ends["estimate"].to_list() == pytest.approx(expected, abs=1e-12)


def test_reversed_items_are_turned_by_the_range_of_the_scale() -> None:
    """psych turns them by the answers seen: a would then be read at another point of the scale."""
    random = np.random.default_rng(4)
    frame = FRAME.with_columns(
        p=pl.Series(random.integers(1, 6, FRAME.height)),
        r=pl.Series(random.integers(1, 4, FRAME.height)),  # nobody answers 4 or 5
    )
    scale = cp.Scale("support", items=["p", "r"], minimum=1, maximum=5, reversed=["r"])
    asked: dict[str, Any] = {
        "x": "x", "m": "m", "y": "y", "modulators": {"a": "support"}, "interval": None,
    }  # fmt: skip
    found = cp.mediation(frame, scales=[scale], **asked)
    by_hand = frame.with_columns(support=pl.col("p") + (6 - pl.col("r")))
    expected = cp.mediation(by_hand, **asked)
    assert found.levels.equals(expected.levels)
    assert found.paths.equals(expected.paths)
    by_what_was_seen = frame.with_columns(support=pl.col("p") + (4 - pl.col("r")))
    other = cp.mediation(by_what_was_seen, **asked)
    a, a_w = (label(found.paths, name) for name in ("a", "a_support"))
    assert label(other.paths, "a") == pytest.approx(a + 2 * a_w, abs=1e-9)
    assert abs(a_w) > 0.001


def test_two_modulators_of_two_stages() -> None:
    result = cp.mediation(
        FRAME, x="x", m="m", y="y", modulators={"a": "w", "b": "v"}, interval=None,
        levels={"w": [0, 1], "v": [-1, 0, 1]},
    )  # fmt: skip
    table = result.pathway.table
    a, a_w, b, b_v = (label(table, name) for name in ("a", "a_w", "b", "b_v"))
    found = result.effects.filter(effect="indirect")
    for w, v, estimate in found.select("w", "v", "estimate").iter_rows():
        assert estimate == pytest.approx((a + a_w * w) * (b + b_v * v), abs=1e-12)
    assert found.height == 6
    index = dict(result.index.select(pl.format("{} {}", "modulator", "at"), "estimate").rows())
    assert index["w v -1"] == pytest.approx(a_w * (b - b_v), abs=1e-12)
    assert index["v w 1"] == pytest.approx(b_v * (a + a_w), abs=1e-12)
    assert index["w x v "] == pytest.approx(a_w * b_v, abs=1e-12)


def test_one_modulator_of_both_stages_has_contrasts() -> None:
    result = cp.mediation(
        FRAME, x="x", m="m", y="y", modulators={"a": "w", "b": "w", "c": "w"}, interval=None
    )
    effects = result.effects.filter(effect="indirect")["estimate"].to_list()
    assert result.index["kind"].unique().to_list() == ["contrast"]
    expected = [effects[1] - effects[0], effects[2] - effects[0], effects[2] - effects[1]]
    assert result.index["estimate"].to_list() == pytest.approx(expected, abs=1e-12)
    assert result.slopes["path"].unique(maintain_order=True).to_list() == [
        "x > m", "m > y", "x > y",
    ]  # fmt: skip


def test_of_two_groups_the_index_is_their_difference() -> None:
    result = cp.mediation(FRAME, x="x", m="m", y="y", modulators={"b": "group"}, interval=None)
    assert result.levels["value"].to_list() == [0, 1]
    # The same by the mediator's path in a group of its own: y ~ m + x with m:group and group.
    low, high = result.effects.filter(effect="indirect")["estimate"]
    turned = FRAME.with_columns(group=1 - pl.col("group"))
    of_turned = cp.mediation(turned, x="x", m="m", y="y", modulators={"b": "group"}, interval=None)
    assert label(of_turned.paths, "b") * label(of_turned.paths, "a") == pytest.approx(high)
    assert result.index["estimate"].item() == pytest.approx(high - low, abs=1e-12)


def test_each_path_is_shown_with_its_meaning() -> None:
    """Other programs print effects and leave out the paths they are made of."""
    result = cp.mediation(
        FRAME, x="x", m=["m", "k"], y="y", serial=True, interval=BOOTSTRAP,
        modulators={"a1": "w", "b2": ["v", "w"]},
    )  # fmt: skip
    assert result.paths.select("label", "path", "meaning").rows() == [
        ("a1", "x > m", "first stage at w 0"),
        ("a1_w", "x > m", "change of a1 by w"),
        ("a2", "x > k", "first stage"),
        ("d21", "m > k", "between mediators"),
        ("b1", "m > y", "second stage"),
        ("b2", "k > y", "second stage at v 0 and w 0"),
        ("b2_v", "k > y", "change of b2 by v"),
        ("b2_w", "k > y", "change of b2 by w"),
        ("c", "x > y", "direct effect c'"),
    ]
    numbers = ["label", "estimate", "se", "p", "lower", "upper", "std_all"]
    own = result.pathway.table.filter(pl.col("label") != "", pl.col("op") == "~").select(numbers)
    assert result.paths.select(numbers).sort("label").equals(own.sort("label"))
    shown = str(result)
    assert shown.startswith("Paths in 400 persons\n")
    assert shown.index("between mediators") < shown.index("Effects\n")
    assert "never near 0" not in shown


def test_a_modulator_that_is_never_zero_is_noted() -> None:
    frame = FRAME.with_columns(pl.col("w") + 20)
    result = cp.mediation(frame, x="x", m="m", y="y", modulators={"a": "w"}, interval=None)
    low, high = frame["w"].min(), frame["w"].max()
    assert result.notes[-1].startswith(f"w is {low:.6g} to {high:.6g}, never near 0, where a is")


@pytest.mark.parametrize("options", [{}, {"cluster": "team"}])
def test_johnson_neyman_bounds_are_where_z_is_critical(options: dict[str, Any]) -> None:
    """Moved to a bound, the modulator is zero there, and the path of x is the slope."""
    result = cp.mediation(
        FRAME, x="x", m="m", y="y", modulators={"a": "w", "b": "v"}, interval=None, **options
    )
    assert result.johnson_neyman["path"].to_list() == ["x > m", "m > y"]
    for number, (name, model) in enumerate(
        [("w", "m ~ s*x + w + x:w"), ("v", "m ~ x + w + x:w\ny ~ s*m + x + v + m:v")]
    ):
        row = result.johnson_neyman.row(number, named=True)
        for bound in ("lower_bound", "upper_bound"):
            moved = FRAME.with_columns(pl.col(name) - row[bound])
            table = cp.pathway(moved, model, interval=None, **options).table
            z = table.filter(label="s")["z"].item()
            # Cluster-robust errors rest on differences of 1e-5.
            assert abs(z) == pytest.approx(1.959963984540054, rel=1e-6)
        inside = (row["lower_bound"] + row["upper_bound"]) / 2
        moved = FRAME.with_columns(pl.col(name) - inside)
        z = cp.pathway(moved, model, interval=None, **options).table.filter(label="s")["z"].item()
        assert (abs(z) > 1.96) == (row["differs_from_zero"] == "between the bounds")


def test_sensitivity_recovers_the_path_under_a_known_confounder() -> None:
    random = np.random.default_rng(5)
    n = 200_000
    x, u, e, f = random.normal(size=(4, n))
    m = 0.5 * x + 0.6 * u + e
    y = 0.3 * m + 0.2 * x + 0.8 * u + f
    rho = 0.6 * 0.8 / math.sqrt((0.36 + 1) * (0.64 + 1))
    frame = pl.DataFrame({"x": x, "m": m, "y": y})
    result = cp.mediation(frame, x="x", m="m", y="y", interval=None)
    found = result.sensitivity
    at_rho = float(np.interp(rho, found["rho"], found["path"]))
    # Interpolated between correlations 0.1 apart, a curve bent by some 0.003 there.
    assert at_rho == pytest.approx(0.3, abs=0.01)
    b = label(result.pathway.table, "b")
    assert found.filter(rho=0.0)["path"].item() == pytest.approx(b, abs=1e-10)
    zero = found["rho_of_zero"][0]
    below, above = (
        found.filter(pl.col("rho") < zero)["path"],
        found.filter(pl.col("rho") > zero)["path"],
    )
    assert (below > 0).all()
    assert (above < 0).all()


def test_sensitivity_has_limits_from_the_bootstrap() -> None:
    result = cp.mediation(FRAME, x="x", m=["m", "k"], y="y", interval=BOOTSTRAP)
    found = result.sensitivity.filter(mediator="k", rho=0.0)
    indirect = result.effects.row(1, named=True)
    assert found["indirect"].item() == pytest.approx(indirect["estimate"], abs=1e-10)
    assert found["lower"].item() == pytest.approx(indirect["lower"], abs=1e-10)
    assert found["upper"].item() == pytest.approx(indirect["upper"], abs=1e-10)


def test_data_that_can_be_read_once_are_enough() -> None:
    class Stream:
        """A stream of Arrow that ends."""

        frame: pl.DataFrame | None = FRAME

        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            frame, self.frame = self.frame, None
            assert frame is not None, "read twice"
            return frame.__arrow_c_stream__(requested_schema)

    asked: dict[str, Any] = {"x": "x", "m": "m", "y": "y", "interval": None}
    found = cp.mediation(Stream(), **asked)
    assert found.paths.equals(cp.mediation(FRAME, **asked).paths)
    table = cp.pathway(Stream(), "y ~ x + m", interval=None).table
    assert table.equals(cp.pathway(FRAME, "y ~ x + m", interval=None).table)


@pytest.mark.parametrize(
    ("modulators", "levels"),
    [
        ({}, None),
        ({"a": "w", "c": "w"}, {"w": [-1, 0, 2]}),
        ({"a": "w", "b": "v", "c": "w"}, {"w": [0, 2], "v": [-1, 2]}),
    ],
)
def test_standardised_effects_are_those_of_standardised_x_and_y(
    modulators: dict[str, str], levels: dict[str, list[float]] | None
) -> None:
    """At levels of modulators too; standardised paths with raw levels, lavaan's, give others."""
    asked: dict[str, Any] = {
        "x": "x", "m": "m", "y": "y", "modulators": modulators, "interval": None, "levels": levels,
    }  # fmt: skip
    result = cp.mediation(FRAME, **asked)
    standard = FRAME.with_columns(pl.col("x", "y") / pl.col("x", "y").std(ddof=0))
    again = cp.mediation(standard, **asked)
    found = result.effects["std_all"].to_list()
    assert found == pytest.approx(again.effects["estimate"].to_list(), abs=1e-9)
    if modulators:
        naive = result.pathway.table.filter(label="indirect_1_at_3")["std_all"].item()
        assert abs(naive - found[2]) > 0.01


def test_sensitivity_is_that_of_corrected_paths() -> None:
    result = cp.mediation(
        FRAME, x="x", m="m", y="y", reliability={"m": 0.8}, interval=BOOTSTRAP
    )  # fmt: skip
    at_zero = result.sensitivity.filter(rho=0.0).row(0, named=True)
    assert str(at_zero["rho"]) == "0.0"
    assert at_zero["path"] == pytest.approx(label(result.paths, "b"), abs=1e-10)
    indirect = result.effects.row(0, named=True)
    for name, found in (("indirect", "estimate"), ("lower", "lower"), ("upper", "upper")):
        assert at_zero[name] == pytest.approx(indirect[found], abs=1e-10)


def test_without_limits_no_column_of_them_is_shown() -> None:
    result = cp.mediation(FRAME, x="x", m="m", y="y", modulators={"a": "w"}, interval=None)
    head = str(result).splitlines()[2].split()
    assert head == ["label", "path", "meaning", "estimate", "se", "std_all"]
    assert "lower_bound" in str(result)
    assert "lower" in result.paths.columns


def test_only_some_paths_may_be_modulated() -> None:
    result = cp.mediation(
        FRAME, x="x", m=["m", "k"], y="y", modulators={"a1": "w", "b2": ["v"]}, interval=None,
        covariates=["w"],
    )  # fmt: skip
    lines = result.model.splitlines()
    assert lines[0] == "m ~ a1*x + a1_w*x:w + w"
    assert lines[1] == "k ~ a2*x + w"
    assert lines[2] == "y ~ b1*m + b2*k + c*x + v + b2_v*k:v + w"
    assert result.sensitivity.height == 0
    assert "Johnson-Neyman regions" in str(result)
    assert result._repr_html_().count("<table") == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"m": []}, "no mediator"),
        ({"serial": True}, "at least 2"),
        ({"m": None}, "m is None, but it must be a column"),
        ({"x": ["x"]}, "must be the name of a column"),
        ({"modulators": {"a": None}}, r"modulators\['a'\] is None"),
        ({"modulators": {"b": "y"}}, "'y' modulates 'b' and is y as well"),
        ({"modulators": {"a2": "w"}}, "path 'a2', which is not there. Did you mean 'a'"),
        ({"modulators": {"a": "w"}, "levels": {"w": [float("nan")]}}, "different numbers"),
        ({"modulators": {"a": "w"}, "levels": {"w": ["1"]}}, "different numbers"),
        ({"modulators": {"a": "ww"}}, "no column 'ww' in the data. Did you mean 'w'"),
        ({"modulators": {"q": "w"}}, "path 'q'"),
        ({"modulators": {"d": "w"}}, "path 'd'"),
        ({"modulators": {"a": "x"}}, "is x as well"),
        ({"m": "x"}, "one role"),
        ({"y": "two words"}, "rename the column"),
        ({"modulators": ["w"]}, "mapping from paths"),
        ({"levels": [1]}, "mapping from modulators"),
        ({"modulators": {"a": "w"}, "levels": {"w": 1.0}}, "different numbers"),
        ({"levels": {"v": [1]}}, "modulates nothing"),
        ({"modulators": {"a": "w"}, "levels": {"w": []}}, "different numbers"),
        ({"modulators": {"a": "w"}, "levels": {"w": [1, 1]}}, "different numbers"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], words: str) -> None:
    asked: dict[str, Any] = {"x": "x", "m": "m", "y": "y", "interval": None} | changes
    with pytest.raises(cp.CompassionError, match=words):
        cp.mediation(FRAME, **asked)


def test_levels_of_any_numbers_are_taken_and_those_nobody_has_are_noted() -> None:
    result = cp.mediation(
        FRAME, x="x", m="m", y="y", modulators={"a": "w"}, interval=None,
        levels={"w": [np.int64(0), 90]},
    )  # fmt: skip
    assert result.levels.rows() == [("w", "given", 0.0), ("w", "given", 90.0)]
    assert result.notes[-1].startswith("levels: w 90 is outside the data (")


def test_three_serial_mediators_have_seven_ways_that_add_up() -> None:
    result = cp.mediation(FRAME, x="x", m=["w", "m", "k"], y="y", serial=True, interval=None)
    ways = result.effects.filter(effect="indirect")
    assert ways["through"].to_list() == [
        "x > w > y", "x > m > y", "x > k > y", "x > w > m > y", "x > w > k > y", "x > m > k > y",
        "x > w > m > k > y", "all",
    ]  # fmt: skip
    total = cp.pathway(FRAME, "y ~ x", interval=None).table["estimate"][0]
    assert label(result.effects, "total") == pytest.approx(total, abs=1e-9)
    path = [label(result.paths, name) for name in ("a1", "d21", "d32", "b3")]
    assert label(ways, "indirect_1_2_3") == pytest.approx(math.prod(path), abs=1e-12)


def test_shown_with_how_many_it_rests_on() -> None:
    frame = data().with_columns(team=pl.int_range(pl.len()) % 40)
    shown = str(cp.mediation(frame, x="x", m="m", y="y", cluster="team", interval="wald"))
    assert shown.startswith("Paths in 400 persons in 40 clusters\n")


def test_simulated_pathway_is_recovered() -> None:
    simulated = cp.simulate_pathway(persons=20_000, teams=1000, seed=2)
    result = cp.pathway(simulated.frame, simulated.model, cluster="team", interval="wald")
    both = simulated.truth.join(result.table, on="label")
    z = (both["estimate"] - both["value"]) / both["se"]
    assert both.height == 21
    # Beyond 4 standard errors once in 16,000.
    assert z.abs().max() < 4
