"""The way from raw files to a table, as the documentation goes it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from compassion_psy import harmonise
from compassion_psy.cli._app import app

DOCS = Path(__file__).parents[1] / "docs"
DATA = Path(__file__).parents[2] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for year in (2023, 2024, 2025):
        (tmp_path / f"iri_{year}.csv").symlink_to(DATA / f"iri_{year}.csv")
    (tmp_path / "iri.toml").write_text(blocks("harmonising.md", "toml")[0], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_python(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for block in blocks("from-raw-files.md", "python"):
        exec(block, names)
    said = capsys.readouterr().out
    assert "iri_personal_distress" in said
    findings = names["audit"].findings.filter(kind="key")  # type: ignore[attr-defined]
    assert findings.select("year", "item", "finding").rows() == [
        (None, "iri_7", "weak_item"),
        ("2025", "iri_13", "weak_item"),
    ]
    assert names["scored"].height == names["result"].table["n"].max() + 1209  # type: ignore[attr-defined]
    # Nothing was found turned: the corrected recipe is the recipe.
    assert harmonise("corrected.toml").frame.equals(names["raw"].frame)  # type: ignore[attr-defined]
    first = blocks("from-raw-files.md", "python")[0]
    assert len(first.strip().splitlines()) < 20


def test_on_the_command_line(folder: Path) -> None:
    commands = " ".join(blocks("from-raw-files.md", "sh")).strip().splitlines()
    codes = []
    for line in commands:
        words = [word.strip('"') for word in line.split()][1:]
        codes.append(CliRunner().invoke(app, words).exit_code)
    assert codes == [0, 0, 0, 0]
    # The two weak items, and rows that are there twice, are findings that the page accepts.
    words = ["audit", "iri.parquet", "--scale", "iri", "--columns", "iri_{}", "--by", "year"]
    assert CliRunner().invoke(app, [*words, "--fail-on-findings"]).exit_code == 3
    assert {path.name for path in folder.iterdir()} >= {"by_year.csv", "log.csv", "scored.parquet"}
