"""The page on missing answers: its examples run as they stand, and what it says of them holds."""

import re
from pathlib import Path
from typing import Any

import compassion_psy as cp
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "missing-answers.md"


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 4
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    shown = capsys.readouterr().out
    assert "xxx..." in shown
    truth = names["everybody"]["estimate"][0]
    assert round(truth, 3) == 0.771
    for missing, alpha in {"listwise": 0.753, "pairwise": 0.744, "em": 0.775}.items():
        found = cp.reliability(
            names["answers"], names["survey"].scale, missing=missing, interval=None
        )
        assert round(found.table["estimate"][0], 3) == alpha
        assert f"{alpha}" in PAGE.read_text(encoding="utf-8")
    assert names["worst"]["missing_information"].min() > 0.1
