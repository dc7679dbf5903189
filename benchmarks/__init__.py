"""How fast the package is beside other ways to the same numbers: run ``python -m benchmarks``."""
