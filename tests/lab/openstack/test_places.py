"""Where the lab is, its ports, its settings, and what it refuses before it does anything."""

import json
import socket
from pathlib import Path

import pytest

from tests.lab.openstack import __main__ as command
from tests.lab.openstack import needs, packages, ports, texts
from tests.lab.openstack.places import Places, default_places, twin_of
from tests.lab.openstack.saying import LabError


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path.resolve() / "lab")


def test_the_directory_is_the_named_one_else_one_below_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("OPENSTACK_LAB_DIR", raising=False)
    assert default_places().root == tmp_path / "chaoscinder" / "openstack-lab"
    monkeypatch.setenv("OPENSTACK_LAB_DIR", str(tmp_path / "mine"))
    assert default_places().root == (tmp_path / "mine").resolve()


def test_a_second_lab_has_the_installation_of_the_first_and_all_else_of_its_own(places: Places) -> None:
    (places.venv / "bin").mkdir(parents=True)
    for _ in range(2):  # made anew each time: the first one may have moved
        second = twin_of(places)
    assert (second.root, second.installed) == (places.root.with_name("lab-second"), True)
    assert second.bin.resolve() == places.bin
    assert not second.state.exists()


def test_the_ports_of_a_second_lab_are_others(places: Places) -> None:
    first = ports.kept_ports(places)
    assert ports.free_base(first["keystone"] + ports.STEP) > max(first.values())


def test_ports_are_chosen_once_and_kept(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ports.BASE_VARIABLE, raising=False)
    chosen = ports.kept_ports(places)
    assert list(chosen) == list(ports.NAMES)
    monkeypatch.setenv(ports.BASE_VARIABLE, "20000")
    assert ports.kept_ports(places) == chosen
    assert json.loads((places.root / "ports.json").read_text()) == chosen


def test_a_chosen_port_that_is_taken_is_one_line(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv(ports.BASE_VARIABLE, str(port - 3))
        with pytest.raises(LabError, match=r"port \d+ is taken \(wanted 10 free ones from \d+ on\)$"):
            ports.kept_ports(places)


def test_every_setting_is_filled_in_and_listens_on_loopback_only(places: Places) -> None:
    for name in texts.SHIPPED:
        (places.venv / "etc" / name).mkdir(parents=True)
    texts.write_settings(places, ports.kept_ports(places), ("compute1", "compute2"))
    written = {str(file.relative_to(places.etc)): file.read_text() for file in places.etc.rglob("*") if file.is_file()}
    assert sorted(written) == [
        "cinder/cinder.conf", "clouds.yaml", "glance/glance-api.conf", "keystone/keystone.conf", "neutron/neutron.conf",
        "nova/compute1.conf", "nova/compute2.conf", "nova/nova.conf", "placement/placement.conf", "rabbit/enabled_plugins",
        "rabbit/env.conf", "rabbit/rabbitmq.conf",
    ]  # fmt: skip
    assert not [name for name, text in written.items() if "${" in text or "0.0.0.0" in text]
    assert "host = compute2\n" in written["nova/compute2.conf"]


@pytest.mark.parametrize(
    ("name", "ours"), [("erlang-base", True), ("rabbitmq-server", True), ("mariadb-server-core", True), ("libc6", False), ("dpkg", False)]
)
def test_the_programs_are_always_unpacked_and_the_c_library_never(name: str, ours: bool) -> None:
    assert packages._unpacked(name) is ours


def test_a_full_disk_is_told_in_one_line(places: Places) -> None:
    with pytest.raises(LabError, match=r"^[0-9.]+ GiB are free in .* \(the lab wants 1e\+06 GiB to install\)$"):
        needs.need_disk(places, 10.0**6, "to install")


def test_too_little_memory_is_told_in_one_line() -> None:
    with pytest.raises(LabError, match=r"^[0-9.]+ GiB of memory are available \(the lab wants 1e\+06 GiB\): stop something else first$"):
        needs.need_memory(10.0**6)


def test_a_missing_command_is_named_with_its_package() -> None:
    with pytest.raises(LabError, match=r"^apt-nonsense is missing \(Debian or Ubuntu package apt\): "):
        needs.need_commands({"apt-nonsense": "apt"})


def test_a_python_that_openstack_does_not_run_on_is_refused() -> None:
    with pytest.raises(LabError, match=r"^this is Python 3\.\S+ \(the lab wants 3\.99\): run it with another, as in PYTHON=python3\.11$"):
        needs.need_python(((3, 99),))


def test_a_command_on_a_lab_that_is_not_there_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENSTACK_LAB_DIR", str(tmp_path / "none"))
    assert command.main(["status"]) == 1
    assert capsys.readouterr().out == f"no lab in {tmp_path / 'none'}\n"
    assert command.main(["down"]) == 0
    assert not (tmp_path / "none").exists()
    assert command.main(["kill", "rabbit"]) == 1
    assert "install it with" in capsys.readouterr().out.splitlines()[-1]
