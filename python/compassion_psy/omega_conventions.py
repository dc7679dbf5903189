"""What programs call omega: each convention with its estimator, matrix and denominator."""

from __future__ import annotations

from dataclasses import dataclass

ONE = "maximum likelihood, one factor"
EXPLORATORY = "minimum residuals"
GENERAL = "minimum residuals, Schmid-Leiman"
ORDINAL = "diagonally weighted least squares, one factor"

COVARIANCE = "covariance"
CORRELATION = "correlation"
POLYCHORIC = "polychoric"

IMPLIED = "variance the model implies"
OBSERVED = "observed variance"
COMMON = "observed variance less unique variances"
LATENT = "variance by polychoric correlations"

RUN = "run"
DOCUMENTED = "documentation"
RECALLED = "recalled"


@dataclass(frozen=True)
class Convention:
    """One program's omega.

    Attributes
    ----------
    name : str
        Program and call.
    coefficient : str or None
        What this package calls it; None where it has no such coefficient.
    estimator, matrix, denominator : str
        What makes it up.
    basis : str
        How this is known: "run" (the program was run and gave the same number), "documentation"
        (of the program, or of its errors), or "recalled" (from its literature, not checked).
    source : str
        Which version was run, or which document says so.
    asked : bool
        Whether it takes the number of factors asked for; else one.
    flips : bool
        Whether it turns items that load negatively, unasked.
    pairwise : bool
        Whether it uses all who answered two items; else who answered every item.
    of_missing, of_negative : str or None
        What to know about it where answers are missing, and where items load negatively.
    """

    name: str
    coefficient: str | None
    estimator: str
    matrix: str
    denominator: str
    basis: str
    source: str
    asked: bool = False
    flips: bool = False
    pairwise: bool = False
    of_missing: str | None = None
    of_negative: str | None = None

    @property
    def rotation(self) -> str | None:
        """How factors are rotated, where there are several."""
        return "oblimin" if self.asked else None

    @property
    def missing(self) -> str:
        """Whom it uses."""
        return "pairwise" if self.pairwise else "listwise"


_PSYCH = "psych 2.2.9"
_SEMTOOLS = "semTools 0.5-6, lavaan 0.6-14"
_MBESS = "Kelley & Pornprasertmanit (2016), of MBESS"
_JASP = "jasp-issues 2655, 3240"
_HAYES = "manual of the macro, Hayes & Coutts (2020)"
_HANCOCK = "Hancock & An (2020)"

_FIML = "with missing answers JASP fits by full information, and its number differs"
_ROOTS = "its loadings are square roots, so that it takes none as negative"

# What a program is named, then what it estimates from which matrix over which variance.
_IMPLIED = ("omega_u", ONE, COVARIANCE, IMPLIED)
_OBSERVED = ("omega_u_observed", ONE, COVARIANCE, OBSERVED)
_TOTAL = ("omega_total", EXPLORATORY, CORRELATION, OBSERVED)
_HIERARCHICAL = ("omega_h", GENERAL, CORRELATION, OBSERVED)
_LIMIT = ("omega_limit", GENERAL, CORRELATION, COMMON)
_CATEGORICAL = ("omega_categorical", ORDINAL, POLYCHORIC, LATENT)
_CLOSED = (None, "closed form, one factor", COVARIANCE, OBSERVED)


def _psych(name: str, what: tuple[str, str, str, str], *, asked: bool = True) -> Convention:
    return Convention(name, *what, RUN, _PSYCH, asked=asked, flips=True, pairwise=True)


CONVENTIONS = (
    Convention("compassion_psy omega_u", *_IMPLIED, RUN, "this package"),
    _psych("psych omega(): omega_h", _HIERARCHICAL),
    _psych("psych omega(): omega.lim", _LIMIT),
    _psych("psych omega(): omega.tot", _TOTAL),
    _psych("psych omega(nfactors = 1): omega.tot", _TOTAL, asked=False),
    Convention(
        "jamovi",
        *_TOTAL,
        RECALLED,
        "jmv, which calls psych with one factor",
        of_negative="whether it turns items is not known here",
    ),
    Convention("JASP Reliability", *_IMPLIED, RECALLED, _JASP, of_missing=_FIML),
    Convention("JASP Factor: CFA", *_OBSERVED, DOCUMENTED, _JASP, of_missing=_FIML),
    Convention("semTools compRelSEM()", *_OBSERVED, RUN, _SEMTOOLS),
    Convention("semTools compRelSEM(obs.var = FALSE)", *_IMPLIED, RUN, _SEMTOOLS),
    Convention("semTools reliability(): omega", *_IMPLIED, RUN, _SEMTOOLS),
    Convention("semTools reliability(): omega2", *_IMPLIED, RUN, _SEMTOOLS),
    Convention("semTools reliability(): omega3", *_OBSERVED, RUN, _SEMTOOLS),
    Convention("semTools compRelSEM(), ordered items", *_CATEGORICAL, RUN, _SEMTOOLS),
    Convention("MBESS type 'omega'", *_IMPLIED, RECALLED, _MBESS),
    Convention("MBESS type 'hierarchical'", *_OBSERVED, RECALLED, _MBESS),
    Convention("MBESS type 'categorical'", *_CATEGORICAL, RECALLED, _MBESS),
    Convention("OMEGA macro (SPSS, SAS)", *_IMPLIED, DOCUMENTED, _HAYES),
    Convention("OMEGA macro (SPSS, SAS), ha = 1", *_CLOSED, DOCUMENTED, _HAYES, of_negative=_ROOTS),
    Convention("SPSS RELIABILITY, MODEL = OMEGA", *_CLOSED, RECALLED, _HANCOCK, of_negative=_ROOTS),
)
"""What the ledger compares, this package's default first."""
