"""Small cells are hidden, and cannot be computed from the rest."""

import polars as pl
import pytest
from compassion_psy import DataError, OptionError
from compassion_psy.audit.cells import hide_small_cells

SMALL = "fewer than 10 persons"
NEXT = "would tell the only smaller cell from the total"


def shown(counts: list[int | None], **options: object) -> pl.DataFrame:
    frame = pl.DataFrame({"n": counts, "mean": [1.5] * len(counts)})
    return hide_small_cells(frame, count="n", values=["mean"], **options)  # type: ignore[arg-type]


def test_a_small_cell_takes_the_next_smallest_with_it() -> None:
    found = shown([80, 4, 30, 0, 12])
    assert found["suppressed"].to_list() == [None, SMALL, None, None, NEXT]
    assert found["n"].to_list() == [80, None, 30, 0, None]
    assert found["mean"].to_list() == [1.5, None, 1.5, 1.5, None]


def test_two_small_cells_protect_each_other() -> None:
    assert shown([80, 4, 30, 9])["suppressed"].to_list() == [None, SMALL, None, SMALL]


def test_nothing_is_hidden_without_need() -> None:
    assert shown([80, 10, 0])["suppressed"].null_count() == 3
    assert shown([80, 4, 30], minimum=4)["suppressed"].null_count() == 3


def test_of_equal_cells_one_is_hidden() -> None:
    assert shown([12, 4, 12])["suppressed"].to_list() == [NEXT, SMALL, None]


def test_a_small_cell_alone() -> None:
    assert shown([4])["suppressed"].to_list() == [SMALL]
    assert shown([4, 0, None])["suppressed"].to_list() == [SMALL, None, None]


def test_each_total_is_protected() -> None:
    frame = pl.DataFrame(
        {"item": ["a", "b"] * 3, "site": list("SSTTUU"), "n": [3, 40, 20, 50, 60, 70]}
    )
    found = hide_small_cells(frame, count="n", within=["item"])
    assert found["suppressed"].to_list() == [SMALL, None, NEXT, None, None, None]


def test_what_is_not_usable_is_refused() -> None:
    frame = pl.DataFrame({"n": [1.5], "m": [2]})
    with pytest.raises(DataError, match="counts are whole"):
        hide_small_cells(frame, count="n")
    with pytest.raises(DataError, match="no column 'k'"):
        hide_small_cells(frame, count="k")
    with pytest.raises(OptionError, match="give a list"):
        hide_small_cells(frame, count="m", values="n")
    with pytest.raises(OptionError, match="minimum is 0"):
        hide_small_cells(frame, count="m", minimum=0)
    twice = hide_small_cells(frame, count="m")
    with pytest.raises(DataError, match="already"):
        hide_small_cells(twice, count="m")
