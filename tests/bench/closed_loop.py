"""The usual checker: ask, sleep, ask again. python closed_loop.py URL PERIOD_S writes "moment 1" or "moment 0" until its input ends."""

import select
import sys
import time

import requests

TIMEOUT_S = 3.0


def is_up(url: str) -> bool:
    """Ask once over a new connection."""
    try:
        return requests.get(url, timeout=TIMEOUT_S).status_code == 200
    except requests.RequestException:
        return False


def main(url: str, period_s: float) -> None:
    """Ask until told to end."""
    while True:
        asked_s = time.monotonic()
        sys.stdout.write(f"{asked_s} {int(is_up(url))}\n")
        if select.select([sys.stdin], [], [], period_s)[0]:
            return


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
