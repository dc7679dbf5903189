"""compassion-psy sites: the numbers of the Python call, from options or from a study file."""

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result
from compassion_psy import Bootstrap, Scale, compare_sites, simulate_survey
from compassion_psy.cli._app import app
from polars.testing import assert_frame_equal

MADE = simulate_survey(persons=500, items=4, sites=5, clusters_per_site=4, seed=1)
SCALE = Scale("care", items=MADE.scale.items, minimum=1, maximum=5)
STUDY = """\
scale = "care.toml"
site = "site"
team = "ward"
statistic = "alpha"
control = "benjamini_hochberg"
missing-code = 0
replicates = 99
seed = 3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    MADE.frame.write_csv("s.csv")
    lines = f"items = {list(SCALE.items)}\nminimum = 1\nmaximum = 5\n"
    Path("care.toml").write_text(f"name = 'care'\n{lines}")
    Path("study.toml").write_text(STUDY)
    return tmp_path


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["sites", "s.csv", *words])


def test_options_and_study_say_the_same(folder: Path) -> None:
    flags = (
        "--scale", "care.toml", "--site", "site", "--team", "ward", "--statistic", "alpha",
        "--control", "benjamini_hochberg", "--missing-code", "0", "--replicates", "99",
        "--seed", "3",
    )  # fmt: skip
    first, second = invoke(*flags), invoke("--study", "study.toml")
    assert first.exit_code == second.exit_code == 0, first.output
    assert first.stdout == second.stdout
    expected = compare_sites(
        MADE.frame, SCALE, site="site", team="ward", statistic="alpha", missing_codes=[0],
        control="benjamini_hochberg", bootstrap=Bootstrap(99, seed=3),
    )  # fmt: skip
    assert first.stdout == f"{expected}\n"


def test_expected_answers_are_a_name_or_shares(folder: Path) -> None:
    named = invoke("--study", "study.toml", "--expected-answers", "slight_skew")
    assert "slight_skew" in named.stdout
    shares = "expected_answers = [0.05, 0.15, 0.2, 0.35, 0.25]\n"
    Path("study.toml").write_text(STUDY + shares)
    asked = invoke("--study", "study.toml")
    assert "shares 0.05, 0.15, 0.2, 0.35, 0.25" in asked.stdout
    assert "1.340" in named.stdout
    assert "1.340" in asked.stdout


def test_the_line_goes_before_the_file(folder: Path) -> None:
    done = invoke("--study", "study.toml", "--statistic", "mean", "--out", "o.parquet",
                  "--pooled-out", "p.csv", "--funnel-out", "f.json")  # fmt: skip
    assert (done.exit_code, done.stdout) == (0, "")
    expected = compare_sites(
        MADE.frame, SCALE, site="site", team="ward", missing_codes=[0],
        control="benjamini_hochberg", bootstrap=Bootstrap(99, seed=3),
    )  # fmt: skip
    assert_frame_equal(pl.read_parquet("o.parquet"), expected.sites)
    assert pl.read_csv("p.csv")["estimate"].to_list() == expected.pooled["estimate"].to_list()
    assert pl.read_json("f.json").columns == expected.funnel.columns


@pytest.mark.parametrize(
    ("study", "message"),
    [
        ("scale = 'care.toml'\n", "Give --site"),
        ("site = 'site'\n", "Give --scale"),
        ("sites = 'site'\n", "'sites' is no option. Did you mean 'site'?"),
        ("level = 'high'\n", "study.toml: level: 'high' is not a valid float"),
        ("site = \n", "study.toml is not a TOML file"),
    ],
)
def test_a_study_that_cannot_be_used(folder: Path, study: str, message: str) -> None:
    Path("study.toml").write_text(study)
    done = invoke("--study", "study.toml")
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_study_that_is_not_there(folder: Path) -> None:
    done = invoke("--study", "none.toml")
    assert (done.exit_code, "none.toml" in done.stderr) == (2, True)


def test_no_input_is_overwritten(folder: Path) -> None:
    done = invoke("--study", "study.toml", "--out", "s.csv")
    assert done.exit_code == 2
    assert "is also an input" in done.stderr
