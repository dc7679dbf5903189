"""compassion-psy score: a file of answers in, the same file with scores out."""

from pathlib import Path

import click.testing
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.scales import Scale
from compassion_psy.scoring import score

CALM = 'name = "calm"\nitems = ["a", "b", "c"]\nminimum = 1\nmaximum = 5\nreversed = ["b"]\n'
SCALE = Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5, reversed=["b"])
FRAME = pl.DataFrame(
    {"person": ["p1", "p2", "NA"], "a": [1, 5, None], "b": [2, 0, 2], "c": [3, 3, 3]}
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    FRAME.write_csv("s.csv", null_value="NA")
    FRAME.write_parquet("s.parquet")
    Path("calm.toml").write_text(CALM)
    return tmp_path


def invoke(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(app, ["score", *words])


@pytest.mark.parametrize("data", ["s.csv", "s.parquet"])
@pytest.mark.parametrize("out", ["o.csv", "o.parquet"])
def test_scores_are_those_of_the_python_call(folder: Path, data: str, out: str) -> None:
    done = invoke(
        data, "--scale", "calm.toml", "--missing", "person_mean", "--minimum-answered", "2",
        "--missing-code", "0", "--pomp", "--reliability", "total=0.8", "--level", "0.9",
        "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert done.stderr == "calm_total: 3 of 3 persons\nWrote 3 rows to " + out + "\n"
    expected = score(
        FRAME, SCALE, missing="person_mean", minimum_answered=2, missing_codes=[0], pomp=True,
        reliability=0.8, level=0.9,
    )  # fmt: skip
    found = pl.read_csv(out) if out.endswith("csv") else pl.read_parquet(out)
    assert found.columns == expected.columns
    assert found["person"].to_list() == FRAME["person"].to_list()
    assert found.drop("person").rows() == expected.drop("person").rows()


def test_a_share_of_the_items_and_a_published_scale(folder: Path) -> None:
    FRAME.select(pl.lit(2).alias(f"w{n}") for n in range(1, 6)).write_csv("w.csv")
    words = ("--scale", "who-5", "--columns", "w{}", "--out", "o.csv")
    assert invoke("w.csv", *words).exit_code == 0
    assert pl.read_csv("o.csv")["who_5_total"].to_list() == [40]
    done = invoke("w.csv", *words, "--missing", "person_mean", "--minimum-answered", "0.8")
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["s.csv", "--scale", "calm.toml"], "'b' has 1 (row 2: 0)"),
        (
            ["s.csv", "--scale", "calm.toml", "--missing-code", "0", "--reliability", "x"],
            "total=0.8",
        ),
        (["s.csv", "--scale", "calm.toml", "--minimum-answered", "most"], "'most' is not a number"),
        (["s.csv", "--scale", "who5"], "no published scale 'who5'"),
        (["s.csv", "--scale", "calm.toml", "--scale", "who-5", "--columns", "x{}"], "one scale"),
        (["none.csv", "--scale", "calm.toml"], "no such file"),
    ],
)
def test_what_cannot_be_scored_leaves_no_file(folder: Path, words: list[str], said: str) -> None:
    done = invoke(*words, "--out", "o.csv")
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: ")
    assert said in done.stderr
    assert not Path("o.csv").exists()
