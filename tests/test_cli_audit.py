"""compassion-psy audit."""

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from compassion_psy import simulate_survey
from compassion_psy.cli._app import app

SURVEY = simulate_survey(persons=600, items=6, sites=3, reversed=2, seed=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    SURVEY.frame.write_csv(tmp_path / "right.csv")
    turned = pl.when(pl.col("site") == "S2").then(6 - pl.col("item_1")).otherwise("item_1")
    SURVEY.frame.with_columns(turned.alias("item_1")).write_csv(tmp_path / "wrong.csv")
    (tmp_path / "scale.toml").write_text(
        f"name = 'calm'\nitems = {list(SURVEY.scale.items)}\nminimum = 1\nmaximum = 5\n"
        f"reversed = {list(SURVEY.scale.reversed)}\n"
    )
    return tmp_path


def run(folder: Path, data: str, *words: str) -> Result:
    scale = str(folder / "scale.toml")
    return CliRunner().invoke(app, ["audit", str(folder / data), "--scale", scale, *words])


def test_nothing_odd(folder: Path) -> None:
    done = run(folder, "right.csv", "--by", "site", "--fail-on-findings")
    assert done.exit_code == 0, done.output
    assert "nothing odd found" in done.output


def test_findings_are_shown_written_and_an_exit_code_on_request(folder: Path) -> None:
    out = folder / "findings.csv"
    assert run(folder, "wrong.csv", "--by", "site", "--out", str(out)).exit_code == 0
    found = pl.read_csv(out).filter(pl.col("kind") != "careless")
    rows = found.select("site", "item", "finding").rows()
    assert rows == [("S2", "item_1", "turned_here")]
    done = run(folder, "wrong.csv", "--by", "site", "--fail-on-findings")
    assert done.exit_code == 3
    assert "turned_here" in done.output


def test_items_and_persons_are_written(folder: Path) -> None:
    items, persons = folder / "items.parquet", folder / "persons.parquet"
    done = run(folder, "right.csv", "--items-out", str(items), "--persons-out", str(persons))
    assert done.exit_code == 0, done.output
    assert pl.read_parquet(items).height == 6
    assert pl.read_parquet(persons).height == 600


def test_a_published_scale_by_pattern(folder: Path) -> None:
    data = str(folder / "right.csv")
    words = ["audit", data, "--scale", "swls", "--columns", "item_{}"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, ["audit", data, "--scale", "sws"])
    assert done.exit_code == 2
    assert "swls" in done.output


def test_two_scales_in_one_file(folder: Path) -> None:
    one = (folder / "scale.toml").read_text()
    both = f"[[scales]]\n{one}\n[[scales]]\n{one.replace('calm', 'calmer')}"
    (folder / "scale.toml").write_text(both)
    done = run(folder, "right.csv")
    assert done.exit_code == 2
    assert "describes 2 scales" in done.output


def test_known_findings_are_no_reason_to_fail(folder: Path) -> None:
    words = ["--by", "site", "--fail-on-findings"]
    assert run(folder, "wrong.csv", *words, "--accept", "weak_item").exit_code == 3
    assert run(folder, "wrong.csv", *words, "--accept", "turned_here:item_2").exit_code == 3
    assert run(folder, "wrong.csv", *words, "--accept", "turned_here:item_1").exit_code == 0
    assert run(folder, "wrong.csv", *words, "--accept", "turned_here").exit_code == 0


def test_an_attention_check_that_is_true_or_false(folder: Path) -> None:
    passed = pl.int_range(pl.len()) >= 60
    SURVEY.frame.with_columns(passed=passed).write_parquet(folder / "checked.parquet")
    persons = folder / "persons.parquet"
    words = ["--attention", "passed=true", "--persons-out", str(persons)]
    assert run(folder, "checked.parquet", *words).exit_code == 0
    assert pl.read_parquet(persons)["attention_failed"].sum() == 60
    assert run(folder, "checked.parquet", "--attention", "passed=yes").exit_code == 2
