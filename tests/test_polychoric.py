"""Polychoric correlations: against R, with known truth, and what is said where there is none."""

import json
import math
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from compassion_psy.polychoric import polychoric
from compassion_psy.polychoric_result import PolychoricResult, ordinal_alpha
from reference_data import FOLDER, values

SHARED = Path(__file__).parents[2] / "shared"
SHARED_SETS = sorted(path.stem for path in (SHARED / "reference" / "polychoric").glob("*.json"))

# Both solve for the root of the score to rounding; 2e-15 was measured.
SOLVED = 1e-12
# R differentiates its estimates numerically; 8e-9 was measured.
DIFFERENCES = 1e-7
# psych stops its search at a tolerance of 1.2e-4; 2e-5 was measured.
PSYCH = 1e-4
# lavaan stops where its gradient is small; 3e-8 was measured.
LAVAAN = 1e-6
# The shared two-step values converged to about 1e-9.
SHARED_TWO_STEP = 1e-7


def scale(items: int, minimum: int, maximum: int, reversed: tuple[str, ...] = ()) -> cp.Scale:
    names = [f"item{number + 1}" for number in range(items)]
    return cp.Scale("made up", items=names, minimum=minimum, maximum=maximum, reversed=reversed)


def frame(name: str) -> pl.DataFrame:
    return pl.read_csv(FOLDER / "data" / f"{name}.csv")


def blocks() -> Iterator[tuple[dict[str, Any], pl.DataFrame, cp.Scale, dict[str, Any]]]:
    found = values("polychoric")
    five, incomplete = scale(8, 1, 5), frame("congeneric_missing")
    yield found["congeneric"], frame("congeneric"), five, {}
    yield found["congeneric_missing_pairwise"], incomplete, five, {}
    yield found["congeneric_missing_listwise"], incomplete, five, {"missing": "listwise"}
    yield found["two_factor"], frame("two_factor"), scale(10, 1, 7), {}
    for site, block in found["sites"].items():
        rows = frame("sites").filter(site=site)
        yield block, rows, scale(6, 0, 4, ("item3",)), {}


@pytest.mark.parametrize("at", range(7))
def test_the_numbers_of_r(at: int) -> None:
    expected, rows, of, options = list(blocks())[at]
    result = polychoric(rows, of, **options)
    table = result.pairs
    assert table["n"].to_list() == expected["n"]
    assert table["empty_cells"].to_list() == expected["empty_cells"]
    assert set(table["status"]) == {"ok"}
    assert table["rho"].to_list() == pytest.approx(expected["two_step"]["rho"], abs=SOLVED)
    assert table["se"].to_list() == pytest.approx(expected["two_step"]["se"], rel=DIFFERENCES)
    assert table["rho"].to_list() == pytest.approx(expected["psych"], abs=PSYCH)
    if "lavaan" in expected:
        assert table["rho"].to_list() == pytest.approx(expected["lavaan"]["rho"], abs=LAVAAN)
        for item, thresholds in expected["lavaan"]["thresholds"].items():
            ours = result.thresholds.filter(item=item)["threshold"].drop_nulls()
            assert ours.to_list() == pytest.approx(thresholds, abs=LAVAAN)


@pytest.mark.parametrize("name", SHARED_SETS)
def test_real_surveys(name: str) -> None:
    expected = json.loads((SHARED / "reference" / "polychoric" / f"{name}.json").read_text())
    meta = expected["meta"]
    if meta["subset"] is not None or meta["label_map"] is not None:
        pytest.skip("the values are of a part of the survey")
    rows = pl.read_csv(SHARED / "data" / f"{meta['dataset']}.csv", infer_schema_length=None)
    minimum, maximum = meta["response_range"]
    of = cp.Scale(
        name, items=meta["items"], minimum=minimum, maximum=maximum, reversed=meta["reversed"]
    )
    missing: Any = "listwise" if name.endswith("listwise") else "pairwise"
    result = polychoric(rows, of, missing=missing, missing_codes=meta["missing_codes_set_to_NA"])
    tight = np.array(expected["two_step_tight"]["rho"]["values"], dtype=float)
    assert result.matrix() == pytest.approx(tight, abs=SHARED_TWO_STEP)
    uncorrected = expected["psych_local_nocorrect"]["rho"]["values"]
    assert result.matrix() == pytest.approx(np.array(uncorrected, dtype=float), abs=PSYCH)
    alpha = expected["ordinal_alpha"]["two_step_tight"]["std_alpha"]
    assert ordinal_alpha(result.matrix()) == pytest.approx(alpha, abs=SHARED_TWO_STEP)


