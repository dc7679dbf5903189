"""The worked examples of docs/harmonising.md, as they stand there, on real surveys."""

import gzip
import re
from io import BytesIO
from pathlib import Path

import click.testing
import numpy as np
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.errors import DataError
from compassion_psy.harmonise import Harmonised, harmonise

DATA = Path(__file__).parents[2] / "shared" / "data"
PAGE = Path(__file__).parents[1] / "docs" / "harmonising.md"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")

SUBSCALES = {
    "fs": [1, 5, 7, 12, 16, 23, 26],
    "pt": [3, 8, 11, 15, 21, 25, 28],
    "ec": [2, 4, 9, 14, 18, 20, 22],
    "pd": [6, 10, 13, 17, 19, 24, 27],
}
AGAINST = [3, 4, 7, 12, 13, 14, 15, 18, 19]


def written_on_the_page(folder: Path) -> Path:
    """Put the files that the page shows beside the data, in a folder of their own."""
    blocks = re.findall(r"```toml\n# (\S+)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for name, text in blocks:
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("iri_2023.csv", "iri_2024.csv", "iri_2025.csv", "sq_short_text.csv.gz"):
        (folder / name).symlink_to(DATA / name)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_on_the_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def iri(folder: Path) -> Harmonised:
    return harmonise(folder / "iri.toml")


def keyed_sums(frame: pl.DataFrame, year: str) -> dict[str, np.ndarray]:
    """Sums of each subscale, the items of the key turned, in NumPy."""
    answers = frame.filter(year=year).select(f"iri_{n}" for n in range(1, 29)).to_numpy()
    assert answers.min() == 0
    assert answers.max() == 4
    turned = np.array(AGAINST) - 1
    answers[:, turned] = 4 - answers[:, turned]
    return {key: answers[:, np.array(items) - 1].sum(axis=1) for key, items in SUBSCALES.items()}


def test_keyed_sums_are_those_that_the_files_ship(iri: Harmonised) -> None:
    shipped = pl.read_csv(DATA / "iri_2023.csv")
    sums = keyed_sums(iri.frame, "2023")
    for key in SUBSCALES:
        np.testing.assert_array_equal(sums[key], shipped[key.upper()].to_numpy())
    shipped = pl.read_csv(DATA / "iri_2024.csv")
    sums = keyed_sums(iri.frame, "2024")
    for key in SUBSCALES:
        # Seven items that begin at 1 there and at 0 here.
        np.testing.assert_array_equal(sums[key], shipped[f"IRI_{key}"].to_numpy() - 7)


def test_keyed_sums_of_the_year_that_ships_none(iri: Harmonised) -> None:
    raw = pl.read_csv(DATA / "iri_2025.csv")
    seen: set[int] = set()
    first = [not (code in seen or seen.add(code)) for code in raw["person_code"]]
    raw = raw.filter(pl.Series(first))
    assert raw.height == 238
    sums = keyed_sums(iri.frame, "2025")
    for key, items in SUBSCALES.items():
        stored = raw.select(f"iri_{key.upper()}{n}" for n in items).to_numpy() - 1
        np.testing.assert_array_equal(sums[key], stored.sum(axis=1))


def test_the_log_of_the_three_years_counts_what_was_done(iri: Harmonised) -> None:
    log = iri.log
    assert log.filter(step="joined").select("source", "rows").rows() == [
        ("2023", 1110), ("2024", 971), ("2025", 238),
    ]  # fmt: skip
    assert log.filter(step="duplicates").select("source", "rows").rows() == [("2025", 3)]
    cells = {
        (year, step): log.filter(source=year, step=step)["cells"].sum()
        for year in ("2023", "2024", "2025")
        for step in ("shift", "turn", "missing")
    }
    assert cells == {
        ("2023", "shift"): 0, ("2023", "turn"): 9 * 1110, ("2023", "missing"): 9,
        ("2024", "shift"): 28 * 971, ("2024", "turn"): 9 * 971, ("2024", "missing"): 8,
        ("2025", "shift"): 28 * 238, ("2025", "turn"): 9 * 238, ("2025", "missing"): 1,
    }  # fmt: skip
    # Of the three persons of 2025 who answered twice, all are men.
    assert dict(iri.frame["gender"].value_counts().iter_rows()) == {
        None: 9 + 8 + 1 + 27, "man": 607 + 392 + 138 - 3, "nonbinary": 6 + 5 + 1,
        "other": 1, "transgender": 2, "woman": 487 + 564 + 74,
    }  # fmt: skip


def test_a_pattern_too_wide_for_2025_names_both_columns(folder: Path, tmp_path: Path) -> None:
    text = (folder / "iri.toml").read_text().replace('"iri_??{}"', '"iri_*{}"')
    (folder / "wide.toml").write_text(text)
    with pytest.raises(DataError, match=r"'2025'.*item 1 .*'iri_FS1' and 'iri_ac2_rta1'"):
        harmonise(folder / "wide.toml")


def test_answers_as_text(folder: Path) -> None:
    result = harmonise(folder / "sq.toml")
    raw = pl.read_csv(BytesIO(gzip.decompress((DATA / "sq_short_text.csv.gz").read_bytes())))
    first: dict[int, tuple[str, int, int]] = {}
    for row, (user, start, number) in enumerate(raw.select("user_id", "starttime", "id").rows()):
        first[user] = min(first.get(user, ("9", 0, 0)), (start, number, row))
    kept = raw[sorted(row for *_, row in first.values())]
    assert result.frame.height == kept.height == 4745 - 322
    codes = {"strongly disagree": 1, "slightly disagree": 2, "slightly agree": 3,
             "strongly agree": 4}  # fmt: skip
    columns = [name for name in raw.columns if re.fullmatch(r"Q\d\dR?", name)]
    for number, column in enumerate(columns, start=1):
        truth = [None if label is None else codes[label] for label in kept[column]]
        assert result.frame[f"sq_{number}"].to_list() == truth
    labelled = result.log.filter(step="labels")
    assert labelled["cells"].sum() == kept.select(pl.col(columns).count()).sum_horizontal().item()
    assert result.log.filter(step="duplicates")["rows"].to_list() == [322]
    reversed_columns = {f"sq_{n}" for n, name in enumerate(columns, 1) if name.endswith("R")}
    assert set(result.scales[0].reversed) == reversed_columns


def test_completions_that_began_in_one_second_are_not_ordered_by_guess(folder: Path) -> None:
    text = (folder / "sq.toml").read_text().replace('["starttime", "id"]', '"starttime"')
    (folder / "tie.toml").write_text(text)
    with pytest.raises(
        DataError, match=r"16 persons have two first rows with the same 'starttime'"
    ):
        harmonise(folder / "tie.toml")


def test_the_command_writes_all_or_nothing(folder: Path, tmp_path: Path) -> None:
    runner = click.testing.CliRunner()
    out, log = tmp_path / "iri.parquet", tmp_path / "log.csv"
    done = runner.invoke(
        app, ["harmonise", str(folder / "iri.toml"), "--out", str(out), "--log-out", str(log)]
    )
    assert done.exit_code == 0, done.output
    assert "2,319 rows" in done.stdout
    assert pl.read_parquet(out).equals(harmonise(folder / "iri.toml").frame)
    assert pl.read_csv(log)["cells"].sum() > 0
