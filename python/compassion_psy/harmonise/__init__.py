"""Harmonising: a declared recipe, from raw exports of several sources to one frame.

A :class:`Recipe` is data: scales, and what each source did differently. :func:`harmonise` carries
it out, and its log says what every step changed.
"""

from compassion_psy.harmonise.answers import Answers
from compassion_psy.harmonise.recipe import Recipe, Target
from compassion_psy.harmonise.result import Harmonised
from compassion_psy.harmonise.run import harmonise
from compassion_psy.harmonise.source import DateWindow, Duplicates, Kept, Source

__all__ = [
    "Answers",
    "DateWindow",
    "Duplicates",
    "Harmonised",
    "Kept",
    "Recipe",
    "Source",
    "Target",
    "harmonise",
]
