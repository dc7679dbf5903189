"""Texts become numbers only where nothing is lost, against plain Python."""

import polars as pl
import pytest
from compassion_psy.reading.number_texts import as_number, number_kinds
from hypothesis import example, given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-5", "0", None], "whole"),
        (["1", "NA", " "], "whole"),
        (["NA", None], "empty"),
        ([None], "empty"),
        (["01", "2"], "code"),
        (["-01"], "code"),
        (["+1", "1"], "code"),
        (["1.1", "1.10"], "code"),
        (["1.10", "2.25"], "decimal"),  # two decimals in all, as a spreadsheet writes
        (["1.0", "2.25"], "decimal"),  # as Python writes
        (["1", "2.5"], "decimal"),  # as R writes
        (["1", "1.0"], "code"),
        (["1."], "code"),
        ([".5", "1"], "code"),
        (["1e-05", "2.5", "1e+05"], "decimal"),
        (["1E5", "2E3"], "text"),
        (["123456789012345678"], "whole"),
        (["12345678901234567890"], "code"),
        (["0.00012345678901234567"], "decimal"),
        (["1.234567890123456789"], "code"),
        (["NaN", "1.5"], "text"),
        (["1,5"], "text"),
        (["1", "often"], "text"),
        (["١"], "text"),
    ],
)
def test_kinds(texts: list[str | None], kind: str) -> None:
    frame = pl.LazyFrame({"x": texts}, schema={"x": pl.String})
    assert number_kinds(frame, ["x"]) == {"x": kind}
    if kind in ("whole", "decimal"):
        numbers = frame.select(as_number("x", kind)).collect()["x"].to_list()
        number = int if kind == "whole" else float
        missing = (None, "NA", " ")
        assert numbers == [None if text in missing else number(text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["0,5", "12"], "decimal_comma"),
        (["1,1", "1,10"], "code"),
        (["0.5"], "decimal"),
        (["1.000,5"], "text"),
        (["1e-05", "0,5"], "decimal_comma"),
    ],
)
def test_decimal_commas(texts: list[str], kind: str) -> None:
    frame = pl.LazyFrame({"x": texts})
    assert number_kinds(frame, ["x"], decimal_comma=True) == {"x": kind}
    if kind == "decimal_comma":
        numbers = frame.select(as_number("x", kind)).collect()["x"].to_list()
        assert numbers == [float(text.replace(",", ".")) for text in texts]


@given(st.lists(st.from_regex(r"[+-]?[0-9]{0,3}(\.[0-9]{0,3})?", fullmatch=True), max_size=8))
@example(["1.10", "1.1"])
@example(["007", "7"])
@example(["-0", "0"])
def test_no_two_texts_become_one_number(texts: list[str]) -> None:
    frame = pl.LazyFrame({"x": texts}, schema={"x": pl.String})
    kind = number_kinds(frame, ["x"])["x"]
    if kind in ("whole", "decimal"):
        # -0 and 0 are one number in every sense.
        written = {text if float(text) else text.lstrip("-") for text in texts if text}
        assert len({float(text) for text in written}) == len(written)
        numbers = frame.select(as_number("x", kind)).collect()["x"].to_list()
        assert numbers == [float(text) if text else None for text in texts]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_what_python_writes_comes_back_as_it_was(values: list[float]) -> None:
    frame = pl.LazyFrame({"x": [repr(value) for value in values]})
    kind = number_kinds(frame, ["x"])["x"]
    assert kind == "decimal"
    assert frame.select(as_number("x", kind)).collect()["x"].to_list() == values
