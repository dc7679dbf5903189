"""The page on the number of factors: its examples run as they stand, and say what the page says."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "docs" / "number-of-factors.md"


def test_the_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 6
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    counts = dict(names["found"].table.select("criterion", "factors").iter_rows())
    assert counts["parallel_components_permuted_percentile"] == 3
    assert counts["map"] == counts["empirical_kaiser"] == 3
    right, many = (
        dict(names[name].replicates.status_counts().iter_rows())
        for name in ("solution", "too_many")
    )
    assert right["factor_switched"] == 0
    assert many["factor_switched"] > 100
    assert names["first"].status == "ok"


def test_every_criterion_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name in ("map", "map_fourth", "kaiser", "empirical_kaiser", "hull_caf", "hull_cfi"):
        assert f"`{name}`" in text
