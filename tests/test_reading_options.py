"""How a file is to be read can be said on the command line, and is told by what the file says."""

import gzip
from pathlib import Path

import click.testing
import openpyxl
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.errors import DataError
from compassion_psy.reading import read_survey

HEAD = "café|a|b\n"
ROWS = "x|1|2\ny|3|3\nx|5|4\ny|2|2\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calm.toml").write_text(
        'name = "calm"\nitems = ["a", "b"]\nminimum = 1\nmaximum = 5\n'
    )
    (tmp_path / "d.csv").write_text(HEAD + ROWS, encoding="windows-1252")
    workbook = openpyxl.Workbook()
    sheet = workbook.create_sheet("wave 2")
    for row in (HEAD + ROWS).splitlines():
        sheet.append([int(cell) if cell.isdecimal() else cell for cell in row.split("|")])
    workbook.save(tmp_path / "d.xlsx")
    return tmp_path


@pytest.mark.parametrize(
    "words",
    [
        ["reliability", "--interval", "none", "--by", "café", "--out", "t.csv"],
        ["score", "--out", "t.csv"],
        ["audit", "--by", "café", "--minimum-cell", "2", "--out", "t.csv"],
    ],
)
@pytest.mark.parametrize(
    "how",
    [
        ["d.csv", "--encoding", "windows-1252", "--separator", "|"],
        ["d.xlsx", "--sheet", "wave 2"],
    ],
)
def test_the_commands_say_how_a_file_is_read(
    folder: Path, words: list[str], how: list[str]
) -> None:
    command, *rest = words
    arguments = [command, *how, "--scale", "calm.toml", *rest]
    done = click.testing.CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert (folder / "t.csv").exists()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_first_line_of_excel_names_the_separator(tmp_path: Path, end: str, mark: str) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"{mark}sep=;{end}a;b,c{end}1;2{end}3;4{end}".encode())
    expected = pl.DataFrame({"a": [1, 3], "b,c": [2, 4]})
    assert read_survey(path).collect().equals(expected)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert read_survey(tmp_path / "t.csv.gz").collect().equals(expected)


def test_a_compressed_file_with_another_ending(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(DataError, match=r"is compressed \(gzip\).*add \.gz"):
        read_survey(tmp_path / "t.csv")


def test_names_that_differ_in_their_unicode_form_only(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("cafe\u0301,b\n1,2\n")
    with pytest.raises(DataError, match="differs in its Unicode form"):
        read_survey(tmp_path / "t.csv", columns=["caf\u00e9"])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("\n\na,b\n1,2\n", "begins with an empty line"),
        ("\ufeff\r\na,b\r\n1,2\r\n", "begins with an empty line"),
        ('a,b\n1,"2\n3,4\n', "odd number of quotation marks"),
        ('a,b\n1,2"\n3,4\n', "odd number of quotation marks"),
        ("^c.*$,cx\n1,2\n", r"column named '\^c\.\*\$'.*rename it"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "t.csv").write_text(content, newline="")
    with pytest.raises(DataError, match=words):
        read_survey(tmp_path / "t.csv")
