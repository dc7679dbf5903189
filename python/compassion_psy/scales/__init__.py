"""Scales: which columns are items, the range of an answer, what is reversed, how it is scored.

:func:`list` and :func:`get` are the registry of published scales.
"""

from compassion_psy.scales.facts import FactSheet
from compassion_psy.scales.registry import get, list
from compassion_psy.scales.rules import Composite, Conversion, MissingRule, Subscale, Total
from compassion_psy.scales.scale import Scale, snake_case

__all__ = [
    "Composite",
    "Conversion",
    "FactSheet",
    "MissingRule",
    "Scale",
    "Subscale",
    "Total",
    "get",
    "list",
    "snake_case",
]
