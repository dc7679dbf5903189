"""The page on sites and the example of a programme: what they show runs as it stands."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_runs(capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / "comparing-sites.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    exec(blocks[0], names)
    shown = capsys.readouterr().out
    planted = dict(names["programme"].faults.select("fault", "hospital").rows())
    for fault in ("turned_here", "range_shifted", "labels_reversed", "no_variation"):
        assert planted[fault] in shown
    assert "Where differences lie" in shown
    exec(blocks[1], names)
    assert planted["careless"] in capsys.readouterr().out


def test_the_programme_runs(capsys: pytest.CaptureFixture[str]) -> None:
    path = DOCS / "examples" / "programme.py"
    assert len(path.read_text(encoding="utf-8").splitlines()) < 30
    found = runpy.run_path(str(path))
    planted = dict(found["programme"].faults.select("fault", "hospital").rows())
    aside = set(found["means"].sites.filter(status="audit")["hospital"])
    assert aside == set(planted.values()) - {planted["careless"]}
    assert found["alphas"].sites.filter(outside="below")["hospital"].to_list() == [
        planted["careless"]
    ]
    assert "Over all hospitals" in capsys.readouterr().out
