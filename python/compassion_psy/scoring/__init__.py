"""Scores of persons: from answers to totals and subscales by the published rules.

:func:`score` is the question; :class:`Norms` is what a score is compared with.
"""

from compassion_psy.scoring.norms import Norms
from compassion_psy.scoring.scored import score

__all__ = ["Norms", "score"]
