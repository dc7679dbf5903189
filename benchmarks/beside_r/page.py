"""The page: tables of numbers, as Markdown."""

from __future__ import annotations

import math
from itertools import groupby

import numpy as np

from benchmarks.beside_r.line import Line, Pair

LEAST = 1e-12  # what is smaller is rounding, and is not the same on every machine


def shown(difference: float) -> str:
    """Return the power of ten that a difference stays below."""
    if difference < LEAST:
        return "< 1e-12"
    power = math.floor(math.log10(difference)) + 1
    return f"< 1e{power}" if power < -1 else f"< {10.0**power:g}"


def number(value: object) -> str:
    """Return a number with eight decimals, or how many numbers there are."""
    if isinstance(value, np.ndarray):
        return " × ".join(map(str, value.shape)) + " numbers"
    return f"{value:.8f}"


def summary(lines: list[Line], pairs: list[Pair]) -> list[str]:
    """Return a row for each line: the largest difference, and where."""
    rows = ["| what | in R | scales | largest difference | where | why not zero |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    for line in lines:
        found = [pair for pair in pairs if pair.line is line]
        if not found:
            continue
        worst = max(found, key=lambda pair: pair.difference)
        exact = worst.difference < LEAST
        where = "everywhere" if exact else f"`{worst.survey.name}`"
        why = "rounding" if exact else line.why
        rows.append(
            f"| {line.name} | `{line.call}` | {len(found)} | {shown(worst.difference)} | {where} | "
            f"{why} |"
        )
    return rows


def tables(pairs: list[Pair]) -> list[str]:
    """Return a table for each survey."""
    lines = []
    for survey, group in groupby(pairs, key=lambda pair: pair.survey):
        lines += ["", f"### {survey.name}", "", about(pairs, survey.name), ""]
        lines += ["| what | ours | R's | difference |", "| --- | --- | --- | --- |"]
        for pair in group:
            ours, theirs = number(pair.ours), number(pair.theirs)
            if isinstance(pair.ours, np.ndarray):
                theirs = ""
            lines.append(f"| {pair.line.name} | {ours} | {theirs} | {shown(pair.difference)} |")
    return lines


def about(pairs: list[Pair], name: str) -> str:
    """Return what was analysed."""
    survey = next(pair.survey for pair in pairs if pair.survey.name == name)
    meta = survey.meta
    items = meta.get("columns_used") or meta["items"]
    turned = ", ".join(meta["reversed"]) or "none"
    return (
        f"`{meta['dataset']}`: {meta['n_rows_passed']:,} rows, {survey.missing}; "
        f"{len(items)} items, {items[0]} to {items[-1]}; reversed: {turned}."
    )
