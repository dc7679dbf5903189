"""Exports of survey platforms in the shapes that real ones have; texts are made up."""

import csv
import io
from pathlib import Path

import pytest
from compassion_psy.errors import DataError
from compassion_psy.reading import read_import_ids, read_survey

# Names in English, question texts in the language of the account, embedded data, scores and
# topics at the end; texts with line breaks, quotes and separators.
QUALTRICS = [
    ["StartDate", "Duration (in seconds)", "Finished", "ResponseId", "Q1_1", "Q1_2", "Q2_4_TEXT",
     "SC0", "Q3 - Topics"],
    ["Startdatum", "Dauer (in Sekunden)", "Abgeschlossen", "Antwort-ID",
     'Wie oft?\n\n - "Erste" Zeile', "Wie oft, insgesamt;\n - Zweite Zeile", "Andere - Text",
     "Score", ""],
    ['{"ImportId":"startDate","timeZone":"Europe/London"}', '{"ImportId":"duration"}',
     '{"ImportId":"finished"}', '{"ImportId":"_recordId"}', '{"ImportId":"QID1_1"}',
     '{"ImportId":"QID1_2","choiceId":"2"}', '{"ImportId":"QID2_4_TEXT"}', '{"ImportId":"SC_0"}',
     '{"ImportId":"QID3 - Topics"}'],
    ["2024-12-13 03:20:19", "17", "1", "R_1", "4", "5", 'zwei\nZeilen, "so"; und so', "1", ""],
    ["2024-12-13 03:21:19", "7700", "0", "R_2", "", "2", "", "0", "Unknown"],
]  # fmt: skip

# Every field quoted, notes of several paragraphs, an optional survey that one person left open.
REDCAP = [
    ["record_id", "address", "dob", "race___1", "race___2", "race____9", "notes",
     "feelings_timestamp", "calm_1", "calm_2", "feelings_complete"],
    ["1", "1 First St.\nTown, 12345", "2003-08-30", "1", "0", "0", 'A "note"\n\nin two parts, so',
     "[not completed]", "1", "4", "0"],
    ["2", "2 Second St.\nTown", "2003-03-10", "0", "1", "0", "", "2024-11-02 17:07:01", "5", "",
     "2"],
]  # fmt: skip


def written(rows: list[list[str]], *, separator: str = ",", ends: str = "\n") -> str:
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if rows is REDCAP else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=separator, lineterminator=ends, quoting=quoting).writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_qualtrics_in_another_language(tmp_path: Path, ends: str, encoding: str) -> None:
    path = tmp_path / "survey.csv"
    path.write_bytes(written(QUALTRICS, ends=ends).encode(encoding))
    frame = read_survey(path, answers=["Q1_1", "Q1_2"]).collect()
    assert frame.columns == QUALTRICS[0]
    assert frame["Duration (in seconds)"].to_list() == [17, 7700]
    assert frame.select("Q1_1", "Q1_2").rows() == [(4, 5), (None, 2)]
    assert frame["Q2_4_TEXT"].to_list() == ['zwei\nZeilen, "so"; und so', None]
    assert frame["Q3 - Topics"].to_list() == [None, "Unknown"]
    ids = read_import_ids(path)
    assert ids["column"].to_list() == QUALTRICS[0]
    assert ids["import_id"][5] == "QID1_2"


def test_tabs_of_qualtrics_are_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "survey.tsv"
    path.write_bytes(written(QUALTRICS, separator="\t").encode("utf-16"))
    with pytest.raises(DataError, match='encoding="utf-16"'):
        read_survey(path)
    frame = read_survey(path, encoding="utf-16", answers=["Q1_1", "Q1_2"]).collect()
    assert frame.columns == QUALTRICS[0]
    assert frame.select("Q1_1", "Q1_2").rows() == [(4, 5), (None, 2)]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_redcap_with_fields_of_several_lines(tmp_path: Path, ends: str, encoding: str) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(written(REDCAP, ends=ends).encode(encoding))
    frame = read_survey(path, answers=["calm_1", "calm_2"]).collect()
    assert frame.columns == REDCAP[0]
    assert frame["address"].to_list() == [row[1] for row in REDCAP[1:]]
    assert frame["notes"].to_list() == ['A "note"\n\nin two parts, so', None]
    assert frame["feelings_timestamp"].to_list() == ["[not completed]", "2024-11-02 17:07:01"]
    assert frame.select("race___1", "race___2", "race____9").rows() == [(1, 0, 0), (0, 1, 0)]
    assert frame.select("calm_1", "calm_2").rows() == [(1, 4), (5, None)]


def test_line_breaks_in_fields_do_not_make_rows(tmp_path: Path) -> None:
    # So many that a reader who cuts the file into parts cuts inside a field.
    path = tmp_path / "data.csv"
    rows = [[str(n), *REDCAP[1 + n % 2][1:]] for n in range(20_000)]
    path.write_text(written([REDCAP[0], *rows]), encoding="utf-8")
    frame = read_survey(path, answers=["calm_1", "calm_2"]).collect()
    assert frame["record_id"].to_list() == list(range(20_000))
    assert frame["calm_1"].to_list() == [1, 5] * 10_000
