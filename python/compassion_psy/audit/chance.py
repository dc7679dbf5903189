"""Could so many flags at one site be chance?"""

import math

_NEGLIGIBLE = 1e-17


def more_by_chance(found: int, drawn: int, marked: int, all_of: int) -> float:
    """How probable is it that `drawn` of `all_of` persons hold `found` or more of the `marked`?

    The upper tail of the hypergeometric distribution; R's
    ``phyper(found - 1, marked, all_of - marked, drawn, lower.tail = FALSE)``.

    Examples
    --------
    >>> round(more_by_chance(2, 2, 2, 4), 12)  # 1 / 6
    0.166666666667
    """
    least, most = max(0, drawn - (all_of - marked)), min(drawn, marked)
    if found <= least:
        return 1.0
    if found > most:
        return 0.0
    if found <= drawn * marked / all_of:
        # The other tail is the smaller one: its first term is no zero by underflow alone.
        return 1 - more_by_chance(drawn - found + 1, drawn, all_of - marked, all_of)
    term = math.exp(
        _log_choose(marked, found)
        + _log_choose(all_of - marked, drawn - found)
        - _log_choose(all_of, drawn)
    )
    total = term
    for k in range(found, most):
        term *= (marked - k) * (drawn - k)
        term /= (k + 1) * (all_of - marked - drawn + k + 1)
        total += term
        # Above the mean, terms only fall.
        if term < _NEGLIGIBLE * total:
            break
    return min(1.0, total)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
