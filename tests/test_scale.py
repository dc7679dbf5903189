"""Scales: declared keys and ranges, in Python and in TOML files."""

from pathlib import Path

import numpy as np
import pytest
from compassion_psy.errors import ScaleError
from compassion_psy.scales import Scale

GOOD = {"name": "empathy", "items": ["E1", "E2", "E3"], "minimum": 1, "maximum": 5}


def test_fields_are_kept_in_order() -> None:
    scale = Scale("empathy", items=["E3", "E1"], minimum=0, maximum=np.int64(4), reversed=["E1"])
    assert scale.items == ("E3", "E1")
    assert scale.reversed == ("E1",)
    assert (scale.minimum, scale.maximum, scale.n_items) == (0, 4, 2)
    assert scale == Scale("empathy", items=("E3", "E1"), minimum=0.0, maximum=4, reversed=("E1",))
    assert len({scale, scale}) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, ["name of a scale is ' '"]),
        ({"name": 3}, ["name of a scale is 3"]),
        ({"items": "E1"}, ["items is 'E1'", "list of column names"]),
        ({"items": 3}, ["items is 3"]),
        ({"items": ["E1", 2]}, ["items holds 2", "column name"]),
        ({"items": ["E1", ""]}, ["items holds ''"]),
        ({"items": ["E1", "E2", "E1"]}, ["item 'E1' is given more than once"]),
        ({"reversed": ["e2"]}, ["reversed item 'e2'", "Did you mean 'E2'"]),
        ({"reversed": ["E2", "E2"]}, ["in reversed, item 'E2'", "more than once"]),
        ({"reversed": "E2"}, ["reversed is 'E2'"]),
        ({"minimum": 5}, ["minimum is 5", "maximum is 5", "below"]),
        ({"minimum": 6}, ["minimum is 6", "maximum is 5", "below"]),
        ({"maximum": float("nan")}, ["maximum is nan", "finite"]),
        ({"maximum": float("inf")}, ["maximum is inf", "finite"]),
        ({"maximum": 10**400}, ["maximum is inf", "finite"]),
        ({"minimum": "1"}, ["minimum is '1'", "number"]),
        ({"minimum": True}, ["minimum is True", "number"]),
    ],
)
def test_what_is_not_a_scale(changes: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ScaleError) as caught:
        Scale(**(GOOD | changes))
    for word in words:
        assert word in str(caught.value)


ONE = 'name = "empathy"\nitems = ["E1", "E2"]\nminimum = 1\nmaximum = 5\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scale.toml"


def test_one_scale_at_the_top_level(path: Path) -> None:
    path.write_text('\ufeffreversed = ["E2"]\n' + ONE, encoding="utf-8")  # with byte-order mark
    expected = Scale("empathy", items=["E1", "E2"], minimum=1, maximum=5, reversed=["E2"])
    assert Scale.read(path) == (expected,)
    assert Scale.read(str(path)) == (expected,)


def test_several_scales(path: Path) -> None:
    path.write_text(f"[[scales]]\n{ONE}\n[[scales]]\n{ONE.replace('empathy', 'distress')}")
    assert [scale.name for scale in Scale.read(path)] == ["empathy", "distress"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", ["not valid TOML"]),
        ("", ["key 'name' is missing"]),
        (ONE.replace("maximum", "maximun"), ["'maximun' is unknown", "Did you mean 'maximum'"]),
        (ONE.replace("maximum = 5", ""), ["key 'maximum' is missing"]),
        (ONE.replace("5", "0"), ["minimum is 1", "maximum is 0"]),
        (ONE.replace("5", '"5"'), ["maximum is '5'"]),
        (ONE.replace('["E1", "E2"]', '"E1"'), ["items is 'E1'"]),
        (f"{ONE}\n[[scales]]\n{ONE}", ["key 'name' is unknown"]),
        (f"[[scales]]\n{ONE}\n[[scales]]\n{ONE}", ["scale name 'empathy'", "more than once"]),
        (f"[[scales]]\n{ONE}\n[[scales]]\nname = 'x'", ["number 2", "'items' is missing"]),
        ("scales = []", ["[[scales]]"]),
        ("scales = [1]", ["number 1", "must be a table"]),
        ("[scales]\n" + ONE, ["[[scales]]"]),
    ],
)
def test_a_file_that_is_not_a_scale_names_file_and_key(
    path: Path, text: str, words: list[str]
) -> None:
    path.write_text(text)
    with pytest.raises(ScaleError) as caught:
        Scale.read(path)
    for word in [str(path), *words]:
        assert word in str(caught.value)


def test_a_file_that_cannot_be_read(path: Path) -> None:
    with pytest.raises(ScaleError, match="No such file"):
        Scale.read(path)
    path.write_bytes(b'name = "\xfc"')
    with pytest.raises(ScaleError, match="UTF-8"):
        Scale.read(path)