def simulated(rho: float, persons: int, sites: int, seed: int) -> pl.DataFrame:
    """Two responses with this correlation, cut at uneven thresholds, at each of many sites."""
    random = np.random.default_rng(seed)
    first, noise = random.normal(size=(2, sites * persons))
    second = rho * first + math.sqrt(1 - rho * rho) * noise
    return pl.DataFrame(
        {
            "item1": np.digitize(first, [-1.5, -0.5, 0.5, 1.2]),
            "item2": np.digitize(second, [-1.0, -0.2, 0.6, 1.4]),
            "site": np.repeat(np.arange(sites), persons),
        }
    )


@pytest.mark.parametrize("rho", [0.0, 0.4, -0.8])
def test_estimates_are_unbiased_and_standard_errors_tell_their_spread(rho: float) -> None:
    sites = 2000
    table = polychoric(simulated(rho, 300, sites, seed=3), scale(2, 0, 4), by="site").pairs
    estimates, errors = table["rho"].to_numpy(), table["se"].to_numpy()
    spread = float(estimates.std())
    # Four standard errors of the mean; the bias of order 1/n adds what it may at n = 300.
    assert abs(estimates.mean() - rho) < 4 * spread / math.sqrt(sites) + 0.001
    # The spread of so many is known to 1/sqrt(2 sites) = 1.6 %.
    assert errors.mean() / spread == pytest.approx(1, abs=0.064)
    # On the scale of Fisher's z, where the distribution is nearly normal.
    distance = (np.arctanh(estimates) - math.atanh(rho)) / (errors / (1 - estimates**2))
    coverage = float((abs(distance) < 1.959964).mean())
    assert coverage == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / sites))


def test_groups_items_and_answers_stand_where_they_belong() -> None:
    of = scale(6, 0, 4, ("item3",))
    result = polychoric(frame("sites"), of, by="site")
    columns = ["site", "item_1", "item_2", "rho", "se", "n", "empty_cells", "status"]
    assert result.pairs.columns == columns
    assert result.pairs["site"].unique(maintain_order=True).to_list() == [
        "east", "north", "south", "west",
    ]  # fmt: skip
    for site in ("east", "north", "south", "west"):
        alone = polychoric(frame("sites").filter(site=site), of)
        of_site = result.pairs.filter(site=site).drop("site")
        assert of_site.equals(alone.pairs)
        assert result.thresholds.filter(site=site).drop("site").equals(alone.thresholds)
        assert np.array_equal(result.matrix(site), alone.matrix())
    west = result.matrix("west")
    pair = result.pairs.filter(site="west", item_1="item2", item_2="item5")["rho"].item()
    assert west[1, 4] == west[4, 1] == pair
    counts = frame("sites").filter(site="west")["item3"].value_counts()
    above = counts.filter(pl.col("item3") == 4)["count"].sum()
    lowest = result.thresholds.filter(site="west", item="item3", answer=0)["threshold"].item()
    # Who answered 4 to the reversed item counts as 0.
    below = 0.5 * math.erfc(-lowest / math.sqrt(2))
    assert below == pytest.approx(above / 300, abs=SOLVED)


def test_a_reversed_item_turns_signs_alone() -> None:
    straight = polychoric(frame("congeneric"), scale(8, 1, 5)).matrix()
    turned = polychoric(frame("congeneric"), scale(8, 1, 5, ("item2",))).matrix()
    signs = np.ones((8, 8))
    signs[1, :] = signs[:, 1] = -1
    signs[1, 1] = 1
    assert turned == pytest.approx(signs * straight, abs=SOLVED)


