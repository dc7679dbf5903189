"""The command line. It reads options and shows results; it knows no statistics."""

import sys

from compassion_psy.errors import missing_extra


def main() -> None:
    """Run the command ``compassion-psy``."""
    try:
        from compassion_psy.cli._app import app
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write(f"Error: {missing_extra(error.name, 'cli')}\n")
        raise SystemExit(2) from None
    app(prog_name="compassion-psy")
