"""No command replaces what it reads, nor writes two things into one file, or one of two."""

from pathlib import Path

import click.testing
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.data.writing import write_tables
from compassion_psy.errors import DataError

SCALE = 'name = "care"\nitems = ["a", "b"]\nminimum = 1\nmaximum = 5\n'
RECIPE = (
    'scales = ["care.toml"]\n[[sources]]\nname = "all"\nfiles = ["sites/*.csv"]\n'
    'answers = [{ columns = ["a", "b"] }]\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sites").mkdir()
    for name in ("north", "south"):
        (tmp_path / "sites" / f"{name}.csv").write_text("a,b\n1,2\n3,3\n5,4\n")
    # Scales may have the ending of a table: it is the content that says what they are.
    (tmp_path / "care.toml").write_text(SCALE)
    (tmp_path / "care.csv").write_text(SCALE)
    (tmp_path / "recipe.toml").write_text(RECIPE)
    (tmp_path / "recipe.json").write_text(RECIPE)
    (tmp_path / "link.csv").symlink_to("sites/north.csv")
    (tmp_path / "hard.csv").hardlink_to(tmp_path / "sites" / "north.csv")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {f"{path}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("words", "option", "said"),
    [
        (["reliability", "sites", "--scale", "care.toml"], "--out", "also an input"),
        (["reliability", "sites/*.csv", "--scale", "care.toml"], "--replicates-out", "an input"),
        (["score", "sites", "--scale", "care.toml"], "--out", "also an input"),
        (["score", "sites/north.csv", "--scale", "care.toml"], "--out", "also an input"),
        (["audit", "sites/*.csv", "--scale", "care.toml"], "--out", "also an input"),
        (["audit", "sites/north.csv", "--scale", "care.toml"], "--items-out", "also an input"),
        (["audit", "sites/north.csv", "--scale", "care.toml"], "--persons-out", "an input"),
        (["harmonise", "recipe.toml"], "--out", "also an input"),
        (["harmonise", "recipe.toml"], "--log-out", "also an input"),
    ],
)
@pytest.mark.parametrize("out", ["sites/north.csv", "link.csv", "hard.csv"])
def test_what_is_read_is_not_replaced(
    folder: Path, words: list[str], option: str, said: str, out: str
) -> None:
    before = contents(folder)
    done = click.testing.CliRunner().invoke(app, [*words, option, out])
    assert done.exit_code == 2, done.output
    assert f"{option} {out}" in done.stderr
    assert said in done.stderr
    assert contents(folder) == before


@pytest.mark.parametrize(
    "words",
    [
        ["reliability", "sites", "--scale", "care.csv", "--out", "care.csv"],
        ["score", "sites", "--scale", "care.csv", "--out", "care.csv"],
        ["audit", "sites", "--scale", "care.csv", "--out", "care.csv"],
        ["harmonise", "recipe.json", "--out", "recipe.json"],
        ["harmonise", "recipe.toml", "--out", "x.csv", "--log-out", "./x.csv"],
        ["audit", "sites", "--scale", "care.toml", "--out", "x.csv", "--items-out", "x.csv"],
    ],
)
def test_scales_recipes_and_other_outputs_are_not_replaced(folder: Path, words: list[str]) -> None:
    before = contents(folder)
    done = click.testing.CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    assert "name another file" in done.stderr
    assert contents(folder) == before


def test_the_scale_of_a_recipe_is_not_replaced(folder: Path) -> None:
    (folder / "x.csv").symlink_to("care.toml")
    done = click.testing.CliRunner().invoke(app, ["harmonise", "recipe.toml", "--out", "x.csv"])
    assert (done.exit_code, (folder / "care.toml").read_text()) == (2, SCALE)


def test_of_two_tables_both_are_written_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame({"x": [1]})

    def full(self: pl.DataFrame, file: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(pl.DataFrame, "write_json", full)
    with pytest.raises(DataError, match=r"b\.json cannot be written: no space"):
        write_tables({tmp_path / "a.csv": frame, tmp_path / "b.json": frame})
    assert list(tmp_path.iterdir()) == []