def test_a_wider_range_than_was_used_changes_thresholds_alone() -> None:
    narrow = polychoric(frame("congeneric"), scale(8, 1, 5))
    wide = polychoric(frame("congeneric"), scale(8, 0, 7))
    assert wide.pairs.equals(narrow.pairs)
    inside = wide.thresholds.drop_nulls()
    assert inside.equals(narrow.thresholds)
    assert wide.thresholds.height == 8 * 7


def test_scales_with_gaps_have_no_thresholds_at_answers_that_do_not_exist() -> None:
    doubled = frame("congeneric").with_columns(pl.col("^item.*$") * 2)
    names = [f"item{number + 1}" for number in range(8)]
    even = cp.Scale(
        "even", items=names, minimum=2, maximum=10, values=[2, 4, 6, 8, 10], reversed=["item1"]
    )
    found = polychoric(doubled, even)
    expected = polychoric(frame("congeneric"), scale(8, 1, 5, ("item1",)))
    assert found.pairs.equals(expected.pairs)
    assert found.thresholds["threshold"].equals(expected.thresholds["threshold"])
    assert found.thresholds["answer"].to_list() == [2, 4, 6, 8] * 8


def odd() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "site": ["perfect"] * 6 + ["constant"] * 4 + ["lonely"] + ["silent"] * 2,
            "item1": [0, 0, 1, 1, 2, 2, 1, 1, 2, 0, 1, None, 1],
            "item2": [0, 0, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, None],
        }
    )


@pytest.mark.parametrize("missing", ["pairwise", "listwise"])
def test_what_cannot_be_estimated_has_a_reason(missing: Any) -> None:
    result = polychoric(odd(), scale(2, 0, 2), by="site", missing=missing)
    found = {row[0]: row[3:] for row in result.pairs.rows()}
    assert found == {
        "constant": (None, None, 4, 0, "one_category"),
        "lonely": (None, None, 1, 0, "too_few_rows"),
        "perfect": (1.0, None, 6, 6, "boundary"),
        "silent": (None, None, 0, 0, "too_few_rows"),
    }
    assert result.groups["site"].to_list() == list(found)
    assert result.n_excluded == (2 if missing == "listwise" else 0)
    assert np.isnan(result.matrix("silent")[0, 1])
    assert np.array_equal(result.matrix("perfect"), np.ones((2, 2)))
    for text in (str(result), result._repr_html_()):
        assert "nan" not in text
        assert "everybody gave one of the items the same answer" in text
        assert "Tables with empty cells: 1 of 4." in text
    with pytest.raises(cp.DataError, match=r"lacks 1 correlation; leave out the items"):
        ordinal_alpha(result.matrix("silent"))


def test_one_slip_among_very_many_equal_answers_has_a_reason() -> None:
    answers = np.repeat(np.arange(5), 200_000)
    other = answers.copy()
    other[0] = 4
    result = polychoric(pl.DataFrame({"item1": answers, "item2": other}), scale(2, 0, 4))
    row = (None, None, 1_000_000, 19, "not_converged")
    assert result.pairs.row(0)[2:] == row
    assert "contradict a nearly perfect relation" in str(result)


def test_the_same_bits_for_any_threads_and_order_of_rows() -> None:
    rows = frame("congeneric_missing")
    one = polychoric(rows, scale(8, 1, 5), threads=1)
    for other in (
        polychoric(rows, scale(8, 1, 5), threads=3),
        polychoric(rows.reverse(), scale(8, 1, 5)),
        polychoric(cp.Responses.from_frame(rows, scale(8, 1, 5))),
    ):
        assert other.pairs.equals(one.pairs)
        assert other.thresholds.equals(one.thresholds)


def test_a_matrix_that_is_not_positive_definite_is_told() -> None:
    def pairs(*correlated: tuple[int, int, int]) -> list[list[int | None]]:
        rows: list[list[int | None]] = []
        for first, second, sign in correlated:
            for a in (0, 1):
                for b in (0, 1):
                    row: list[int | None] = [None] * 3
                    row[first], row[second] = a, b
                    rows += [row] * (45 if (a == b) == (sign > 0) else 5)
        return rows

    rows = pairs((0, 1, 1), (1, 2, 1), (0, 2, -1))
    names = ["item1", "item2", "item3"]
    result = polychoric(
        pl.DataFrame(rows, dict.fromkeys(names, pl.Int64), orient="row"), scale(3, 0, 1)
    )
    assert "Matrices that are not positive definite: 1 of 1." in str(result)
    # Sheppard: sin(2 pi (0.45 - 0.25)).
    corner = math.sin(0.4 * math.pi)
    assert result.pairs["rho"].to_list() == pytest.approx([corner, -corner, corner], abs=SOLVED)


