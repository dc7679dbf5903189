"""compassion-psy change: files in, the table of a pilot out."""

from pathlib import Path
from typing import Any

import click.testing
import compassion_psy as cp
import polars as pl
import pytest
from compassion_psy.cli._app import app
from polars.testing import assert_frame_equal

CALM = 'name = "calm"\nitems = ["a", "b", "c"]\nminimum = 1\nmaximum = 5\nreversed = ["b"]\n'
SCALE = cp.Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5, reversed=["b"])
LONG = pl.DataFrame({
    "nurse": [f"0{i}" for i in range(1, 9)] * 2,
    "when": ["before"] * 8 + ["after"] * 8,
    "a": [1, 2, 3, 4, 2, 3, 1, 2, 3, 3, 4, 5, 4, 3, 2, 2],
    "b": [5, 4, 3, 2, 4, 4, 5, 3, 3, 3, 2, 1, 2, 4, 5, 1],
    "c": [2, 2, 3, 5, 1, 3, 2, 2, 3, 4, 4, 5, 2, 3, 3, 5],
    "stress": [9.5, 8, 7, 7, 9, 8, 9, 7, 7, 6, 7, 5, 6, 8, 8, 5],
})  # fmt: skip
FLAGS = ("--id", "nurse", "--wave", "when", "--pre", "before", "--post", "after",
         "--replicates", "80", "--seed", "4")  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    LONG.write_csv("long.csv")
    Path("calm.toml").write_text(CALM)
    return tmp_path


def invoke(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(app, ["change", *words])


def in_python(**options: Any) -> cp.ChangeResult:
    return cp.change(
        LONG, [SCALE, "stress"], id="nurse", wave="when", pre="before", post="after",
        interval=cp.Bootstrap(80, seed=4), better={"stress": "lower"}, norms={"calm": (12, 2)},
        reliability={"stress": 0.8}, **options,
    )  # fmt: skip


WORDS = ("--scale", "calm.toml", "--score", "stress", "--lower", "stress", "--norms", "calm=12,2",
         "--reliability", "stress=0.8")  # fmt: skip


def test_the_numbers_are_those_of_the_python_call(folder: Path) -> None:
    outs = ("--out", "t.parquet", "--tests-out", "s.parquet", "--persons-out", "p.parquet",
            "--dropout-out", "d.parquet")  # fmt: skip
    done = invoke("long.csv", *FLAGS, *WORDS, *outs)
    assert done.exit_code == 0, done.output
    expected = in_python()
    assert done.stdout == f"{expected}\n"
    for name, table in (("t", "table"), ("s", "tests"), ("p", "persons"), ("d", "dropout")):
        assert_frame_equal(pl.read_parquet(f"{name}.parquet"), getattr(expected, table))
    # An id such as 01 stays a text.
    assert pl.read_parquet("p.parquet")["nurse"][0] == "01"


def test_a_study_file(folder: Path) -> None:
    Path("study.toml").write_text(
        'scale = "calm.toml"\nscore = ["stress"]\nid = "nurse"\nwave = "when"\npre = "before"\n'
        'post = "after"\nlower = ["stress"]\nnorms = ["calm=12,2"]\nreliability = ["stress=0.8"]\n'
        "replicates = 80\nseed = 9\n"
    )
    done = invoke("long.csv", "--study", "study.toml", "--seed", "4")
    assert done.exit_code == 0, done.output
    assert done.stdout == f"{in_python()}\n"


def test_waves_as_columns(folder: Path) -> None:
    before, after = (LONG.filter(when=wave).drop("when") for wave in ("before", "after"))
    wide = before.rename(lambda name: name if name == "nurse" else f"{name}_1").join(
        after.rename(lambda name: name if name == "nurse" else f"{name}_2"), on="nurse"
    )
    wide.write_csv("wide.csv")
    done = invoke("wide.csv", "--scale", "calm.toml", "--id", "nurse", "--pre", "{}_1", "--post",
                  "{}_2", "--interval", "analytic", "--out", "o.parquet")  # fmt: skip
    assert done.exit_code == 0, done.output
    expected = cp.change(LONG, SCALE, id="nurse", wave="when", pre="before", post="after",
                         interval="analytic")  # fmt: skip
    found = pl.read_parquet("o.parquet")
    assert_frame_equal(found.drop("wave"), expected.table.drop("wave"))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (FLAGS, "Give --scale or --score"),
        ((*WORDS, "--wave", "when", "--pre", "before", "--post", "after"), "Give --id"),
        ((*FLAGS, *WORDS, "--norms", "calm=12"), "calm=12 is not such as"),
        ((*FLAGS, *WORDS, "--reliability", "alpha"), "is for all outcomes"),
        ((*FLAGS, *WORDS, "--out", "long.csv"), "is also an input"),
        ((*FLAGS, *WORDS, "--post", "aftr"), "Did you mean 'after'"),
    ],
)
def test_bad_input_ends_with_a_line(folder: Path, words: tuple[str, ...], text: str) -> None:
    done = invoke("long.csv", *words)
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert text in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seed = 1.5", "seed is 1.5, but it must be a whole number"),
        ("replicates = true", "replicates is true, but it must be a whole number"),
        ("level = true", "level is true, but it must be a number"),
        ('id = ["nurse", "person"]', "id is a list, but it must be one value"),
        ('norms = "18,3"', "--norms 18,3 is not such as calm=18,3"),
    ],
)
def test_values_of_a_study_that_would_be_changed(line: str, words: str, tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    lines = {'id = "nurse"', 'pre = "{}_pre"', 'post = "{}_post"', 'score = "calm"', line}
    kept = [each for each in lines if each == line or each.split()[0] != line.split()[0]]
    study.write_text("\n".join(kept))
    data = tmp_path / "wide.csv"
    data.write_text("nurse,calm_pre,calm_post\n1,2,3\n2,2,4\n3,4,4\n")
    found = invoke(str(data), "--study", str(study))
    assert found.exit_code == 2
    assert words in found.output
