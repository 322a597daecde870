"""A run is found by what people type."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.errors import NotFound, SettingsError
from chaoscinder.model.run import Aims, Header
from chaoscinder.runs import RunDirectory

HEADER = Header("0a1b2c3d" + "0" * 24, "Node shutdown: does the UI survive?", "e3b0", datetime.now(UTC), 100.0, 1.0, False, Aims())


def make(root: Path, run_id: str, name: str) -> RunDirectory:
    """A run whose directory has a name of its own, as if it was made at another time."""
    made = runs.create(root, replace(HEADER, run_id=run_id))
    return RunDirectory(made.path.rename(root / name))


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """Three runs of one experiment."""
    make(tmp_path, "aaaa1111" + "0" * 24, "20261122T100000Z-node-shutdown-aaaa1111")
    make(tmp_path, "aabb2222" + "0" * 24, "20261122T120000Z-node-shutdown-aabb2222")
    make(tmp_path, "cccc3333" + "0" * 24, "20261122T110000Z-node-shutdown-cccc3333")
    (tmp_path / "not-a-run").mkdir()
    return tmp_path


def test_a_directory_is_named_after_when_what_and_which(tmp_path: Path) -> None:
    path = runs.create(tmp_path / "deep" / "runs", HEADER).path
    assert re.fullmatch(r"\d{8}T\d{6}Z-node-shutdown-does-the-ui-survive-0a1b2c3d", path.name)
    assert path.is_absolute()


def test_a_title_without_a_letter_still_makes_a_name(tmp_path: Path) -> None:
    assert runs.create(tmp_path, replace(HEADER, experiment="…")).path.name.endswith("Z-experiment-0a1b2c3d")


@pytest.mark.parametrize(
    ("text", "id8"),
    [
        ("last", "aabb2222"),
        ("aaaa", "aaaa1111"),
        ("cccc3333" + "0" * 24, "cccc3333"),
        ("20261122T11", "cccc3333"),
        ("20261122T100000Z-node-shutdown-aaaa1111", "aaaa1111"),
    ],
)
def test_a_run_is_found_by_id_beginning_name_or_last(three: Path, text: str, id8: str) -> None:
    assert runs.find(text, three).run_id[:8] == id8


def test_a_path_wins(three: Path) -> None:
    path = three / "20261122T110000Z-node-shutdown-cccc3333"
    assert runs.find(str(path), three / "elsewhere").path == path


@pytest.mark.parametrize(("text", "root"), [("last", "empty"), ("zz", "."), ("", "."), ("not-a-run", ".")])
def test_what_is_not_there_is_one_line(three: Path, text: str, root: str) -> None:
    with pytest.raises(NotFound) as caught:
        runs.find(text, three / root)
    assert "wanted" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_beginning_that_names_two_is_refused_with_their_names(three: Path) -> None:
    with pytest.raises(SettingsError, match=r"'aa' names 2 runs in .*aaaa1111, .*aabb2222"):
        runs.find("aa", three)


def test_runs_made_since_a_moment_come_oldest_first(three: Path) -> None:
    began = datetime.now(UTC) - timedelta(seconds=60)
    os.utime(three / "20261122T100000Z-node-shutdown-aaaa1111" / "run.json", (1.0, 1.0))
    assert [run.run_id[:8] for run in runs.made_since(three, began)] == ["cccc3333", "aabb2222"]
    assert runs.made_since(three / "nowhere", began) == ()


def test_a_root_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be made"):
        runs.create(tmp_path / "file" / "runs", HEADER)


def test_a_directory_that_is_no_run_says_what_is_missing_in_it(three: Path) -> None:
    (three / "elsewhere").mkdir()
    with pytest.raises(NotFound, match=r"elsewhere is no run \(wanted a run.json in it\)$"):
        runs.find(str(three / "elsewhere"), three)
