"""From which value of an index on a person is flagged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from compassion_psy.errors import OptionError
from compassion_psy.options import whole_number


@dataclass(frozen=True, kw_only=True)
class Cutoffs:
    """From which value of an index on is a person flagged?

    A flag asks for a second look; no index alone shows that somebody was careless [1]_. None
    leaves a flag out: the index is there all the same.

    Parameters
    ----------
    longstring : float or None
        Share of the scale's items that a run of one same answer may not reach: half [1]_.
    run : int
        Runs shorter than this are no reason for a flag, however short the scale; nor are fewer
        answers that are all the same. To five items of a kind many answer the same in earnest.
    irv : float or None
        Standard deviation of a person's answers, in units of the answers, below which it is too
        low [3]_. No value of it is established for scales in general, so there is none here.
    even_odd : float or None
        Even-odd consistency below this is too low: .30, Jackson's limit [2]_.
    pair_correlation : float
        Items that correlate above this are synonyms, below minus this antonyms: .60 [4]_.
    synonyms : float or None
        A correlation over pairs of synonyms below this is too low: 0 [1]_. Where all pairs are of
        one construct it is near 0 for careful persons too (below 0 for 12 % of 601 answers to a
        mindfulness inventory).
    antonyms : float or None
        A correlation over pairs of antonyms above this is too high: 0 [1]_.
    person_total : float or None
        A correlation with the means of the others below this is too low. 0 is proposed [1]_, but
        is left to you: in a scale that is turned in half of its items, or whose items are
        endorsed alike, careful persons lie below it too (7 to 14 % in four public data sets).
    points : int
        Correlations within a person over fewer points (subscales, pairs, items) raise no flag:
        over 20 points the correlation of somebody who answers at random has a standard error of
        .23, over 6 one of .45. In simulated surveys of 6 subscales with 5 items each, even-odd
        consistency was below .30 for 15 % of careful persons (and 60 % of random answers).
    mahalanobis : float or None
        A distance whose chi-square probability is below this is too large: .001 [4]_.
    guttman : float or None
        Normed Guttman errors above the third quartile of all persons by this many
        inter-quartile ranges are too many: 1.5, Tukey's fence [5]_. Person fit is among the
        better signs of answers at random [7]_.
    repeated : int
        A row with so many answers, not all the same, that occurs twice is flagged. Rows with few
        answers are alike by chance.
    failed : int
        So many failed attention checks are too many.
    seconds : float or None
        Fewer seconds for each item answered are too few: 2 [6]_.

    Raises
    ------
    OptionError
        Where a value is outside its limits.

    References
    ----------
    .. [1] Curran, P. G. (2016). Methods for the detection of carelessly invalid responses in
       survey data. *Journal of Experimental Social Psychology*, 66, 4-19.
    .. [2] Johnson, J. A. (2005). Ascertaining the validity of individual protocols from web-based
       personality inventories. *Journal of Research in Personality*, 39, 103-129.
    .. [3] Dunn, A. M., Heggestad, E. D., Shanock, L. R., & Theilgard, N. (2018). Intra-individual
       response variability as an indicator of insufficient effort responding. *Journal of
       Business and Psychology*, 33, 105-121.
    .. [4] Meade, A. W., & Craig, S. B. (2012). Identifying careless responses in survey data.
       *Psychological Methods*, 17, 437-455.
    .. [5] Zijlstra, W. P., van der Ark, L. A., & Sijtsma, K. (2007). Outlier detection in test and
       questionnaire data. *Multivariate Behavioral Research*, 42, 531-555.
    .. [6] Bowling, N. A., Huang, J. L., Brower, C. K., & Bragg, C. B. (2023). The quick and the
       careless: The construct validity of page time as a measure of insufficient effort
       responding to surveys. *Organizational Research Methods*, 26, 323-352.
    .. [7] Niessen, A. S. M., Meijer, R. R., & Tendeiro, J. N. (2016). Detecting careless
       respondents in web-based questionnaires: Which method to use? *Journal of Research in
       Personality*, 63, 1-11.

    Examples
    --------
    >>> Cutoffs(seconds=1).seconds
    1.0
    """

    longstring: float | None = 0.5
    run: int = 10
    irv: float | None = None
    even_odd: float | None = 0.3
    pair_correlation: float = 0.6
    synonyms: float | None = 0.0
    antonyms: float | None = 0.0
    person_total: float | None = None
    points: int = 20
    mahalanobis: float | None = 0.001
    guttman: float | None = 1.5
    repeated: int = 20
    failed: int = 1
    seconds: float | None = 2.0

    def __post_init__(self) -> None:
        for name, (lowest, highest) in _LIMITS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, _between(name, value, lowest, highest))
        if self.pair_correlation is None:
            raise OptionError("pair_correlation is None, but it must be a number from 0 to 1.")
        for name, least in (("run", 2), ("points", 3), ("repeated", 1), ("failed", 1)):
            object.__setattr__(self, name, whole_number(name, getattr(self, name), minimum=least))


_LIMITS = {
    "longstring": (0, 1),
    "irv": (0, math.inf),
    "even_odd": (-1, 1),
    "pair_correlation": (0, 1),
    "synonyms": (-1, 1),
    "antonyms": (-1, 1),
    "person_total": (-1, 1),
    "mahalanobis": (0, 1),
    "guttman": (0, math.inf),
    "seconds": (0, math.inf),
}


def _between(name: str, value: object, lowest: float, highest: float) -> float:
    # True is a number to Python, and more likely a slip here.
    number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not lowest <= number <= highest:
        upper = "" if math.isinf(highest) else f" to {highest:g}"
        limits = f"from {lowest:g}{upper}" if upper else f"of at least {lowest:g}"
        raise OptionError(f"{name} is {value!r}, but it must be a number {limits}, or None.")
    return number
