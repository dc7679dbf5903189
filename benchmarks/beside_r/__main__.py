"""Write docs/beside-r.md: ``python -m benchmarks.beside_r``."""

from __future__ import annotations

import sys

from benchmarks.beside_r.contents import contents
from benchmarks.beside_r.survey import ROOT, SHARED

PAGE = ROOT / "docs" / "beside-r.md"


def main() -> int:
    """Run from the command line."""
    if not SHARED.is_dir():
        print("The surveys are not here: ../shared is missing.", file=sys.stderr)
        return 1
    PAGE.write_text(contents(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
