"""Make values/bivariate_normal.json with 50 digits and more, by mpmath. From the root:

python tests/reference/generate_bivariate_normal.py

Plackett (1954): the derivative of the probability by the correlation is the density, so that the
probability is that of independence plus the integral of the density over the correlation.
"""

import itertools
import json
from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
# The smallest cell is left over when four numbers cancel in their first 56 digits.
DIGITS_OF_CELLS = 90
OUT = Path("tests/reference/values/bivariate_normal.json")

LIMITS = ["-5.5", "-2", "-0.7", "0", "0.3", "0.31", "1.6", "4"]
CORRELATIONS = ["-0.999999", "-0.97", "-0.9", "-0.5", "0", "0.2", "0.6", "0.92", "0.93", "0.9995"]
# Cells that hold next to nothing: against the direction of the correlation, and narrow ones.
RECTANGLES = [
    ("0.9", ("-inf", "-4"), ("3", "inf")),
    ("0.99", ("-inf", "-1"), ("0.5", "inf")),
    ("-0.8", ("2", "inf"), ("3.5", "inf")),
    ("0.5", ("-inf", "-5.1"), ("5.1", "inf")),
    ("0.3", ("1", "1.00001"), ("-2", "-1.99999")),
    ("0.95", ("1", "1.5"), ("-2", "-1.5")),
    ("0.999", ("0.5", "1"), ("1.2", "1.4")),
    ("-0.98", ("-inf", "0"), ("-inf", "-2")),
]


def cdf(h: mp.mpf, k: mp.mpf, rho: mp.mpf) -> mp.mpf:
    """Return the probability below h and k."""
    if mp.isinf(h) or mp.isinf(k):
        return mp.ncdf(h) * mp.ncdf(k)
    end = mp.asin(rho)

    def integrand(angle: mp.mpf) -> mp.mpf:
        sine, cosine = mp.sin(angle), mp.cos(angle)
        return mp.exp(-(h * h + k * k - 2 * h * k * sine) / (2 * cosine * cosine))

    # Pieces that shrink towards the end, where the integrand may fall within a short stretch.
    cuts = [end * (1 - mp.mpf(2) ** -piece) for piece in range(24)] + [end]
    return mp.ncdf(h) * mp.ncdf(k) + mp.quad(integrand, cuts) / (2 * mp.pi)


def rectangle(rho: mp.mpf, first: list[mp.mpf], second: list[mp.mpf]) -> mp.mpf:
    """Return the probability between the limits."""
    return mp.fsum(
        sign * cdf(h, k, rho)
        for (s, h), (t, k) in itertools.product(
            zip((-1, 1), first, strict=True), zip((-1, 1), second, strict=True)
        )
        for sign in [s * t]
    )


def main() -> None:
    """Write the file."""
    points = [
        [float(h), float(k), float(rho), mp.nstr(cdf(*map(mp.mpf, map(float, (h, k, rho)))), 17)]
        for rho in CORRELATIONS
        for h, k in itertools.combinations_with_replacement(LIMITS, 2)
    ]
    cells = []
    for rho, first, second in RECTANGLES:
        limits = [[mp.mpf(float(limit)) for limit in pair] for pair in (first, second)]
        with mp.workdps(DIGITS_OF_CELLS):
            value = rectangle(mp.mpf(float(rho)), *limits)
        cells.append([rho, list(first), list(second), mp.nstr(value, 17)])
    about = {
        "made_by": "generate_bivariate_normal.py",
        "mpmath": mp.__version__,
        "cdf": "[h, k, rho, probability]",
        "rectangles": "[rho, [from, to], [from, to], probability]",
    }
    parts = [f'"about": {json.dumps(about)}']
    for name, rows in {"cdf": points, "rectangles": cells}.items():
        lines = ",\n  ".join(json.dumps(row) for row in rows)
        parts.append(f'"{name}": [\n  {lines}\n ]')
    OUT.write_text("{\n " + ",\n ".join(parts) + "\n}\n")


if __name__ == "__main__":
    main()
