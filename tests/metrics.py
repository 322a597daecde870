"""A real Prometheus server for tests: the one on PATH, or Debian's package, downloaded and unpacked as any user, never installed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chaoscinder" / "prometheus"
DOWNLOAD_LIMIT_S = 60
READY_LIMIT_S = 20.0
SCRAPED_LIMIT_S = 20.0  # Prometheus looks for its targets 5 s after its start
USER, PASSWORD = "chaos", "m3trics-canary"
HASHED = "$2b$04$O4wLQQ1kJ3.rGoGgaZ8aPuJEpkBwf.QEapRNcOLo8Js6U2vGje846"  # of PASSWORD, as htpasswd -B makes it


@dataclass
class Shop:
    """What the exporter tells: the value of each metric now."""

    values: dict[str, float] = field(default_factory=lambda: {"shop_errors": 0.0, "shop_up": 1.0})


@dataclass
class Prometheus:
    """A running server and what it scrapes."""

    url: str
    shop: Shop
    process: "subprocess.Popen[bytes]"

    def kill(self) -> None:
        """Let it be gone."""
        self.process.kill()
        self.process.wait()

    def wait_until_scraped(self) -> None:
        """Wait until it has seen the exporter."""
        give_up = time.monotonic() + SCRAPED_LIMIT_S
        while not self._asked("shop_up"):
            assert time.monotonic() < give_up, "Prometheus never scraped its target"
            time.sleep(0.05)

    def _asked(self, query: str) -> list[object]:
        answer = requests.get(f"{self.url}/api/v1/query", params={"query": query}, auth=(USER, PASSWORD), timeout=5)
        return list(answer.json()["data"]["result"])


def program() -> str:
    """Find the program, or fetch it; where that cannot be, the test is not run, and the end of the tests says so in red."""
    found = shutil.which("prometheus") or str(CACHE / "usr" / "bin" / "prometheus")
    if not Path(found).exists():
        try:
            _fetch()
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or error
            pytest.skip(f"NOT RUN: no real Prometheus server: {' '.join(str(said).split())[-200:]}")
    return found


def _fetch() -> None:
    """Download and unpack the package, with package lists of our own where the machine's do not know it (any more)."""
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        _apt("download", "prometheus")
    except subprocess.CalledProcessError:
        (CACHE / "lists" / "partial").mkdir(parents=True, exist_ok=True)
        own = f"Dir::State::lists={CACHE / 'lists'}"
        _apt("update", "-o", own)
        _apt("download", "prometheus", "-o", own)
    (package,) = CACHE.glob("prometheus_*.deb")
    subprocess.run(["dpkg", "-x", str(package), str(CACHE)], check=True, capture_output=True, text=True)
    package.unlink()


def _apt(*words: str) -> None:
    ours = ["-o", "APT::Sandbox::User=", "-o", f"Dir::Cache={CACHE / 'apt'}", "-o", "APT::Update::Post-Invoke-Success="]
    command = ["apt-get", "-q", *ours, *words]
    subprocess.run(command, cwd=CACHE, check=True, capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S)


@contextmanager
def prometheus(directory: Path, *, secured: bool = False) -> Iterator[Prometheus]:
    """Run one on a free port; secured wants USER and PASSWORD."""
    found, shop = program(), Shop()
    with _exporter(shop) as target:
        job = f"{{job_name: shop, static_configs: [{{targets: ['{target}']}}]}}"
        (directory / "prometheus.yml").write_text(f"global: {{scrape_interval: 200ms}}\nscrape_configs: [{job}]\n")
        (directory / "web.yml").write_text(f"basic_auth_users: {{{USER}: '{HASHED}'}}\n" if secured else "{}\n")
        address = f"127.0.0.1:{_free_port()}"
        words = ["config.file=prometheus.yml", "storage.tsdb.path=data", "web.config.file=web.yml", f"web.listen-address={address}"]
        with (directory / "prometheus.log").open("wb") as log:
            process = subprocess.Popen([found, *(f"--{word}" for word in words)], cwd=directory, stdout=log, stderr=log)
        try:
            _wait_until_ready(f"http://{address}", process)
            yield Prometheus(f"http://{address}", shop, process)
        finally:
            process.kill()
            process.wait()


@contextmanager
def _exporter(shop: Shop) -> Iterator[str]:
    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = "".join(f"{name} {value}\n" for name, value in shop.values.items()).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # the scraper gives up after its interval
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Metrics) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    give_up = time.monotonic() + READY_LIMIT_S
    while True:
        try:
            if requests.get(f"{url}/-/ready", auth=(USER, PASSWORD), timeout=1).status_code == 200:
                return
        except requests.RequestException:
            pass
        assert process.poll() is None, "Prometheus ended at once"
        assert time.monotonic() < give_up, "Prometheus is not ready"
        time.sleep(0.05)


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