def call(rows: pl.DataFrame, of: Any, **options: Any) -> PolychoricResult:
    return polychoric(rows, of, **options)


@pytest.mark.parametrize(
    ("of", "options", "error", "message"),
    [
        (None, {}, cp.OptionError, "scale is None, but it must be a Scale"),
        (scale(1, 1, 5), {}, cp.DataError, "has one item .'item1'., but a correlation needs 2"),
        (scale(8, 0, 300), {}, cp.DataError, r"\(0 to 300\) are no categories"),
        (
            cp.Scale("c", items=["item1", "item2"], minimum=1, maximum=5, continuous=True),
            {},
            cp.DataError,
            r"\(continuous\) are no categories",
        ),
        (scale(8, 1, 5), {"missing": "em"}, cp.OptionError, "missing is 'em'"),
        (scale(8, 1, 5), {"threads": 0}, cp.OptionError, "threads is 0"),
        (scale(8, 1, 4), {}, cp.DataError, "Answers that are not"),
        (scale(8, 1, 5), {"by": "n"}, cp.OptionError, "by names the column 'n'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    of: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    rows = frame("congeneric").with_columns(n=pl.lit("a"))
    with pytest.raises(error, match=message):
        call(rows, of, **options)


def test_answers_with_weights_and_of_nobody_are_refused() -> None:
    rows = frame("congeneric").with_columns(weight=pl.lit(2.0))
    weighted = cp.Responses.from_frame(rows, scale(8, 1, 5), weights="weight")
    with pytest.raises(cp.OptionError, match="have survey weights"):
        polychoric(weighted)
    nobody = rows.with_columns(pl.lit(None, dtype=pl.Int64).alias("item1"))
    with pytest.raises(cp.DataError, match="nobody answered 'item1'"):
        polychoric(nobody, scale(8, 1, 5), missing="listwise")


def test_groups_that_do_not_exist_are_refused() -> None:
    result = polychoric(frame("sites"), scale(6, 0, 4), by=["site"])
    with pytest.raises(cp.OptionError, match="group is 'wst', which is none of site"):
        result.matrix("wst")
    with pytest.raises(cp.OptionError, match="group is None"):
        result.matrix()
    whole = polychoric(frame("sites"), scale(6, 0, 4))
    with pytest.raises(cp.OptionError, match="the result has no groups; leave it out"):
        whole.matrix("west")
    two = polychoric(frame("sites"), scale(6, 0, 4), by=["site", "ward"])
    assert two.matrix(two.groups.row(0)).shape == (6, 6)
    with pytest.raises(FrozenInstanceError):
        result.scale = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones(3), r"the shape \(3,\)"),
        (np.ones((1, 1)), r"the shape \(1, 1\)"),
        (np.array([[1, 0.5], [0.4, 1]]), "no correlation matrix"),
        (np.array([[2, 0.5], [0.5, 1]]), "no correlation matrix"),
        (np.array([[1, -1.0], [-1.0, 1]]), "the sum of the items has no variance"),
    ],
)
def test_ordinal_alpha_refuses_what_is_no_correlation_matrix(
    matrix: npt.NDArray[np.float64], message: str
) -> None:
    with pytest.raises(cp.DataError, match=message):
        ordinal_alpha(matrix)


def test_one_group_has_one_matrix() -> None:
    whole = polychoric(frame("congeneric"), scale(8, 1, 5))
    assert np.array_equal(whole.correlations, whole.matrix())
    by_site = polychoric(simulated(0.5, 300, 2, seed=3), scale(2, 0, 4), by="site")
    with pytest.raises(cp.OptionError, match="There are 2 groups"):
        _ = by_site.correlations
