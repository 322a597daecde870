"""Service addresses with real sockets: what a client meets, made by the kernel."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from chaoscinder.sandbox.loopback import Loopback, ServiceAddress

ANSWER_WITHIN_S = 0.9


class Pod:
    """A server that answers each line with its name, and closes when the line is 'bye'."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile("rb") as lines:
            for line in lines:
                client.sendall(self.name.encode())
                if line == b"bye\n":
                    return

    def die(self) -> None:
        """Go away as a killed process does: nobody listens, open connections end."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self.open:
            if client.fileno() >= 0:
                client.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def pods() -> Iterator[dict[str, Pod]]:
    made = {name: Pod(name) for name in ("a", "b")}
    yield made
    for pod in made.values():
        if pod._listener.fileno() >= 0:
            pod.die()


@pytest.fixture
def address(pods: dict[str, Pod]) -> Iterator[ServiceAddress]:
    loopback = Loopback()
    made = ServiceAddress(loopback, lambda uid: pods[uid].port if uid in pods else None)
    yield made
    made.close()
    loopback.close()


def look(address: ServiceAddress, timeout_s: float = ANSWER_WITHIN_S) -> str:
    """What one client meets, in one word."""
    try:
        client = socket.create_connection(("127.0.0.1", address.port), timeout_s)
    except TimeoutError:
        return "connect timeout"
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:  # the reset may be there before connect() has returned
        return "reset"
    with client:
        return ask(client)


def ask(client: socket.socket) -> str:
    try:
        client.sendall(b"bye\n")
        return client.recv(100).decode() or "closed"
    except TimeoutError:
        return "read timeout"
    except (ConnectionResetError, BrokenPipeError):
        return "reset"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_without_a_ready_pod_a_connection_is_refused(address: ServiceAddress) -> None:
    seen = [look(address)]
    address.send_to(("a",))
    address.send_to(())
    seen.append(look(address))
    assert seen == ["refused", "refused"]


def test_new_connections_are_led_to_the_ready_pods_in_turn(address: ServiceAddress) -> None:
    address.send_to(("a", "b"))
    assert [look(address) for _ in range(4)] == ["a", "b", "a", "b"]


def test_an_open_connection_stays_with_its_pod_when_the_address_leads_elsewhere(address: ServiceAddress) -> None:
    address.send_to(("a",))
    with socket.create_connection(("127.0.0.1", address.port), 1) as client:
        client.sendall(b"hello\n")
        client.recv(100)
        address.send_to(("b",))
        assert (ask(client), look(address)) == ("a", "b")


def test_a_node_without_power_gives_a_connect_timeout_and_then_a_refusal(address: ServiceAddress, pods: dict[str, Pod]) -> None:
    address.send_to(("a",))
    address.cut("a")
    pods["a"].die()
    seen = [look(address), look(address, 0.1), look(address, 0.1)]
    address.send_to(("a",))  # the endpoints still name it: nothing changes
    seen.append(look(address, 0.1))
    address.send_to(())
    seen.append(look(address))
    assert seen == ["connect timeout", "connect timeout", "connect timeout", "connect timeout", "refused"]


def test_after_a_black_hole_the_next_pod_is_reached_at_once(address: ServiceAddress) -> None:
    address.send_to(("a",))
    address.cut("a")
    address.send_to(("b",))
    assert [look(address) for _ in range(3)] == ["b", "b", "b"]


def test_a_pod_that_was_cut_is_reached_again_after_it_was_left_out_once(address: ServiceAddress) -> None:
    address.send_to(("a",))
    address.cut("a")
    address.send_to(())
    address.send_to(("a",))
    assert look(address) == "a"


def test_an_open_connection_falls_silent_when_its_node_loses_power(address: ServiceAddress, pods: dict[str, Pod]) -> None:
    address.send_to(("a",))
    with socket.create_connection(("127.0.0.1", address.port), 1) as client:
        client.sendall(b"hello\n")
        client.recv(100)
        client.settimeout(0.2)
        address.cut("a")
        pods["a"].die()
        seen = [ask(client)]
        address.send_to(())
        seen.append(ask(client))
    assert seen == ["read timeout", "read timeout"]


def test_a_waiting_syn_is_refused_when_the_black_hole_ends_with_nobody(address: ServiceAddress) -> None:
    address.send_to(("a",))
    address.cut("a")
    later = threading.Timer(0.2, address.send_to, [()])
    later.start()
    started = time.monotonic()
    seen = look(address, 5)
    later.join()
    assert seen == "refused"
    assert 0.9 < time.monotonic() - started < 2.5  # the kernel sends the SYN again after 1 s


def test_one_dead_pod_of_two_is_silent_for_its_share_of_the_connections(address: ServiceAddress) -> None:
    address.send_to(("a", "b"))
    address.cut("a")
    assert [look(address, 0.5) for _ in range(4)] == ["read timeout", "b", "read timeout", "b"]


def test_a_pod_whose_process_is_gone_while_its_node_lives_looks_like_a_reset(address: ServiceAddress, pods: dict[str, Pod]) -> None:
    address.send_to(("a", "unknown"))
    pods["a"].die()
    assert [look(address), look(address)] == ["reset", "reset"]


def test_a_port_where_somebody_listens_is_not_taken(address: ServiceAddress) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other, pytest.raises(OSError, match="Address already in use"):
        ServiceAddress(address._loopback, lambda uid: None, other.getsockname()[1])


def test_a_refusing_address_keeps_its_port(address: ServiceAddress) -> None:
    address.send_to(("a",))
    address.send_to(())
    with closing(socket.socket()) as other, pytest.raises(OSError, match="Address already in use"):
        other.bind(("127.0.0.1", address.port))


def test_a_long_answer_and_a_half_closed_question_pass_whole(address: ServiceAddress) -> None:
    data = bytes(range(256)) * 20_000

    def answer(listener: socket.socket) -> None:
        with listener.accept()[0] as client:
            while client.recv(65536):
                pass
            client.sendall(data)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        echo = ServiceAddress(address._loopback, lambda uid: server.getsockname()[1])
        echo.send_to(("x",))
        with socket.create_connection(("127.0.0.1", echo.port), 5) as client, client.makefile("rb") as reader:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            assert reader.read() == data
        echo.close()


def test_hundreds_of_connections_and_cuts_leave_no_descriptor_behind(address: ServiceAddress) -> None:
    address.send_to(("a",))
    look(address)
    before = descriptors()
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", address.port), 1):
            seen = [look(address) for _ in range(10)]
            address.cut("a")
            address.send_to(())
            address.send_to(("a",))
    assert seen == ["a"] * 10
    wait_until(lambda: descriptors() <= before)


def test_a_hundred_connections_add_about_a_millisecond_each(address: ServiceAddress, pods: dict[str, Pod]) -> None:
    address.send_to(("a",))
    assert median_look_s(address.port) - median_look_s(pods["a"].port) < 0.005  # measured: 0.0005; the rest is for a busy machine


def median_look_s(port: int) -> float:
    spent = []
    for _ in range(100):
        started = time.perf_counter()
        with socket.create_connection(("127.0.0.1", port), 1) as client:
            ask(client)
        spent.append(time.perf_counter() - started)
    return sorted(spent)[50]


def wait_until(true: Callable[[], bool], limit_s: float = 3.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
