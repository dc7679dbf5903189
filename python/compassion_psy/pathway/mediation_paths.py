"""The steps of a mediation one by one, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from compassion_psy.pathway.mediation_text import Edge, Mediation
from compassion_psy.pathway.modulator_levels import ModulatorLevels

_STAGES = {
    "a": "first stage",
    "b": "second stage",
    "c": "direct effect c'",
    "d": "between mediators",
}
_WORDS = ("label", "path", "meaning")
_NUMBERS = ("estimate", "se", "p", "lower", "upper", "std_all")


def paths_of(asked: Mediation, rows: Mapping[str, Mapping[str, Any]]) -> pl.DataFrame:
    """Return the labelled paths of a mediation, each followed by what modulates it.

    Parameters
    ----------
    asked : Mediation
        The question.
    rows : mapping of str to mapping
        The rows of the table of its model, by label.
    """
    records = [
        dict(zip(_WORDS, words, strict=True)) | {name: rows[words[0]][name] for name in _NUMBERS}
        for edge in asked.edges
        for words in _in_words(edge)
    ]
    schema = dict.fromkeys(_WORDS, pl.String) | dict.fromkeys(_NUMBERS, pl.Float64)
    return pl.DataFrame(records, schema=schema)


def _in_words(edge: Edge) -> Iterator[tuple[str, str, str]]:
    path = f"{edge.source} > {edge.target}"
    zeros = " and ".join(f"{name} 0" for name in edge.modulators)
    yield edge.label, path, _STAGES[edge.label[0]] + (f" at {zeros}" if zeros else "")
    for name in edge.modulators:
        yield edge.by(name), path, f"change of {edge.label} by {name}"


def beyond_the_data(asked: Mediation, chosen: ModulatorLevels) -> tuple[str, ...]:
    """Return notes on values of modulators that nobody has near: 0, and levels that were given."""
    notes = []
    for name in asked.all_modulators:
        lowest, highest = chosen.grids[name][0], chosen.grids[name][-1]
        if not lowest <= 0 <= highest:
            own = ", ".join(edge.label for edge in asked.edges if name in edge.modulators)
            notes.append(
                f"{name} is {lowest:.6g} to {highest:.6g}, never near 0, where {own} is read: take "
                "the simple slopes instead, or subtract its mean first."
            )
        far = [value for value in chosen.values[name] if not lowest <= value <= highest]
        if far:
            listed = ", ".join(f"{value:.6g}" for value in far)
            notes.append(
                f"levels: {name} {listed} is outside the data ({lowest:.6g} to {highest:.6g})."
            )
    return tuple(notes)
