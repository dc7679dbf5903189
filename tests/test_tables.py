"""Tables: what a reader sees in a terminal and in a notebook."""

import doctest
import html.parser

import polars as pl
import pytest
from compassion_psy import tables
from compassion_psy.tables import to_html, to_text


def results(sites: int, **changes: object) -> pl.DataFrame:
    rows = [
        {
            "site": f"S{site}",
            "scale": "empathy",
            "coefficient": coefficient,
            "estimate": 0.8,
            "level": 0.95,
            "n": 1000 + site,
            "replicates": 2000,
            "note": None,
            **changes,
        }
        for site in range(sites)
        for coefficient in ("alpha", "omega_u")
    ]
    return pl.DataFrame(rows, schema_overrides={"note": pl.String}, infer_schema_length=None)


def test_whole_text_table() -> None:
    frame = results(2).with_columns(
        note=pl.Series([None, None, "too few rows", "too few rows"]),
        estimate=pl.Series([0.80049, 0.8005001, None, None]),
    )
    assert to_text(frame, title="Reliability", notes=["seed 1"], width=80) == "\n".join(
        [
            "Reliability",
            "scale: empathy; level: 0.95; replicates: 2,000",
            "",
            "site  coefficient  estimate      n  note",
            "────────────────────────────────────────",
            "S0    alpha           0.800  1,000     –",
            "S0    omega_u         0.801  1,000     –",
            "S1    alpha               –  1,001     1",
            "S1    omega_u             –  1,001     1",
            "",
            "1  too few rows",
            "seed 1",
        ]
    )


def test_settings_that_differ_between_rows_stay_in_the_table() -> None:
    both = pl.concat([results(1), results(1, scale="distress", level=0.9)])
    header = to_text(both, width=100).splitlines()[2]
    assert header.split() == ["site", "scale", "coefficient", "estimate", "level", "n"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.1234567, "0.123"),
        (-0.5, "-0.500"),
        (12345.6789, "12,345.679"),
        (0.0, "0.000"),
        (-0.0, "0.000"),
        (-5e-15, "0.000"),  # left over from a computation with numbers near one
        (1e-11, "1e-11"),
        (0.0004, "4e-04"),  # a small standard error must not look like none
        (-0.0004, "-4e-04"),
        (0.0005, "0.001"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (None, "–"),
    ],
)
def test_reals_are_rounded_to_three_decimals(value: float | None, shown: str) -> None:
    frame = pl.DataFrame({"x": [value]}, schema={"x": pl.Float64})
    assert to_text(frame, width=80).splitlines()[-1].strip() == shown


@pytest.mark.parametrize(
    ("p", "shown"), [(0.0, "<0.001"), (2e-23, "<0.001"), (0.00099, "<0.001"), (0.001, "0.001")]
)
def test_small_probabilities_are_not_shown_as_zero(p: float, shown: str) -> None:
    assert to_text(pl.DataFrame({"p": [p]}), width=80).splitlines()[-1].strip() == shown


def test_counts_have_separators_and_names_that_are_numbers_do_not() -> None:
    frame = pl.DataFrame({"year": [2023], "n": [12345], "kept": [True]})
    assert to_text(frame, width=80).splitlines()[-1] == "2023  12,345  True"


def test_rounding_leaves_the_frame_alone() -> None:
    frame = results(1, estimate=1 / 3)
    to_text(frame)
    assert frame["estimate"].to_list() == [1 / 3, 1 / 3]


def test_long_results_show_head_and_tail_and_count_the_rest() -> None:
    lines = to_text(results(1000), width=80).splitlines()
    gap = lines.index("⋮ 1,960 of 2,000 rows are left out")
    assert lines[gap - 1].startswith("S9    omega_u")
    assert lines[gap + 1].startswith("S990  alpha")
    assert len([line for line in lines if line.startswith("S")]) == 40
    assert "left out" not in to_text(results(50), width=80)
    assert to_html(results(1000)).count("1,960 of 2,000 rows are left out") == 1


@pytest.mark.parametrize("width", [20, 31, 40, 60])
def test_a_table_wider_than_the_line_goes_on_below_with_the_row_names(width: int) -> None:
    frame = pl.DataFrame(
        {"year": [2023, 2024]} | {"coefficient": ["alpha"] * 2}
        | {name: [0.5, 0.25] for name in ("estimate", "se", "lower", "upper")}
    )  # fmt: skip
    lines = to_text(frame, width=width).splitlines()
    # Row names take 17 characters and the widest of the others 10: that much is always used.
    assert max(map(len, lines)) <= max(width, 27)
    headers = [line.split() for line in lines if line.startswith("year")]
    assert all(header[:2] == ["year", "coefficient"] for header in headers)
    named = [name for header in headers for name in header[2:]]
    assert named == ["estimate", "se", "lower", "upper"]
    assert len(headers) == {20: 4, 31: 3, 40: 2, 60: 1}[width]


def test_long_notes_wrap() -> None:
    text = to_text(results(1, note="the matrix is not positive definite " * 3), width=50)
    *_, first, second, third = text.splitlines()
    assert first.startswith("1  the matrix")
    assert second.startswith("   ")
    assert max(map(len, (first, second, third))) <= 50


def test_wide_letters_and_accents_keep_columns_aligned() -> None:
    frame = pl.DataFrame({"site": ["東京", "Zu\u0308rich", "Oslo"], "n": [1, 2, 3]})
    # A terminal gives two columns to each of the first two letters and none to the accent.
    assert to_text(frame, width=80).splitlines()[2:] == [
        "東京    1",
        "Zu\u0308rich  2",
        "Oslo    3",
    ]


def test_control_characters_do_not_reach_the_terminal() -> None:
    frame = pl.DataFrame({"site\x1b[2J": ["a\x1b[31m", "b\nc"], "n": [1, 2]})
    text = to_text(frame, title="t\x07", notes=["n\x1b"], width=80)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "b\\nc" in text


class Shape(html.parser.HTMLParser):
    """Counts the tags and collects the text of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_html_has_the_same_cells_and_closes_every_tag() -> None:
    shape = Shape()
    shape.feed(to_html(results(3, note="few"), title="Reliability", notes=["seed 1"]))
    assert shape.open == []
    assert shape.tags.count("tr") == 7
    assert shape.tags.count("td") == 6 * 5
    for words in ("Reliability", "seed 1", "1,002", "0.800", "1  few"):
        assert words in shape.words
    assert "scale: empathy; level: 0.95; replicates: 2,000" in shape.words


def test_html_escapes_every_text() -> None:
    attack = '<script>alert("&")</script>'
    frame = pl.DataFrame({attack: [attack], "scale": [attack], "note": [attack]})
    shape = Shape()
    shape.feed(to_html(frame, title=attack, notes=[attack]))
    assert "script" not in shape.tags
    assert shape.words.count(attack) == 4  # column name, cell, title, note below
    assert f"scale: {attack}" in shape.words


@pytest.mark.parametrize("frame", [pl.DataFrame(), pl.DataFrame({"a": []}), results(1).head(0)])
def test_an_empty_frame_is_no_accident(frame: pl.DataFrame) -> None:
    for name in frame.columns[:1]:
        assert name in to_text(frame)
    assert "<table>" in to_html(frame)


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(tables).failed == 0
