"""The page of our numbers beside R's is what the program makes of the surveys."""

import re
from pathlib import Path
from typing import Any

import compassion_psy as cp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.beside_r import contents, page, reliability_lines

    return contents, page, reliability_lines


@pytest.mark.skipif(not (ROOT.parent / "shared").is_dir(), reason="needs ../shared")
def test_the_page_is_of_today(program: Any) -> None:
    contents, _, _ = program
    made = contents.contents().splitlines()
    committed = (ROOT / "docs" / "beside-r.md").read_text(encoding="utf-8").splitlines()
    different = [pair for pair in zip(made, committed, strict=False) if pair[0] != pair[1]]
    assert not different, f"run make beside-r: {different[:5]}"
    assert len(made) == len(committed), "run make beside-r"


def test_every_coefficient_has_a_line(program: Any) -> None:
    _, _, lines = program
    of_polychoric = {"alpha_ordinal", "omega_ordinal", "omega_categorical"}
    named = {line.name.partition(",")[0] for line in lines.RELIABILITY} | of_polychoric
    made = cp.simulate_survey(persons=100, items=9, sites=1, seed=1)
    known = cp.reliability(made.frame, made.scale, coefficients="all", interval=None).definitions
    coefficients = {re.sub(r"_\d+$", "", name) for name in known}
    assert coefficients <= named | set(lines.NOT_COMPARED)
    assert not named & set(lines.NOT_COMPARED)


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        (0.0, "< 1e-12"),
        (9e-13, "< 1e-12"),
        (2e-12, "< 1e-11"),
        (3e-5, "< 1e-4"),
        (0.02, "< 0.1"),
        (0.2, "< 1"),
        (2.0, "< 10"),
    ],
)
def test_differences_are_bounds(program: Any, difference: float, text: str) -> None:
    _, page, _ = program
    assert page.shown(difference) == text
    assert difference < float(text.removeprefix("< "))
