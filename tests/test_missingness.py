"""Missing answers by item, site and wave; patterns; items never asked."""

import numpy as np
import polars as pl
import pytest
from compassion_psy import DataError, OptionError, Scale
from compassion_psy.audit.missingness import examine_missingness
from compassion_psy.audit.screening import screen

SCALE = Scale("calm", items=["a", "b", "c"], minimum=1, maximum=5)


def data(persons: int = 60) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    answers = {item: rng.integers(1, 6, persons) for item in SCALE.items}
    frame = pl.DataFrame(answers).with_columns(
        site=pl.Series(rng.choice(["S", "T"], persons)),
        year=pl.Series(rng.choice([2023, 2024], persons)),
    )
    return frame.with_columns(
        pl.when(pl.Series(rng.random(persons) > 0.2)).then(item).alias(item) for item in SCALE.items
    )


def test_counts_by_item_site_and_wave() -> None:
    frame = data().with_columns(pl.col("a").fill_null(9))
    found = examine_missingness(screen(frame, SCALE, by="site", others=("year",)), wave="year")
    assert found.items.columns == ["site", "year", "item", "n", "missing", "share", "impossible"]
    assert found.items.height == 12
    for row in found.items.iter_rows(named=True):
        cell = frame.filter(site=row["site"], year=row["year"])
        missing = sum(answer in (None, 9) for answer in cell[row["item"]])
        assert (row["n"], row["missing"]) == (cell.height, missing)
        assert row["share"] == missing / cell.height
        assert row["impossible"] == (missing if row["item"] == "a" else 0)


def test_without_sites() -> None:
    frame = data()
    plain = examine_missingness(screen(frame, SCALE)).items
    assert plain["missing"].to_list() == [frame[item].null_count() for item in SCALE.items]
    waves = examine_missingness(screen(frame, SCALE, others=("year",)), wave="year").items
    assert waves["year"].to_list() == [2023] * 3 + [2024] * 3


def test_patterns() -> None:
    items = [f"q{number}" for number in range(70)]  # more than a word of 64
    scale = Scale("long", items=items, minimum=1, maximum=5)
    frame = pl.DataFrame({item: [1, 2, 3, 4, 5, 1] for item in items}).with_columns(
        q0=pl.Series([1, None, None, 1, 1, 1]), q69=pl.Series([1, None, None, None, 1, 1])
    )
    found = examine_missingness(screen(frame, scale)).patterns
    assert found.rows() == [([], 0, 3, 0.5), (["q0", "q69"], 2, 2, 2 / 6), (["q69"], 1, 1, 1 / 6)]
    assert examine_missingness(screen(frame, scale), patterns=1).patterns.height == 1


def test_an_item_never_asked_at_a_site() -> None:
    never = pl.when(pl.col("site") != "T").then("b").alias("b")
    screened = screen(data().with_columns(never), SCALE, by="site")
    [finding] = examine_missingness(screened).findings
    assert (finding.kind, finding.finding, finding.item) == ("missing", "never_asked", "b")
    assert finding.group == screened.groups["site"].to_list().index("T")


def test_an_item_never_asked_in_a_wave() -> None:
    never = pl.when((pl.col("site") != "T") | (pl.col("year") != 2024)).then("b").alias("b")
    screened = screen(data().with_columns(never), SCALE, by="site", others=("year",))
    assert examine_missingness(screened).findings == []
    [finding] = examine_missingness(screened, wave="year").findings
    assert finding.item == "b"
    assert "in year 2024" in finding.evidence


def test_few_persons_and_empty_rows_prove_nothing() -> None:
    frame = data()
    two = pl.DataFrame({"a": [1, 2], "b": [None, None], "c": [2, 2], "site": "U", "year": 2023})
    empty = pl.DataFrame(
        {"a": [None] * 40, "b": [None] * 40, "c": [None] * 40, "site": "V", "year": 2023}
    )
    whole = pl.concat([frame, two, empty], how="vertical_relaxed")
    assert examine_missingness(screen(whole, SCALE, by="site")).findings == []


def test_one_row_and_nobody() -> None:
    for frame in (pl.DataFrame({"a": [1], "b": [None], "c": [2]}), pl.DataFrame({"a": [None],
                  "b": [None], "c": [None]})):  # fmt: skip
        found = examine_missingness(screen(frame, SCALE))
        assert found.findings == []
        assert found.patterns["persons"].to_list() == [1]


def test_bad_columns() -> None:
    with pytest.raises(DataError, match="no column 'yaer'"):
        examine_missingness(screen(data(), SCALE, others=("year",)), wave="yaer")
    renamed = data().rename({"site": "share"})
    with pytest.raises(OptionError, match="column 'share' of its own"):
        examine_missingness(screen(renamed, SCALE, by="share"))
