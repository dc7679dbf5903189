"""compassion-psy scales: the list, and what is known of one."""

import click.testing
from compassion_psy.cli._app import app


def invoke(*arguments: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(app, arguments)


def test_the_list_names_every_scale() -> None:
    found = invoke("scales")
    assert found.exit_code == 0
    rows = [line for line in found.output.splitlines() if " to " in line]
    assert len(rows) == 34
    assert "recalled, no source was read" in " ".join(found.output.split())


def test_scales_are_found_by_name_and_construct() -> None:
    rows = [line.split()[0] for line in invoke("scales", "--find", "Empathy").output.splitlines()
            if " to " in line]  # fmt: skip
    assert {"iri", "teq", "jse", "qcae", "bes"} <= set(rows)
    assert "scs" not in rows
    nothing = invoke("scales", "--find", "[")
    assert nothing.exit_code == 0
    assert "No published scale has '['" in nothing.output


def test_one_scale_is_described() -> None:
    found = invoke("scales", "scs-sf")
    assert found.exit_code == 0
    assert "reversed      1, 4, 8, 9, 11, 12" in found.output


def test_an_unknown_id_ends_with_one_line_and_2() -> None:
    found = invoke("scales", "scs-sff")
    assert found.exit_code == 2
    assert found.output.count("\n") == 1
    assert "'scs-sf'" in found.output
