"""The page on polychoric correlations: its examples run as they stand."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "polychoric.md"


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["result"].correlations.shape == (5, 5)
    assert names["smooth"].smoothing.height == 2
    printed = capsys.readouterr().out
    assert "omega_categorical" in printed
    assert "(1, 30, 30)" in printed
    by_name = {row["coefficient"]: row["estimate"] for row in names["table"].table.to_dicts()}
    # What the page says of them.
    assert by_name["alpha_ordinal"] > by_name["omega_categorical"]
