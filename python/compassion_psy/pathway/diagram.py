"""The model as data for a path diagram, and as Graphviz text."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from compassion_psy.pathway.structure import PRODUCT, Structure
from compassion_psy.tables import rounded


@dataclass(frozen=True, eq=False)
class Diagram:
    """A path diagram as data.

    Attributes
    ----------
    nodes : polars.DataFrame
        ``name``, ``kind`` ("given", "product", "mediator", "outcome"), ``r_squared``.
    edges : polars.DataFrame
        ``source``, ``target``, ``kind`` ("path", "residual covariance"), ``label``, ``estimate``,
        ``standardised``, ``lower``, ``upper``, ``sign`` ("+", "-"), ``is_clear`` (whether the
        interval lies on one side of zero; null without one).
    """

    nodes: pl.DataFrame
    edges: pl.DataFrame


def diagram_of(structure: Structure, table: pl.DataFrame, r_squared: pl.DataFrame) -> Diagram:
    """Return the diagram of an estimated model."""
    explained = dict(zip(r_squared["variable"], r_squared["r_squared"], strict=True))
    causes = {structure.variables[p] for _, predictors in structure.equations for p in predictors}

    def kind(name: str) -> str:
        if name in explained:
            return "mediator" if name in causes else "outcome"
        return "product" if name in structure.products else "given"

    nodes = pl.DataFrame(
        {
            "name": structure.variables,
            "kind": [kind(name) for name in structure.variables],
            "r_squared": [explained.get(name) for name in structure.variables],
        },
        schema={"name": pl.String, "kind": pl.String, "r_squared": pl.Float64},
    )
    covary = (
        (pl.col("op") == "~~")
        & (pl.col("lhs") != pl.col("rhs"))
        & pl.col("lhs").is_in(structure.outcomes)
    )
    is_path = pl.col("op") == "~"
    edges = table.filter(is_path | covary).select(
        pl.when(is_path).then("rhs").otherwise("lhs").alias("source"),
        pl.when(is_path).then("lhs").otherwise("rhs").alias("target"),
        pl.when(is_path)
        .then(pl.lit("path"))
        .otherwise(pl.lit("residual covariance"))
        .alias("kind"),
        "label",
        "estimate",
        pl.col("std_all").alias("standardised"),
        "lower",
        "upper",
        pl.when(pl.col("estimate") < 0).then(pl.lit("-")).otherwise(pl.lit("+")).alias("sign"),
        ((pl.col("lower") > 0) | (pl.col("upper") < 0)).alias("is_clear"),
    )
    return Diagram(nodes, edges)


def graphviz_text(diagram: Diagram) -> str:
    """Return the diagram in the language of Graphviz.

    Paths are arrows with their sign, dashed where the interval includes zero, red where negative.
    Dotted lines lead from its factors to a product: there one modulates the path of the other.
    """
    lines = [
        "digraph pathway {",
        "  rankdir=LR;",
        '  node [shape=box, fontname="Helvetica", margin="0.15,0.08"];',
        '  edge [fontname="Helvetica", fontsize=11];',
    ]
    for name, kind, explained in diagram.nodes.iter_rows():
        words = name.replace(PRODUCT, " × ") if kind == "product" else name
        text = _escaped(words)
        if explained is not None:
            text += f"\\nR² {rounded(explained)}"
        shape = ', shape=ellipse, style=dotted, margin="0.02"' if kind == "product" else ""
        lines.append(f'  {_quoted(name)} [label="{text}"{shape}];')
        if kind == "product":
            lines += [
                f"  {_quoted(factor)} -> {_quoted(name)} [style=dotted, arrowhead=none];"
                for factor in name.split(PRODUCT)
            ]
    lines += [_edge(**edge) for edge in diagram.edges.iter_rows(named=True)]
    return "\n".join([*lines, "}"]) + "\n"


def _edge(
    *,
    source: str,
    target: str,
    kind: str,
    label: str,
    estimate: float,
    is_clear: bool | None,
    **_: object,
) -> str:
    number = rounded(estimate)
    text = f"{label} {number if number.startswith('-') else '+' + number}".strip()
    color = "firebrick" if estimate < 0 else "black"
    attributes = [f"label={_quoted(text)}", f"color={color}", f"fontcolor={color}"]
    if is_clear is False:
        attributes.append("style=dashed")
    if kind != "path":
        # Two outcomes stay side by side.
        attributes.append("dir=both, constraint=false")
    return f"  {_quoted(source)} -> {_quoted(target)} [{', '.join(attributes)}];"


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Return a text that Graphviz shows as it is: it reads backslashes, quotes and entities."""
    for sign, written in (("\\", "\\\\"), ('"', '\\"'), ("&", "&amp;")):
        text = text.replace(sign, written)
    return text
