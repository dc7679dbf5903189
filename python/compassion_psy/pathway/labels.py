"""Labels that are columns as well: R's ``x*w`` read as lavaan's."""

from __future__ import annotations

from collections.abc import Collection

from compassion_psy.errors import OptionError
from compassion_psy.pathway.structure import PRODUCT
from compassion_psy.pathway.syntax import Model


def check_labels(model: Model, present: Collection[str]) -> None:
    """Raise OptionError for a label before ``*`` that is the name of another variable.

    In a formula of R, ``x*w`` is ``x + w + x:w``. Here it is w with the label x, so that x and the
    product would be missing in silence.

    Parameters
    ----------
    model : Model
        What was written.
    present : collection of str
        The columns of the data, and what else the model may name.
    """
    for each in model.regressions:
        if each.label in present and each.label != each.predictor:
            terms = [each.label, each.predictor]
            if each.label not in each.predictor.split(PRODUCT):
                terms.append(PRODUCT.join(terms))
            raise OptionError(
                f"Model line {each.line}, at '{each.label}*{each.predictor}': before '*' stands a "
                f"label, but {each.label!r} is a column. For these effects and their product write "
                f"'{' + '.join(terms)}'; for a label take a name that is no column."
            )
