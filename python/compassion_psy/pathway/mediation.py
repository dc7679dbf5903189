"""By which steps does something work, and what makes a step stronger or weaker?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from compassion_psy.data.design import Names
from compassion_psy.data.frames import with_names
from compassion_psy.options import Bootstrap
from compassion_psy.pathway.mediation_frames import mediated
from compassion_psy.pathway.mediation_result import MediationResult
from compassion_psy.pathway.mediation_text import (
    checked_mediation,
    curves_of,
    effects_of,
    regressions,
    text_of,
)
from compassion_psy.pathway.modulator_levels import modulator_levels
from compassion_psy.pathway.pathway import estimated
from compassion_psy.pathway.structure import structure_of
from compassion_psy.pathway.syntax import parse
from compassion_psy.pathway.uncertainty import PERCENTILE, MonteCarlo
from compassion_psy.pathway.unreliability import Reliability
from compassion_psy.pathway.variables import Scales, variables_of
from compassion_psy.progress import Progress


def mediation(
    data: Any,
    *,
    x: str,
    m: str | Sequence[str],
    y: str,
    modulators: Mapping[str, str | Sequence[str]] | None = None,
    covariates: str | Sequence[str] = (),
    serial: bool = False,
    levels: Mapping[str, Sequence[float]] | None = None,
    scales: Scales = None,
    cluster: Names = None,
    strata: Names = None,
    center: Sequence[str] = (),
    reliability: Reliability = None,
    missing_codes: Sequence[float] = (),
    interval: Bootstrap | MonteCarlo | str | None = PERCENTILE,
    level: float = 0.95,
    threads: int | None = None,
    progress: Progress = None,
) -> MediationResult:
    r"""By which steps does x change y, and what makes a step stronger or weaker?

    Writes a model for :func:`pathway`, estimates it, and puts its effects in order.

    Parameters
    ----------
    data : frame
        One row a person.
    x, y : str
        What works, and what it works on.
    m : str or list of str
        The mediators: side by side, or in their order where `serial`.
    modulators : mapping of str to str or list of str, optional
        What changes the strength of a path: "a" is from x to the mediators, "b" from them to y,
        "c" the direct path, "d" between serial mediators; "a1", "b2", "d21" (to the second from
        the first) mean one of them. A column may modulate several paths.
    covariates : str or list of str
        Further predictors of every mediator and of y.
    serial : bool
        Whether each mediator also works on the later ones.
    levels : mapping of str to list of float, optional
        Values of modulators at which effects are looked at. When not given, the 16th, 50th and
        84th percentiles of the persons used, or both values of a modulator that has two.
    scales, cluster, strata, center, reliability, missing_codes, interval, level, threads, progress
        As of :func:`pathway`.

    Returns
    -------
    MediationResult

    Raises
    ------
    DataError, OptionError
        As of :func:`pathway`; where a column has two roles, or a path is not known.

    Notes
    -----
    With one mediator, ``m ~ a*x + w + a_w*x:w`` and ``y ~ b*m + c*x + v + b_v*m:v``, the indirect
    effect at w and v is (a + a_w w)(b + b_v v). The index of moderated mediation of w is a_w (b +
    b_v v), its change for one unit of w [1]_; of what modulates both steps the indirect effect is
    no straight line, and differences between levels are given instead. Residuals of mediators
    side by side covary. Johnson-Neyman bounds solve (e + e_w w)² = z² Var(e + e_w w) [2]_, with
    normal z and the covariances behind ``se``.

    What is done to whole teams works through their means (2-1-1): give ``m="w_between"`` and
    ``covariates="w_within"`` with ``center=["w"]`` and `cluster`.

    Sensitivity: were the residuals of mediator and outcome correlated by rho, for something
    unmeasured that drives both, the path between them would be s_y / s_m (r - rho sqrt((1 - r²) /
    (1 - rho²))), r being their correlation and s their standard deviations given the other
    predictors of y [3]_. It is there for mediators whose paths nobody modulates, not for serial
    ones; r and s are those of true values where paths are corrected for unreliability.

    In R: the text ``.model`` with ``lavaan::sem``; PROCESS models 1, 4, 6, 7, 14, 21, 58, 59 and
    the like.

    References
    ----------
    .. [1] Hayes, A. F. (2015). An index and test of linear moderated mediation. *Multivariate
       Behavioral Research*, 50, 1-22.
    .. [2] Bauer, D. J., & Curran, P. J. (2005). Probing interactions in fixed and multilevel
       regression. *Multivariate Behavioral Research*, 40, 373-400.
    .. [3] Imai, K., Keele, L., & Yamamoto, T. (2010). Identification, inference and sensitivity
       analysis for causal mediation effects. *Statistical Science*, 25, 51-71.

    Examples
    --------
    >>> import numpy as np
    >>> import polars as pl
    >>> random = np.random.default_rng(1)
    >>> x, w, e, f = random.normal(size=(4, 300))
    >>> m = (0.5 + 0.3 * w) * x + e
    >>> frame = pl.DataFrame({"training": x, "support": w, "compassion": m,
    ...                       "wellbeing": 0.5 * m + f})
    >>> result = mediation(frame, x="training", m="compassion", y="wellbeing",
    ...                    modulators={"a": "support"},
    ...                    interval=Bootstrap(500, method="percentile", seed=1))
    >>> print(result.model.splitlines()[0])
    compassion ~ a*training + support + a_support*training:support
    >>> result.index["lower"][0] > 0
    True
    """
    asked = checked_mediation(x, m, y, modulators, covariates, serial)
    base = regressions(asked)
    common: dict[str, Any] = {
        "scales": scales,
        "cluster": cluster,
        "strata": strata,
        "center": center,
        "missing_codes": missing_codes,
    }
    # Looked at twice: what can be read but once, such as a stream, is a frame from here on.
    data, _ = with_names(data)
    variables = variables_of(data, structure_of(parse(base)), **common)
    chosen = modulator_levels(asked.all_modulators, variables, levels)
    effects = effects_of(asked, chosen.values)
    curves = curves_of(asked, chosen.grids, chosen.middles)
    # Labels are the package's own here, whatever the columns are called.
    written = text_of(base, [*effects, *curves])
    result = estimated(
        data,
        written,
        structure_of(parse(written)),
        **common,
        reliability=reliability,
        interval=interval,
        level=level,
        threads=threads,
        progress=progress,
    )
    return mediated(asked, text_of(base, effects), effects, curves, chosen, result)
