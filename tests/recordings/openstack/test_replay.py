"""The recording of a real control plane, played against the sandbox: the same codes, messages, bodies and transitions."""

import json
import re
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.recordings.openstack.recording import FILE, lines
from tests.recordings.openstack.replay import NOT_PLAYED, Difference, new_cloud, replay

LEFT_OUT = json.loads(Path(__file__).with_name("left_out.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found() -> list[Difference]:
    return replay(new_cloud())


def is_left_out(difference: Difference, entry: dict) -> bool:
    return difference.line in entry["lines"] and fnmatchcase(difference.aspect, entry["aspect"])


def test_the_sandbox_answers_and_changes_as_the_real_cloud_did(found):
    assert [str(row) for row in found if not any(is_left_out(row, entry) for entry in LEFT_OUT)] == []


@pytest.mark.parametrize("entry", LEFT_OUT, ids=lambda entry: f"line {entry['lines'][0]} {entry['aspect']}")
def test_what_is_left_out_still_differs_at_every_line_that_the_list_names(found, entry):
    differing = {row.line for row in found if is_left_out(row, entry)}
    assert (sorted(differing), bool(entry["reason"])) == (entry["lines"], True)


def test_the_whole_recording_is_played():
    kinds = Counter(line.kind for line in lines())
    assert kinds == {
        "call": 291, "watch": 132, "section": 33, "lab": 20, "fault": 11, "brief": 8, "cut": 7, "exc": 3, "race": 1,
    }  # fmt: skip
    assert set(kinds) - NOT_PLAYED == {"call", "watch", "lab", "fault", "brief", "cut", "exc"}


def test_the_recording_holds_no_secret():
    """Tokens and log-ins were not recorded; adminPass is what Nova made up for guests that never ran and are long gone."""
    text = FILE.read_text(encoding="utf-8")
    words = set(re.findall(r'"(\w*(?:[Pp]ass|[Tt]oken|[Ss]ecret)\w*)": ', text))
    assert (words, "gAAAA" in text, "X-Auth" in text) == ({"adminPass"}, False, False)
