"""What every step changed."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

LOG_SCHEMA = {
    "source": pl.String,
    "step": pl.String,
    "column": pl.String,
    "rows": pl.Int64,
    "cells": pl.Int64,
    "detail": pl.String,
}


@dataclass
class Log:
    """The steps of one source, in the order they were done."""

    source: str
    entries: list[tuple[str, str, str | None, int | None, int | None, str]] = field(
        default_factory=list
    )

    def rows(self, step: str, rows: int, detail: str) -> None:
        """Note a step about rows."""
        self.entries.append((self.source, step, None, rows, None, detail))

    def cells(self, step: str, column: str, cells: int, detail: str) -> None:
        """Note a step about the cells of a column."""
        self.entries.append((self.source, step, column, None, cells, detail))


def log_frame(logs: list[Log]) -> pl.DataFrame:
    """Return the steps of all sources, one row each."""
    entries = [entry for log in logs for entry in log.entries]
    return pl.DataFrame(entries, schema=LOG_SCHEMA, orient="row")
