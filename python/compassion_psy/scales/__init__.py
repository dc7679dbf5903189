"""Scales: which columns are items, the range of an answer, and which items are reversed."""

from compassion_psy.scales.scale import Scale

__all__ = ["Scale"]
