"""The page on factor analysis: its examples run as they stand, and its names are taken."""

import re
from pathlib import Path
from typing import Any

import compassion_psy as cp
import numpy as np
import pytest
from reference_data import survey

PAGE = (Path(__file__).parents[1] / "docs" / "factor-analysis.md").read_text(encoding="utf-8")


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("factor_analyzer")
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 5
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    shown = capsys.readouterr().out
    assert "fit for factor analysis?" in shown
    assert "Correlations of factors" in shown
    assert names["shared"].loadings.equals(names["solution"].loadings)
    assert names["given"].loadings.equals(names["solution"].loadings)
    assert names["latent"].correlation_kind == "polychoric"
    np.testing.assert_array_equal(names["again"].phi, names["solution"].phi)
    assert names["frame_with_scores"].height == 600


def test_every_name_in_the_last_column_is_taken() -> None:
    frame, scale = survey("two_factor")
    table = PAGE[PAGE.index("| factor_analyzer | psych") :]
    last = "\n".join(row.rsplit("|", 2)[1] for row in table.splitlines() if row.startswith("|"))
    known = {"method": 0, "rotation": 0}
    for option in known:
        for listed in re.findall(rf'`{option}="(\w+)"`((?:, `"\w+"`)*)', last):
            for name in (listed[0], *re.findall(r'`"(\w+)"`', listed[1])):
                target = np.kron(np.eye(3), np.ones((4, 1)))[:10] if "target" in name else None
                given: dict[str, Any] = {"rotation": None, option: name, "target": target}
                assert cp.efa(frame, scale, n_factors=3, seed=1, **given).status
                known[option] += 1
    assert known == {"method": 6, "rotation": 10}
