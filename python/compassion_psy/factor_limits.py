"""How many factors some items can tell apart."""


def most_factors(items: int) -> int:
    """Return how many factors `items` identify at most: degrees of freedom are not negative.

    Examples
    --------
    >>> [most_factors(items) for items in (3, 4, 5, 6, 25)]
    [1, 1, 2, 3, 18]
    """
    return max(m for m in range(items) if (items - m) ** 2 >= items + m)
