"""The analysis of a pilot in docs/examples runs as it stands, and is short."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "pilot.py"


def test_it_runs_and_is_short(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) <= 30
    names = runpy.run_path(str(EXAMPLE))
    shown = capsys.readouterr().out
    for part in ("wellbeing", "self_compassion", "clinical_empathy", "g_av"):
        assert part in shown
    truth = names["pilot"].truth
    table = names["change"].table.filter(effect="mean_change", analysis="completers")
    # The true change lies within the limits of this pilot, as for 95 % of pilots.
    for row in table.join(truth, on="outcome", suffix="_true").iter_rows(named=True):
        assert row["lower"] <= row["mean_change"] <= row["upper"], row["outcome"]
