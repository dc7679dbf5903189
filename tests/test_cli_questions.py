"""compassion-psy items, compare, polychoric and factors: the numbers of the Python calls."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result
from compassion_psy.cli._app import app
from compassion_psy.compare_reliability import compare_reliability
from compassion_psy.factors import efa
from compassion_psy.item_analysis import item_analysis
from compassion_psy.polychoric import polychoric
from compassion_psy.scales import Scale
from compassion_psy.simulate import simulate_survey
from polars.testing import assert_frame_equal

ITEMS = [f"item_{n}" for n in range(1, 7)]
SURVEY = simulate_survey(sizes=[90, 110], items=6, missing=0.02, seed=1).frame
FIRST = Scale("first", items=ITEMS[:3], minimum=1, maximum=5)
LAST = Scale("last", items=ITEMS[3:], minimum=1, maximum=5)
CARE = Scale("care", items=ITEMS, minimum=1, maximum=5)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    SURVEY.write_csv("s.csv")
    SURVEY.write_parquet("s.parquet")
    people = pl.Series("person", [f"p{n}" for n in range(100)] * 2)
    waves = pl.Series("wave", ["before"] * 100 + ["after"] * 100)
    SURVEY.with_columns(people, waves).write_csv("long.csv")
    for scale in (FIRST, LAST, CARE):
        lines = f"items = {list(scale.items)}\nminimum = 1\nmaximum = 5\n"
        Path(f"{scale.name}.toml").write_text(f"name = '{scale.name}'\n{lines}")
    return tmp_path


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def written(*words: str) -> pl.DataFrame:
    """Return the table that a command wrote, of as many formats as there are."""
    done = [invoke(*words, "--out", f"o.{kind}") for kind in ("csv", "json", "parquet")]
    assert [each.exit_code for each in done] == [0, 0, 0], done[0].output
    assert all(each.stdout == "" for each in done)
    table = pl.read_parquet("o.parquet")
    assert done[2].stderr.startswith(f"Wrote {table.height:,} rows to o.parquet\n")
    assert pl.read_csv("o.csv").columns == pl.read_json("o.json").columns == table.columns
    return table


@pytest.mark.parametrize("data", ["s.csv", "s.parquet"])
def test_items_are_those_of_the_python_call(folder: Path, data: str) -> None:
    found = written(
        "items", data, "--scale", "care.toml", "--by", "site", "--missing", "pairwise",
        "--missing-code", "0", "--coefficients", "alpha, lambda2", "--level", "0.9",
    )  # fmt: skip
    expected = item_analysis(
        SURVEY, CARE, by="site", missing="pairwise", missing_codes=[0],
        coefficients=("alpha", "lambda2"), level=0.9,
    )  # fmt: skip
    assert_frame_equal(found, expected.table)


def test_items_are_printed_with_their_subscales(folder: Path) -> None:
    turned = pl.read_csv("s.csv").rename({item: f"x{n}" for n, item in enumerate(ITEMS, 1)})
    turned.with_columns(pl.lit(3).alias(f"x{n}") for n in range(7, 13)).write_csv("x.csv")
    done = invoke("items", "x.csv", "--scale", "scs-sf", "--columns", "x{}", "--subscales")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Item analysis")
    assert "self_kindness" in done.stdout or "scs-sf" in done.stdout


def test_groups_are_compared_as_in_python(folder: Path) -> None:
    found = written("compare", "s.csv", "--scale", "care.toml", "--by", "site")
    assert_frame_equal(found, compare_reliability(SURVEY, CARE, by="site").pairs)
    done = invoke("compare", "s.csv", "--scale", "care.toml", "--by", "site")
    assert "Are they equal?" in done.stdout


def test_waves_and_scales_are_compared_as_in_python(folder: Path) -> None:
    found = written(
        "compare", "long.csv", "--scale", "care.toml", "--wave", "wave", "--person", "person"
    )
    expected = compare_reliability(pl.read_csv("long.csv"), CARE, wave="wave", person="person")
    assert_frame_equal(found, expected.pairs)
    found = written(
        "compare", "s.csv", "--scale", "first.toml", "--scale", "last.toml", "--coefficients",
        "alpha", "--level", "0.9",
    )  # fmt: skip
    expected = compare_reliability(SURVEY, [FIRST, LAST], coefficients="alpha", level=0.9)
    assert_frame_equal(found, expected.pairs)


def test_the_number_of_factors_is_an_option(folder: Path) -> None:
    asked = ("--coefficients", "omega_h", "--factors", "2", "--two-factors", "first")
    options: dict[str, Any] = {"coefficients": "omega_h", "factors": 2, "two_factors": "first"}
    found = written("compare", "s.csv", "--scale", "care.toml", "--by", "site", *asked)
    assert_frame_equal(found, compare_reliability(SURVEY, CARE, by="site", **options).pairs)
    found = written("items", "s.csv", "--scale", "care.toml", *asked)
    assert_frame_equal(found, item_analysis(SURVEY, CARE, **options).table)
    assert found["omega_h_if_dropped"].null_count() == 0


def test_polychoric_correlations_are_those_of_the_python_call(folder: Path) -> None:
    words = ("polychoric", "s.csv", "--scale", "care.toml", "--by", "site")
    found = written(*words, "--missing", "listwise", "--threads", "1")
    assert_frame_equal(found, polychoric(SURVEY, CARE, by="site", missing="listwise").pairs)
    assert invoke(*words).stdout.strip()


def test_factors_are_those_of_the_python_call(folder: Path) -> None:
    words = ("factors", "s.csv", "--scale", "care.toml", "--factors", "2", "--seed", "3")
    found = written(*words, "--method", "ml", "--rotation", "varimax", "--starts", "5")
    expected = efa(SURVEY, CARE, n_factors=2, method="ml", rotation="varimax", starts=5, seed=3)
    assert_frame_equal(found, expected.to_frame())
    printed = invoke(*words, "--rotation", "none")
    assert "unrotated" in printed.stdout
    assert "Fit: chi-square" in printed.stdout


def test_what_a_file_cannot_say_is_said_beside_it(folder: Path) -> None:
    done = invoke("factors", "s.csv", "--scale", "care.toml", "--factors", "2", "--out", "o.csv")
    assert "starts found this rotation; seed " in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["items", "s.csv", "--scale", "care.toml", "--by", "unit"], "unit"),
        (["items", "s.csv", "--scale", "care.toml", "--coefficients", "beta"], "beta"),
        (["items", "s.csv", "--scale", "care.toml", "--missing", "none"], "pairwise"),
        (["items", "none.csv", "--scale", "care.toml"], "no such file"),
        (["items", "s.csv", "--scale", "care.toml", "--out", "s.csv"], "is also an input"),
        (["items", "s.csv", "--scale", "care.toml", "--out", "o.txt"], ".parquet"),
        (["compare", "s.csv", "--scale", "care.toml"], "Say in one way what to compare"),
        (["compare", "long.csv", "--scale", "care.toml", "--wave", "wave"], "go together"),
        (["compare", "s.csv", "--scale", "care.toml", "--by", "site", "--level", "95"], "95"),
        (["polychoric", "s.csv", "--scale", "first.toml", "--scale", "last.toml"], "name one"),
        (["factors", "s.csv", "--scale", "care.toml"], "--factors"),
        (["factors", "s.csv", "--scale", "care.toml", "--factors", "5"], "at most 3"),
        (["factors", "s.csv", "--scale", "care.toml", "--factors", "two"], "two"),
        (["factors", "s.csv", "--scale", "care.toml", "--factors", "2", "--rotation", "x"], "'x'"),
    ],
)
def test_bad_input_ends_with_one_line(folder: Path, words: list[str], said: str) -> None:
    done = invoke(*words)
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
