"""The matrix has a cell for everything, and experiments/README.md says what the matrix expects."""

import re

import pytest

from tests.experiments.matrix import CELLS, EXPERIMENTS, NONE, TAINT, holes, table
from tests.lent import ROOT

README = (ROOT / "experiments" / "README.md").read_text()


def rows(heading: str) -> dict[str, dict[str, str]]:
    """The rows of the table below a heading: first cell to the other cells by their column."""
    lines = [line for line in README.partition(heading)[2].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    columns = [column.strip("`") for column in cells[0]]
    found: dict[str, dict[str, str]] = {}
    for row in cells[2:]:
        if row[0] == cells[0][0]:
            break
        found[row[0].strip("`")] = dict(zip(columns[1:], row[1:], strict=True))
    return found


def test_every_experiment_has_a_cell_or_a_reason_for_every_profile_with_and_without_remediation() -> None:
    assert holes() == []


def test_a_missing_cell_a_strange_one_and_one_told_twice_are_told() -> None:
    places = {*CELLS, ("pod-delete", "1.8-intree", TAINT), ("pod-delete", "1.29-csi", NONE)} - {("pod-delete", "1.36-csi", TAINT)}
    assert holes(cells=places) == [
        "pod-delete 1.36-csi out-of-service: no cell",
        "pod-delete 1.8-intree out-of-service: there is no such experiment, profile or remediation",
        "pod-delete 1.29-csi none: both played and omitted",
    ]


def test_the_readme_has_a_row_for_every_experiment() -> None:
    wanted = sorted(f"{name}.json" for name in EXPERIMENTS)
    assert sorted(rows("# The experiments")) == wanted
    assert sorted(rows("## Expected verdicts in the sandbox")) == wanted


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_readme_says_the_verdicts_that_the_matrix_expects(name: str) -> None:
    said = rows("## Expected verdicts in the sandbox")[f"{name}.json"]
    profiles = sorted({place[1] for place in CELLS})
    words = {profile: re.findall(r"\b(?:PASS|FAIL)\b", said[profile]) for profile in profiles}
    expected = {
        profile: [CELLS[place].verdict for remediation in (TAINT, NONE) if (place := (name, profile, remediation)) in CELLS]
        for profile in profiles
    }
    assert words == expected


def test_what_was_measured_is_told_in_the_order_of_the_cells() -> None:
    measured = [
        ["stuck-attachment", "1.9-intree", "out-of-service", "30", "FAIL", "False", "at least 610.0", "-", "-", "61", "1"],
        ["pod-delete", "1.36-csi", "out-of-service", "20", "PASS", "True", "9.9 to 12.1", "5.8", "-", "9", "2"],
    ]
    assert table(measured) == [
        "experiment        profile     remediation     rate  verdict  restored  away s          two pods s  Multi-Attach s  wall s  tries",
        "pod-delete        1.36-csi    out-of-service  20    PASS     True      9.9 to 12.1     5.8         -               9       2",
        "stuck-attachment  1.9-intree  out-of-service  30    FAIL     False     at least 610.0  -           -               61      1",
    ]
