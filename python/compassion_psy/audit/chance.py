"""Could so many flags at one site be chance?"""

import math


def more_by_chance(found: int, drawn: int, marked: int, all_of: int) -> float:
    """How probable is it that `drawn` of `all_of` persons hold `found` or more of the `marked`?

    The upper tail of the hypergeometric distribution; R's
    ``phyper(found - 1, marked, all_of - marked, drawn, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(more_by_chance(2, 2, 2, 4), 12)  # 1 / 6
    0.166666666667
    """
    whole = _log_choose(all_of, drawn)
    return min(
        1.0,
        math.fsum(
            math.exp(_log_choose(marked, k) + _log_choose(all_of - marked, drawn - k) - whole)
            for k in range(max(found, drawn - (all_of - marked)), min(drawn, marked) + 1)
        ),
    )


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
