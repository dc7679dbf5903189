"""Odd declarations end in an error of the package, with a sentence, and never hang."""

import datetime
from pathlib import Path
from typing import Any

import click.testing
import compassion_psy as cp
import polars as pl
import pytest
from compassion_psy.cli._app import app
from compassion_psy.errors import DataError, OptionError, ScaleError
from compassion_psy.harmonise import Answers, Recipe, Source, Target, harmonise
from compassion_psy.scales.files import fact_sheet

CALM = cp.Scale("calm", items=["a", "b"], minimum=1, maximum=5)


def kept(*columns: pl.Series) -> pl.DataFrame:
    """Two sources that keep a column, one below the other."""
    sources = [
        Source(f"{place}", frame=pl.DataFrame({"k": column, "a": [1], "b": [2]}),
               answers=Answers(["a", "b"]), keep={"k": "k"})
        for place, column in enumerate(columns)
    ]  # fmt: skip
    return harmonise(Recipe(scales=[CALM], sources=sources)).frame


def test_times_with_and_without_a_zone_do_not_mix() -> None:
    time = pl.Series([datetime.datetime(2024, 1, 31, 12)])
    with pytest.raises(DataError, match=r"'k' holds times of no zone at .* times of the zone UTC"):
        kept(time, time.dt.replace_time_zone("UTC"))


def test_categories_of_several_lists_are_texts() -> None:
    first, second = pl.Enum(["x", "y"]), pl.Enum(["z"])
    frame = kept(pl.Series(["y"], dtype=first), pl.Series(["z"], dtype=second))
    assert frame["k"].to_list() == ["y", "z"]


def test_the_total_by_the_name_of_its_rule() -> None:
    options: dict[str, Any] = {"items": ["a"], "minimum": 1, "maximum": 5}
    assert cp.Scale("calm", total="mean", **options).total == cp.Total("mean")
    for total in ("average", 5, cp.Total("median")):  # type: ignore[arg-type]
        with pytest.raises(ScaleError, match=r"total is .* the name of its rule: sum, mean"):
            cp.Scale("calm", total=total, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("codebook", [5, {"scale": ["a"], "item": ["x", "y"]}, object()])
def test_codebooks_that_are_no_frame(codebook: object) -> None:
    with pytest.raises(ScaleError, match="makes no frame"):
        cp.Scale.from_codebook(codebook)


def test_a_codebook_may_be_lazy() -> None:
    book = pl.LazyFrame({"scale": "x", "item": ["a", "b"], "minimum": 1, "maximum": 5})
    assert cp.Scale.from_codebook(book)[0].items == ("a", "b")


def test_psych_keys_say_what_is_reversed() -> None:
    with pytest.raises(ScaleError, match="reversed are told by keys"):
        cp.Scale.from_psych_keys(["a", "-b"], name="x", minimum=1, maximum=5, reversed=["a"])


@pytest.mark.parametrize("scale", [[], "", 5, None])
def test_a_scale_of_a_recipe_that_is_none(scale: Any) -> None:
    with pytest.raises(OptionError, match=r"scale is .* but it must be a Scale"):
        Target(scale)


def sheet(**changes: Any) -> dict[str, Any]:
    return {
        "schema_version": 1, "id": "calm", "name": "Calm", "n_items": 2, "response_min": 0,
        "response_max": 1, "reversed": [],
        "total": {"defined": True, "rule": "sum", "min": 0, "max": 2},
        **changes,
    }  # fmt: skip


CONVERSION = {"name": "logits", "raw": [0, 1, 2], "metric": [-1.0, 0.0, 1.0]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_items": 10**400}, "n_items is beyond"),
        ({"n_items": 2**52}, "n_items: is 4503599627370496, but must be at most 1000"),
        ({"response_max": 10**400}, "response_max is beyond"),
        ({"response_max": float("inf")}, "response_max is inf, but it must be a finite number"),
        ({"conversion": CONVERSION, "total": {"defined": True, "rule": "sum", "min": 0,
                                              "max": float("nan")}}, "max is nan"),
        ({"conversion": CONVERSION, "total": {"defined": True, "rule": "sum", "min": 0,
                                              "max": 2**52}}, "total"),
    ],
)  # fmt: skip
def test_numbers_without_bounds(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleError, match=words):
        fact_sheet(sheet(**changes), "calm.toml")
    assert fact_sheet(sheet(conversion=CONVERSION), "calm.toml").conversion is not None


def test_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        f'name = "x"\nitems = ["a"]\nminimum = 1\nmaximum = {"9" * 5000}'
    )
    with pytest.raises(ScaleError, match="a number that is too long"):
        cp.Scale.read(tmp_path / "x.toml")
    with pytest.raises(OptionError, match="a number that is too large"):
        Answers(["a"], minimum=10**400)


def test_a_subscale_is_renamed_by_list_and_by_mapping() -> None:
    part = cp.scales.get("iri").subscale("fantasy")
    names = [f"f{place}" for place in range(len(part.items))]
    listed = part.with_columns(names)
    assert listed.items == tuple(names)
    mapping = dict(zip(part.numbers, names, strict=True))
    assert part.with_columns(mapping).items == tuple(names)
    # Reversed items are the same ones.
    assert listed.reversed == tuple(names[part.items.index(item)] for item in part.reversed)
    with pytest.raises(ScaleError, match=r"7 of them scored\), but columns lists 6 names"):
        part.with_columns(names[1:])


def test_files_of_a_folder_are_sites(tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    for name in ("01", "02"):
        (tmp_path / "sites" / f"{name}.csv").write_text("a,b\n1,2\n3,3\n5,4\n")
    (tmp_path / "calm.toml").write_text(
        'name = "calm"\nitems = ["a", "b"]\nminimum = 1\nmaximum = 5\n'
    )
    words = ["reliability", tmp_path / "sites", "--scale", tmp_path / "calm.toml", "--by", "file"]
    words += ["--interval", "none", "--coefficients", "alpha", "--out", tmp_path / "t.parquet"]
    done = click.testing.CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    assert pl.read_parquet(tmp_path / "t.parquet")["file"].to_list() == ["01", "02"]
