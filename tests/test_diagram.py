"""Graphviz reads the text of a diagram as it was meant, whatever the names are."""

import json
import shutil
import subprocess

import polars as pl
import pytest
from compassion_psy.pathway.diagram import Diagram, graphviz_text

ODD = [
    "two words", 'a "quoted" name', "a -> b", "é;}{", "back\\slash", "ends in \\", "\\n", "node",
    "m&amp;n <b>", "-1", "port:of", "[x]", "# no comment", "",
]  # fmt: skip


def diagram(names: list[str]) -> Diagram:
    """Each name leads to the next; every other path is negative or not clear."""
    count = len(names) - 1
    nodes = pl.DataFrame(
        {"name": names, "kind": ["given"] * len(names), "r_squared": [None, *[0.25] * count]}
    )
    edges = pl.DataFrame(
        {
            "source": names[:-1], "target": names[1:], "kind": ["path"] * count, "label": names[1:],
            "estimate": [0.5 if number % 2 else -0.5 for number in range(count)],
            "standardised": [0.1] * count, "lower": [-1.0] * count, "upper": [1.0] * count,
            "sign": ["+" if number % 2 else "-" for number in range(count)],
            "is_clear": [number % 3 > 0 for number in range(count)],
        }
    )  # fmt: skip
    return Diagram(nodes, edges)


def as_read(text: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    if shutil.which("dot") is None:
        pytest.skip("needs Graphviz")
    done = subprocess.run(
        ["dot", "-Tjson0"], input=text, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert not done.stderr
    found = json.loads(done.stdout)
    return found["objects"], found["edges"]


def test_names_are_quoted() -> None:
    text = graphviz_text(diagram(['say "a -> b"', "back\\slash"]))
    assert (
        '"say \\"a -> b\\"" -> "back\\\\slash" [label="back\\\\slash -0.500", color=firebrick'
        in text
    )
    assert 'label="back\\\\slash\\nR² 0.250"' in text


def test_graphviz_reads_odd_names() -> None:
    given = diagram(ODD)
    nodes, edges = as_read(graphviz_text(given))
    assert len(nodes) == len(ODD)
    assert len(edges) == len(ODD) - 1
    for number, edge in enumerate(edges):
        assert (edge["tail"], edge["head"]) == (number, number + 1)
        assert edge["color"] == ("black" if number % 2 else "firebrick")
        assert ("style" in edge) == (number % 3 == 0)
        assert edge["label"].endswith("+0.500" if number % 2 else "-0.500")


def test_factors_lead_to_their_product() -> None:
    nodes = pl.DataFrame(
        {"name": ["y", "x", "x:w"], "kind": ["outcome", "given", "product"],
         "r_squared": [0.5, None, None]}
    )  # fmt: skip
    given = diagram(["x:w", "y"])
    objects, edges = as_read(graphviz_text(Diagram(nodes, given.edges)))
    names = [each["name"] for each in objects]
    assert sorted(names) == ["w", "x", "x:w", "y"]
    ends = [(names[edge["tail"]], names[edge["head"]]) for edge in edges]
    assert sorted(ends) == [("w", "x:w"), ("x", "x:w"), ("x:w", "y")]
    assert objects[names.index("x:w")]["label"] == "x × w"
