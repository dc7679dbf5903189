"""From files and frames to checked answers."""
