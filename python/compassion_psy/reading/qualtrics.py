"""Exports of Qualtrics: two rows below the names hold question texts and import identifiers."""

from __future__ import annotations

import json
from collections.abc import Sequence


def import_id(cell: str | None) -> str | None:
    """Return the import identifier in a cell of the third row, None where it is no such cell.

    The cell is JSON: ``{"ImportId":"QID1"}``, for dates with a time zone.
    """
    try:
        known = json.loads(cell or "")
    except ValueError:
        return None
    found = known.get("ImportId") if isinstance(known, dict) else None
    return found if isinstance(found, str) else None


def is_export(rows: Sequence[Sequence[str | None]]) -> bool:
    """Whether the first three rows of a file are the heading of a Qualtrics export."""
    # All cells, so that a person who types such a text into one answer is not taken for it.
    return len(rows) == 3 and all(import_id(cell) is not None for cell in rows[2])
