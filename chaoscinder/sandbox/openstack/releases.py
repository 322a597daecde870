"""What an OpenStack release does differently, as data: the highest microversions that its Nova and Cinder answer to."""

from dataclasses import dataclass

Microversion = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Release:
    """One release; its minima are 2.1 (Nova) and 3.0 (Cinder) in all of them."""

    name: str
    nova_max: Microversion
    cinder_max: Microversion


NOVA_MIN: Microversion = (2, 1)
CINDER_MIN: Microversion = (3, 0)
RELEASES = {
    release.name: release
    for release in (  # the REST API version histories of Nova and Cinder
        Release("2023.1", (2, 95), (3, 70)),
        Release("2024.1", (2, 96), (3, 71)),
        Release("2024.2", (2, 96), (3, 71)),
        Release("2026.2", (2, 104), (3, 71)),
    )
}


def find_release(name: str) -> Release:
    """Look a release up; ValueError names the known ones."""
    if name not in RELEASES:
        raise ValueError(f"OpenStack release {name!r} is not known to the sandbox (known: {', '.join(RELEASES)})")
    return RELEASES[name]
