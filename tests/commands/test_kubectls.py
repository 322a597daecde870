"""Where the kubectl of the tests comes from, and that what cannot be had says why."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import kubectls


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine with an empty PATH and nothing fetched."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv(kubectls.CACHE_VARIABLE, str(tmp_path / "cache"))
    kubectls.of_debian.cache_clear()
    yield tmp_path
    kubectls.of_debian.cache_clear()


def tool(directory: Path, name: str, *lines: str) -> Path:
    """A command of our own."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([f"#!{SHELL}", *lines, ""]))
    path.chmod(0o755)
    return path


SHELL = shutil.which("sh")


def kubectl(directory: Path, version: str) -> Path:
    """A kubectl that only tells its version."""
    return tool(directory, "kubectl", f"""echo '{{"clientVersion": {{"gitVersion": "{version}"}}}}'""")


def test_no_kubectl_on_path_is_named(bare: Path) -> None:
    with pytest.raises(kubectls.Missing, match=r"^there is no kubectl on PATH$"):
        kubectls.find("path")


def test_a_machine_that_is_not_debian_is_named(bare: Path) -> None:
    with pytest.raises(kubectls.Missing, match=r"^Debian's kubernetes-client cannot be fetched: there is no apt-get here$"):
        kubectls.find("debian")


def test_a_package_that_cannot_be_fetched_is_named_with_the_reason(bare: Path) -> None:
    for name in ("apt-get", "dpkg"):
        tool(bare / "bin", name, "echo 'no route to the archive' >&2", "exit 100")
    tool(bare / "bin", "apt-config", "exit 1")
    with pytest.raises(kubectls.Missing, match=r"^Debian's kubernetes-client cannot be fetched: .*apt-config"):
        kubectls.find("debian")


def test_one_that_was_fetched_is_used_and_one_of_the_same_version_on_path_is_not_run_again(bare: Path) -> None:
    kubectl(bare / "cache" / "kubectl" / "tree" / "usr" / "bin", "v1.20.2")
    kubectl(bare / "bin", "v1.20.2")
    found = kubectls.find("debian")
    assert (found.version, found.minor, found.origin) == ("v1.20.2", 20, "Debian's package")
    with pytest.raises(kubectls.Missing, match=r"^kubectl v1\.20\.2 on PATH is the version of the Debian package"):
        kubectls.find("path")


def test_another_version_on_path_is_run_as_well_and_is_the_first_choice(bare: Path) -> None:
    kubectl(bare / "cache" / "kubectl" / "tree" / "usr" / "bin", "v1.20.2")
    kubectl(bare / "bin", "v1.32.4")
    assert (kubectls.find("path").version, kubectls.best().version) == ("v1.32.4", "v1.32.4")
    (bare / "bin" / "kubectl").unlink()
    assert kubectls.best().version == "v1.20.2"
