"""Survey files of every common format, folders of them and databases, as Polars frames."""

from compassion_psy.reading.import_ids import read_import_ids
from compassion_psy.reading.labels import read_labels
from compassion_psy.reading.sources import survey_files
from compassion_psy.reading.survey import read_survey

__all__ = ["read_import_ids", "read_labels", "read_survey", "survey_files"]
