"""The page on pathways and the example: they run as they stand, and say what they say."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "pathway.md").read_text(encoding="utf-8")
EXAMPLE = DOCS / "examples" / "pathway.py"


def test_the_blocks_of_the_page_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 7
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    shown = capsys.readouterr().out
    assert "Pathway of 2,000 persons in 100 clusters" in shown
    assert "Index of moderated mediation" in shown
    assert "reliabilities as given: self_compassion 0.850" in shown
    plain, corrected = (names[name].table.filter(label="b") for name in ("result", "corrected"))
    assert corrected["estimate"].item() > plain["estimate"].item()
    assert names["of_teams"].paths["path"][1] == "self_compassion_between > wellbeing"
    for name in re.findall(r"`found\.(\w+)`", PAGE):
        assert hasattr(names["found"], name)


def test_the_example_recovers_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) < 30
    names = runpy.run_path(str(EXAMPLE))
    assert "From which support on does training help?" in capsys.readouterr().out
    both = names["simulated"].truth.join(names["whole"].table, on="label")
    assert both.height == 21
    inside = (both["lower"] <= both["value"]) & (both["value"] <= both["upper"])
    # Of 21 limits at 95 %, fewer than 17 would be so few once in a thousand.
    assert inside.sum() >= 17
    step = names["step"].effects.filter(through=names["through_both"])
    assert step.height == 9
