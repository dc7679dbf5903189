"""compassion-psy pathway: the numbers of the Python calls, from flags and from a study file."""

from pathlib import Path

import compassion_psy as cp
import polars as pl
import pytest
from click.testing import CliRunner, Result
from compassion_psy.cli._app import app
from polars.testing import assert_frame_equal

DATA = cp.simulate_pathway(persons=400, teams=40, seed=1).frame
MODEL = "empathy ~ a*self_compassion + training\nwellbeing ~ b*empathy\nab := a*b\n"
MEDIATION = ["--x", "training", "--m", "self_compassion", "--y", "wellbeing"]
HOW = cp.Bootstrap(100, method="percentile", seed=5)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    DATA.write_csv("staff.csv")
    Path("model.txt").write_text(MODEL)


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, ["pathway", "staff.csv", *words])


def test_a_model_from_a_file() -> None:
    done = invoke(
        "--model", "model.txt", "--cluster", "team", "--replicates", "100", "--seed", "5",
        "--out", "table.parquet", "--graphviz", "path.dot",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    expected = cp.pathway(DATA, MODEL, cluster="team", interval=HOW)
    assert_frame_equal(pl.read_parquet("table.parquet"), expected.table)
    assert Path("path.dot").read_text() == expected.to_graphviz()


def test_a_study_file_is_the_same_as_flags() -> None:
    words = [
        "--x", "training", "--m", "self_compassion", "--y", "wellbeing", "--seed", "5",
        "--replicates", "100", "--modulator", "a=support", "--covariate", "demands",
    ]  # fmt: skip
    Path("study.toml").write_text(
        'x = "training"\nm = ["self_compassion"]\ny = "wellbeing"\nseed = 5\nreplicates = 100\n'
        'modulator = ["a=support"]\ncovariate = ["demands"]\n'
    )
    first, second = invoke(*words), invoke("--study", "study.toml")
    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert first.output == second.output
    result = cp.mediation(
        DATA, x="training", m="self_compassion", y="wellbeing", modulators={"a": "support"},
        covariates="demands", interval=HOW,
    )  # fmt: skip
    assert first.output.split() == str(result).split()


def test_pairs_may_be_tables_in_a_study_file() -> None:
    words = [
        *MEDIATION, "--interval", "wald", "--modulator", "a=support", "--modulator", "a=demands",
        "--at", "support=0", "--at", "support=1", "--at", "demands=0",
    ]  # fmt: skip
    Path("study.toml").write_text(
        'x = "training"\nm = "self_compassion"\ny = "wellbeing"\ninterval = "wald"\n'
        'modulator = {a = ["support", "demands"]}\nat = {support = [0, 1], demands = 0}\n'
    )
    first, second = invoke(*words), invoke("--study", "study.toml")
    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert first.output == second.output
    result = cp.mediation(
        DATA, x="training", m="self_compassion", y="wellbeing", interval="wald",
        modulators={"a": ["support", "demands"]}, levels={"support": [0, 1], "demands": [0]},
    )  # fmt: skip
    assert first.output.split() == str(result).split()
    Path("study.toml").write_text("x = {a = 1}\n")
    done = invoke("--study", "study.toml")
    assert done.exit_code == 2
    assert "x is a table, but it must be one value" in done.output


@pytest.mark.parametrize("interval", ["wald", "monte_carlo", "none", "bca"])
def test_intervals(interval: str) -> None:
    done = invoke("--model", MODEL, "--interval", interval, "--seed", "5", "--replicates", "100")
    assert done.exit_code == 0, done.output


def test_scores_and_reliabilities() -> None:
    survey = cp.simulate_survey(sizes=[200], items=6, seed=1).frame
    outcome = survey["item_1"] + survey["item_6"]
    survey.with_columns(outcome=outcome).write_csv("staff.csv")
    Path("care.toml").write_text(
        'name = "care"\nitems = ["item_2", "item_3", "item_4"]\nminimum = 1\nmaximum = 5\n'
    )
    done = invoke("--model", "outcome ~ care", "--scale", "care=care.toml", "--replicates", "100",
                  "--reliability", "alpha", "--seed", "5", "--out", "table.parquet")  # fmt: skip
    assert done.exit_code == 0, done.output
    scale = cp.Scale("care", items=["item_2", "item_3", "item_4"], minimum=1, maximum=5)
    expected = cp.pathway(
        survey.with_columns(outcome=outcome), "outcome ~ care", scales={"care": scale},
        reliability="alpha", interval=HOW,
    )  # fmt: skip
    assert_frame_equal(pl.read_parquet("table.parquet"), expected.table)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give --model"),
        (["--model", "nowhere.txt"], "neither a model nor a file"),
        (["--model", "y ~ q"], "no column 'q'"),
        (["--model", MODEL, "--x", "a", "--m", "b", "--y", "c"], "Give --model"),
        (["--model", ""], "no regression; write one"),
        (["--model", "wellbeing ~ a*training; empathy ~ a*training"], "equal"),
        (["--model", "wellbeing ~ empathy; empathy ~ wellbeing"], "not recursive"),
        (["--model", "wellbeing ~ training*support"], "'training + support + training:support'"),
        (["--model", "wellbeing ~ team"], "'team' has the text 'T01' in row 1"),
        (["--model", "wellbeing ~ empathy", "--cluster", "tean"], "Did you mean 'team'"),
        (["--model", MODEL, "--at", "support=1"], "Give --model"),
        ([*MEDIATION, "--modulator", "e=support"], "path 'e', which is not there"),
        ([*MEDIATION, "--modulator", "a=suport"], "Did you mean 'support'"),
        ([*MEDIATION, "--modulator", "a=support", "--at", "support=low"], "not such as support=3"),
        ([*MEDIATION, "--at", "support=1"], "modulates nothing"),
        (["--model", MODEL, "--x", "a"], "Give --model"),
        (["--model", MODEL, "--modulator", "a=b"], "Give --model"),
        (["--model", MODEL, "--serial"], "Give --model"),
        (["--model", MODEL, "--reliability", "a=b"], "not a number"),
        (["--model", MODEL, "--columns", "q=a{}"], "--scale does not"),
        (["--model", MODEL, "--modulator", "a"], "NAME=VALUE"),
        (["--model", MODEL, "--out", "staff.csv"], "is also an input"),
        (["--model", MODEL, "--graphviz", "staff.csv"], "no .dot or .gv file"),
        (["--model", MODEL, "--graphviz", "nowhere/path.dot"], "there is no folder nowhere"),
    ],
)
def test_bad_input_is_one_line(words: list[str], message: str) -> None:
    done = invoke(*words)
    assert done.exit_code == 2
    assert message in done.output
    assert "Traceback" not in done.output


def test_a_model_written_by_a_windows_editor() -> None:
    Path("windows.txt").write_text(MODEL, encoding="utf-8-sig", newline="\r\n")
    how = ["--interval", "wald", "--out"]
    for model in ("windows.txt", "model.txt"):
        assert invoke("--model", model, *how, f"{model}.csv").exit_code == 0
    assert Path("windows.txt.csv").read_text() == Path("model.txt.csv").read_text()


@pytest.mark.parametrize("at", ["3", "=3"])
def test_a_level_without_its_modulator(at: str) -> None:
    done = invoke(*MEDIATION, "--modulator", "a=support", "--at", at)
    assert done.exit_code == 2
    assert "--at has a number without its modulator; write COLUMN=NUMBER" in done.output
