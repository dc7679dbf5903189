"""The command line: files in, table or files out, one line and an exit code when it cannot."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click.testing
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.errors import CompassionWarning, DataError
from compassion_psy.options import Bootstrap
from compassion_psy.reliability import reliability
from compassion_psy.scales import Scale
from compassion_psy.simulate import simulate_survey

COMMAND = [sys.executable, "-c", "from compassion_psy.cli import main; main()"]
SCALE = (
    'name = "care"\nitems = ["item_1", "item_2", "item_3", "item_4"]\nminimum = 1\nmaximum = 5\n'
)
CARE = Scale("care", items=["item_1", "item_2", "item_3", "item_4"], minimum=1, maximum=5)


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A folder with a survey as Parquet and CSV, and a scale."""
    frame = simulate_survey(sizes=[80, 120], items=4, missing=0.02, seed=1).frame
    frame.write_parquet(tmp_path / "survey.parquet")
    frame.write_csv(tmp_path / "survey.csv")
    (tmp_path / "care.toml").write_text(SCALE)
    return tmp_path


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own with its output piped."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """The calls of the analysis, which itself does nothing."""
    received = []

    class Result(SimpleNamespace):
        def __str__(self) -> str:
            return "the table"

    def record(*arguments: Any, **options: Any) -> Result:
        received.append((arguments, options))
        return Result(
            table=pl.DataFrame({"x": [1.5]}), replicates=pl.DataFrame({"value": [2.5]}), seed=11
        )

    monkeypatch.setattr("compassion_psy.cli.reliability.estimate_reliability", record)
    return received


def invoke(*arguments: str | Path) -> click.testing.Result:
    return click.testing.CliRunner().invoke(app, list(map(str, arguments)))


def test_defaults_are_those_of_the_python_call(survey: Path, calls: list[Any]) -> None:
    done = invoke("reliability", survey / "survey.csv", "--scale", survey / "care.toml")
    assert (done.exit_code, done.stdout) == (0, "the table\n")
    ((frame, scales), options) = calls[0]
    assert frame.collect().equals(pl.read_parquet(survey / "survey.parquet"), null_equal=True)
    assert scales == [CARE]
    assert options == {
        "by": None,
        "cluster": None,
        "strata": None,
        "weights": None,
        "missing_codes": (),
        "coefficients": ("alpha", "omega_u"),
        "interval": Bootstrap(),
        "missing": "listwise",
        "level": 0.95,
        "factors": 3,
        "two_factors": "equal",
        "threads": None,
    }


def test_every_option_reaches_the_python_call(survey: Path, calls: list[Any]) -> None:
    (survey / "two.toml").write_text(f"[[scales]]\n{SCALE}".replace("care", "second"))
    frame = pl.read_parquet(survey / "survey.parquet")
    frame.with_columns(year=2026, kind=pl.lit("x"), w=1.0).write_parquet(survey / "more.parquet")
    done = invoke(
        "reliability", survey / "more.parquet",
        "--scale", survey / "care.toml", "--scale", survey / "two.toml",
        "--by", "site", "--by", "year", "--cluster", "ward", "--strata", "kind",
        "--weights", "w", "--missing-code", "0", "--missing-code", "-9", "--missing-code", "1.5",
        "--missing", "pairwise", "--coefficients", "alpha, lambda6", "--interval", "percentile",
        "--replicates", "50", "--seed", "7", "--level", "0.9", "--threads", "2",
        "--factors", "2", "--two-factors", "first",
        "--out", survey / "t.csv", "--replicates-out", survey / "r.json",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    ((_, scales), options) = calls[0]
    assert [scale.name for scale in scales] == ["care", "second"]
    assert options == {
        "by": ["site", "year"],
        "cluster": ["ward"],
        "strata": ["kind"],
        "weights": "w",
        "missing_codes": (0, -9, 1.5),
        "coefficients": ("alpha", "lambda6"),
        "interval": Bootstrap(50, method="percentile", seed=7),
        "missing": "pairwise",
        "level": 0.9,
        "factors": 2,
        "two_factors": "first",
        "threads": 2,
    }
    assert done.stdout == ""
    assert (survey / "t.csv").read_text() == "x\n1.5\n"
    assert json.loads((survey / "r.json").read_text()) == [{"value": 2.5}]


@pytest.mark.parametrize(
    ("name", "passed"), [("none", None), ("feldt", "feldt"), ("adf", "adf"), ("normal_theory",) * 2]
)
def test_intervals_without_a_bootstrap(
    survey: Path, calls: list[Any], name: str, passed: str | None
) -> None:
    invoke(
        "reliability", survey / "survey.csv", "--scale", survey / "care.toml", "--interval", name
    )
    assert calls[0][1]["interval"] == passed


@pytest.mark.parametrize(
    "option",
    [["--replicates", "9"], ["--seed", "0"], ["--bayesian"], ["--replicates-out", "r.csv"]],
)
def test_bootstrap_options_without_a_bootstrap_are_refused(
    survey: Path, calls: list[Any], option: list[str]
) -> None:
    done = invoke(
        "reliability", survey / "survey.csv", "--scale", survey / "care.toml",
        "--interval", "feldt", *option,
    )  # fmt: skip
    assert done.exit_code == 2
    assert f"{option[0]} belongs to a bootstrap interval" in done.stderr
    assert calls == []


def test_warnings_are_one_line_without_a_place_in_the_code(
    survey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def warn(*arguments: Any, **options: Any) -> str:
        import warnings

        warnings.warn("few\nclusters", CompassionWarning, stacklevel=1)
        return "the table"

    monkeypatch.setattr("compassion_psy.cli.reliability.estimate_reliability", warn)
    done = invoke("reliability", survey / "survey.csv", "--scale", survey / "care.toml")
    assert (done.stdout, done.stderr) == ("the table\n", "Warning: few clusters\n")


def test_an_error_of_several_lines_becomes_one(
    survey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise DataError("column 'item_1'\n  holds 9")

    monkeypatch.setattr("compassion_psy.cli.reliability.estimate_reliability", refuse)
    done = invoke("reliability", survey / "survey.csv", "--scale", survey / "care.toml")
    assert (done.exit_code, done.stderr) == (2, "Error: column 'item_1' holds 9\n")


def test_an_error_in_the_program_itself_is_not_hidden(
    survey: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("compassion_psy.cli.reliability.estimate_reliability", fail)
    done = invoke("reliability", survey / "survey.csv", "--scale", survey / "care.toml")
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_the_extra_the_command_says_what_to_install(missing: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from importlib.util import find_spec\n"
        "from compassion_psy.cli import main; sys.argv[1:] = ['demo', '--replicates', '0']; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    if missing == "click":
        assert 'pip install "compassion_psy[cli]"' in done.stderr
    else:  # only the bar needs rich
        assert "replicates is 0" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("reliabilty survey.csv", "Did you mean 'reliability'"),
        ("reliability survey.csv", "Missing option '--scale'"),
        ("reliability --scale care.toml", "Missing argument 'DATA'"),
        ("reliability absent.csv --scale care.toml", "absent.csv cannot be read"),
        ("reliability survey.csv --scale absent.toml", "absent.toml"),
        ("reliability survey.doc --scale care.toml", "ends in .csv, .csv.gz, .tsv"),
        ("reliability survey.csv --scale care.toml --out t.xlsx", ".csv, .parquet or .json"),
        ("reliability survey.csv --scale care.toml --out no/t.csv", "no folder no"),
        ("reliability survey.csv --scale care.toml --by sight", "'sight'"),
        ("reliability survey.csv --scale care.toml --cluster wart", "Did you mean 'ward'"),
        ("reliability survey.csv --scale care.toml --weights weight", "'weight'"),
        ("reliability survey.csv --scale care.toml --coefficients beta", "'beta'"),
        ("reliability survey.csv --scale care.toml --interval bcaa", "'bcaa'"),
        ("reliability survey.csv --scale care.toml --missing casewise", "'casewise'"),
        ("reliability survey.csv --scale care.toml --missing-code NA", "'NA' is not a number"),
        ("reliability survey.csv --scale care.toml --replicates 0", "replicates is 0"),
        ("reliability survey.csv --scale care.toml --seed -1", "seed is -1"),
        ("reliability survey.csv --scale care.toml --level 95", "95"),
        ("reliability survey.csv --scale care.toml --threads 0", "threads"),
        ("reliability survey.csv --scale narrow.toml", "item_1"),
        ("reliability survey.csv --scale text.toml", "site"),
        ("reliability broken.csv --scale care.toml", "broken.csv"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(survey: Path, arguments: str, words: str) -> None:
    (survey / "narrow.toml").write_text(SCALE.replace("maximum = 5", "maximum = 3"))
    (survey / "text.toml").write_text(SCALE.replace("item_4", "site"))
    (survey / "broken.csv").write_text("item_1,item_2\n1,2,3\n")
    (survey / "survey.doc").touch()
    done = run(*arguments.split(), cwd=survey)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("Error: ")
    assert words in done.stderr


def test_the_command_gives_what_the_python_call_gives(survey: Path) -> None:
    expected = reliability(
        pl.read_parquet(survey / "survey.parquet"),
        CARE,
        by="site",
        cluster="ward",
        interval=Bootstrap(200, seed=3),
    )
    for data, out in (("parquet", "csv"), ("csv", "parquet"), ("csv", "json")):
        done = run(
            "reliability", f"survey.{data}", "--scale", "care.toml", "--by", "site",
            "--cluster", "ward", "--replicates", "200", "--seed", "3", "--out", f"t.{out}",
            cwd=survey,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        assert done.stderr == f"Wrote 4 rows to t.{out}\n"  # and no bar on a pipe
    read = {
        "csv": pl.read_csv(survey / "t.csv"),
        "parquet": pl.read_parquet(survey / "t.parquet"),
        "json": pl.DataFrame(json.loads((survey / "t.json").read_text())),
    }
    for table in read.values():
        assert table.columns == expected.table.columns
        assert table.rows() == expected.table.rows()


def test_the_table_is_printed_when_no_file_is_named(survey: Path) -> None:
    done = run(
        "reliability", "survey.parquet", "--scale", "care.toml", "--by", "site",
        "--interval", "feldt", "--coefficients", "alpha", cwd=survey,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    for word in ("site", "alpha", "S1", "S2", "feldt"):
        assert word in done.stdout


def test_demo_writes_what_it_says_and_its_command_gives_the_same_table(tmp_path: Path) -> None:
    done = run("demo", "--out", "d", "--replicates", "200", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("S01", "S12", "alpha", "omega_u", "true", "bca", "intervals hold the true value"):
        assert word in done.stdout
    files = {path.name for path in (tmp_path / "d").iterdir()}
    assert files == {"survey.parquet", "scale.toml", "truth.parquet", "results.parquet"}
    words = done.stdout.replace("\\\n", " ").splitlines()[-1].split()
    assert words[0] == "compassion-psy"
    again = run(*words[1:], "--out", "again.parquet", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    first = pl.read_parquet(tmp_path / "d" / "results.parquet")
    assert first.equals(pl.read_parquet(tmp_path / "again.parquet"))
    assert first.height == 24


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for another process")
def test_interrupting_ends_with_exit_code_130(tmp_path: Path) -> None:
    simulate_survey(persons=200_000, items=4, seed=1).frame.write_parquet(tmp_path / "s.parquet")
    (tmp_path / "care.toml").write_text(SCALE)
    words = "reliability s.parquet --scale care.toml --replicates 1000000 --out t.csv"
    with subprocess.Popen(
        [*COMMAND, *words.split()], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(3)  # by now it resamples
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said.split() == ["Interrupted."]
    assert not (tmp_path / "t.csv").exists()


def test_sites_whose_codes_look_like_numbers_stay_apart(survey: Path) -> None:
    frame = pl.read_parquet(survey / "survey.parquet")
    codes = pl.Series("site", ["01", "1", "1.1", "1.10"] * (frame.height // 4))
    frame.with_columns(codes, ward=codes + "0").write_csv(survey / "codes.csv")
    done = run(
        "reliability", "codes.csv", "--scale", "care.toml", "--by", "site", "--cluster", "ward",
        "--interval", "none", "--coefficients", "alpha", "--out", "t.parquet", cwd=survey,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(survey / "t.parquet")["site"].to_list() == ["01", "1", "1.1", "1.10"]


@pytest.mark.parametrize("out", ["survey.csv", "../{}/survey.csv", "link.csv", "hard.csv"])
def test_an_output_that_is_the_input_is_refused(
    survey: Path, calls: list[Any], monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(survey)
    (survey / "link.csv").symlink_to("survey.csv")
    (survey / "hard.csv").hardlink_to(survey / "survey.csv")
    before = (survey / "survey.csv").read_bytes()
    out = out.format(survey.name)
    for option in ("--out", "--replicates-out"):
        done = invoke("reliability", "survey.csv", "--scale", "care.toml", option, out)
        assert done.exit_code == 2
        assert f"{option} {out} is also an input; name another file." in done.stderr
    assert calls == []
    assert (survey / "survey.csv").read_bytes() == before


def test_two_outputs_in_one_file_are_refused(
    survey: Path, calls: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(survey)
    done = invoke(
        "reliability", "survey.csv", "--scale", "care.toml", "--out", "t.csv",
        "--replicates-out", survey / "t.csv",
    )  # fmt: skip
    assert done.exit_code == 2
    assert "t.csv is also --out" in done.stderr
    assert calls == []


def test_a_seed_that_was_drawn_is_told_with_the_file(survey: Path, calls: list[Any]) -> None:
    options = ["reliability", survey / "survey.csv", "--scale", survey / "care.toml"]
    drawn = invoke(*options, "--out", survey / "t.csv")
    assert "Seed 11; give --seed 11 to repeat." in drawn.stderr
    given = invoke(*options, "--out", survey / "t.csv", "--seed", "11")
    assert "Seed" not in given.stderr


def test_a_narrow_code_page_does_not_break_the_table(survey: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "reliability", "survey.csv", "--scale", "care.toml", "--interval", "none"],
        cwd=survey,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"alpha" in done.stdout


def test_demo_shows_a_command_that_runs_and_refuses_a_file(tmp_path: Path) -> None:
    done = run("demo", "--out", "my demo", "--replicates", "10", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    command = done.stdout.partition("compassion-psy reliability ")[2].replace("\\\n", " ")
    again = run("reliability", *shlex.split(command), cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    (tmp_path / "afile").touch()
    done = run("demo", "--out", "afile", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "Error: --out afile is a file; name a folder.\n"


def test_the_bayesian_bootstrap_and_strata_do_not_go_together(
    survey: Path, calls: list[Any]
) -> None:
    options = ["reliability", survey / "survey.csv", "--scale", survey / "care.toml", "--bayesian"]
    assert invoke(*options).exit_code == 0
    assert calls[0][1]["interval"] == Bootstrap(weights="bayesian")
    done = invoke(*options, "--strata", "site")
    assert (done.exit_code, len(calls)) == (2, 1)
    assert done.stderr.startswith("Error: --bayesian weights do not keep the shares of --strata")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("N/A", "has the text 'N/A' in row 5"),
        ("often", "has the text 'often' in row 5"),
    ],
)
def test_texts_among_the_answers_of_a_csv_file_are_explained(
    survey: Path, answer: str, words: str
) -> None:
    lines = (survey / "survey.csv").read_text().splitlines()
    lines[5] = ",".join([*lines[5].split(",")[:-1], answer])
    (survey / "texts.csv").write_text("\n".join(lines))
    done = run("reliability", "texts.csv", "--scale", "care.toml", cwd=survey)
    assert done.returncode == 2
    assert words in done.stderr
    assert "leave the field empty where an answer is missing" in done.stderr


def test_an_unknown_instruction_set_is_bad_input(survey: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "reliability", "survey.csv", "--scale", "care.toml"],
        cwd=survey,
        capture_output=True,
        text=True,
        env={**os.environ, "COMPASSION_PSY_SIMD": "foo"},
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("Error: The environment variable COMPASSION_PSY_SIMD is 'foo'")


def test_published_scales_are_named_by_id(survey: Path) -> None:
    frame = simulate_survey(persons=200, items=28, minimum=0, maximum=4, seed=3).frame
    frame.write_csv(survey / "iri.csv")
    options = ["--columns", "item_{:02d}", "--interval", "none", "--coefficients", "alpha"]
    done = invoke(
        "reliability", survey / "iri.csv", "--scale", "iri", *options, "--out", survey / "t.csv"
    )
    assert done.exit_code == 0, done.output
    # It has no total.
    assert pl.read_csv(survey / "t.csv")["scale"].to_list() == [
        "iri_fantasy",
        "iri_empathic_concern",
        "iri_perspective_taking",
        "iri_personal_distress",
    ]
    frame = simulate_survey(persons=200, items=12, seed=3).frame
    frame.write_csv(survey / "scs.csv")
    for more, rows in (([], 1), (["--subscales"], 7)):
        done = invoke(
            "reliability", survey / "scs.csv", "--scale", "scs-sf", *options, *more,
            "--out", survey / "t.csv",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert pl.read_csv(survey / "t.csv").height == rows
