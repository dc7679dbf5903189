"""The page on scoring: its examples run as they stand."""

import re
from pathlib import Path
from typing import Any

import compassion_psy as cp
import pytest

PAGE = Path(__file__).parents[1] / "docs" / "scoring.md"


@pytest.mark.skipif(not hasattr(cp, "score"), reason="score is not among the public names")
def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert "scs_sf_total" in capsys.readouterr().out
