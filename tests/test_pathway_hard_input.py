"""Models and names that are written rarely: an answer, or an error that says what to change."""

from typing import Any

import compassion_psy as cp
import numpy as np
import polars as pl
import pytest
from compassion_psy.errors import DataError, OptionError
from compassion_psy.pathway.structure import structure_of
from compassion_psy.pathway.syntax import parse


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    x, w, e, f = np.random.default_rng(2).standard_normal((4, 60))
    m = 0.5 * x + e
    return pl.DataFrame({"x": x, "w": w, "m": m, "y": 0.4 * m + f})


@pytest.mark.parametrize(
    "text", ["a + 1/0", "0^-1", "2^99999", "10^10^10", "(-1)^0.5", "a*1e999", "1/(a - a)"]
)
def test_effects_without_a_value_are_noted(frame: pl.DataFrame, text: str) -> None:
    found = cp.pathway(frame, f"y ~ a*x\nd := {text}", interval="wald")
    assert found.table["estimate"][-1] is None
    assert any(note.startswith("d has no value") for note in found.notes)


def test_numbers_alone_are_effects(frame: pl.DataFrame) -> None:
    found = cp.pathway(frame, "y ~ a*x\nd := -2^2 + 3*(1 - 7)/2", interval="wald")
    assert found.table["estimate"][-1] == -13
    assert found.table["se"][-1] == 0


def test_a_long_sum_is_a_sum(frame: pl.DataFrame) -> None:
    text = " + ".join(["a"] * 5000)
    found = cp.pathway(frame, f"y ~ a*x\nd := {text}", interval="wald")
    estimates = found.table["estimate"]
    assert estimates[-1] == pytest.approx(5000 * estimates[0], rel=1e-12)
    assert found.table["se"][-1] == pytest.approx(5000 * found.table["se"][0], rel=1e-10)


@pytest.mark.parametrize(
    "text", ["(" * 3000 + "a" + ")" * 3000, "-" * 3000 + "a", "a" + "^a" * 300]
)
def test_too_deep_an_expression_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match=r"line 2.*more than 100 .* define parts of it first"):
        parse(f"y ~ a*x\nd := {text}")


def test_long_chains_are_followed() -> None:
    chain = [f"v{i + 1} ~ v{i}" for i in reversed(range(3000))]
    assert len(structure_of(parse("\n".join(chain))).outcomes) == 3000
    with pytest.raises(OptionError, match=r"not recursive \(v3000 <- v2999 <- .* <- v3000\)"):
        structure_of(parse("\n".join([*chain, "v0 ~ v3000"])))


@pytest.mark.parametrize("label", ["replicate", "status"])
@pytest.mark.parametrize("model", ["y ~ {}*x", "y ~ a*x\n{} := 2*a"])
def test_labels_that_replicates_have_columns_of(model: str, label: str) -> None:
    with pytest.raises(OptionError, match=f"'{label}': replicates have a column of that name"):
        parse(model.format(label))


@pytest.mark.parametrize(
    "name", ["effect", "through", "path", "label", "estimate", "se", "lower", "upper", "note"]
)
def test_modulators_that_results_have_columns_of(frame: pl.DataFrame, name: str) -> None:
    """Their values would be lost under the column of that name."""
    with pytest.raises(OptionError, match=f"is '{name}', but results have a column.*rename"):
        cp.mediation(frame.rename({"w": name}), x="x", m="m", y="y", modulators={"a": name})


@pytest.mark.parametrize("name", ["kind", "modulator", "value", "at", "level", "a", "c", "index"])
def test_other_names_keep_the_values_of_modulators(frame: pl.DataFrame, name: str) -> None:
    asked: dict[str, Any] = {"x": "x", "m": "m", "y": "y", "interval": "wald"}
    plain = cp.mediation(frame, **asked, modulators={"a": "w"})
    found = cp.mediation(frame.rename({"w": name}), **asked, modulators={"a": name})
    assert found.effects[name].to_list() == plain.effects["w"].to_list()
    assert found.slopes["estimate"].to_list() == plain.slopes["estimate"].to_list()
    assert str(found)


@pytest.mark.parametrize("units", [1e200, 1e-200])
def test_units_whose_squares_are_no_numbers(frame: pl.DataFrame, units: float) -> None:
    with pytest.raises(DataError, match=r"Column 'x' lies between .* write it in other units"):
        cp.pathway(frame.with_columns(pl.col("x") * units), "y ~ x")


def test_intervals_that_are_none(frame: pl.DataFrame) -> None:
    with pytest.raises(OptionError, match=r"write Bootstrap\(method='bca'\)"):
        cp.pathway(frame, "y ~ x", interval="bca")
    with pytest.raises(OptionError, match="must be a Bootstrap"):
        cp.pathway(frame, "y ~ x", interval=np.array([1, 2]))  # type: ignore[arg-type]


def test_contrasts_say_from_where_to_where(frame: pl.DataFrame) -> None:
    found = cp.mediation(
        frame, x="x", m="m", y="y", modulators={"a": "w", "b": "w"}, levels={"w": [-1, 0.5]},
        interval="wald",
    )  # fmt: skip
    assert found.index["at"].to_list() == ["w -1 to 0.5"]


def test_limits_that_nothing_has_are_not_shown(frame: pl.DataFrame) -> None:
    last = str(cp.pathway(frame, "y ~ x", interval="wald")).partition("Explained variance")[2]
    assert "r_squared" in last
    assert "lower" not in last
