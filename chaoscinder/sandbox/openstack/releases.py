"""What an OpenStack release does differently, as data. No model asks which release it plays; it reads what it needs here."""

from dataclasses import dataclass

Microversion = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Release:
    """One release; its minima are 2.1 (Nova) and 3.0 (Cinder) in all of them.

    The forms of a microversion (2.89 without the id of an attachment, 2.95 leaving an evacuated server stopped, 2.101 attaching without an
    answer) follow from the version of each request, up to the release's highest one.
    """

    name: str
    nova_max: Microversion
    cinder_max: Microversion
    compute_v2: tuple[str, str] = ("SUPPORTED", "2011-01-21T11:33:21Z")  # what Nova says of its API 2.0, and since when
    detach_asks_whether_the_host_is_up: bool = True  # since Nova 23.0 (Wallaby), bug 1909120; before, the volume hangs in detaching
    attach_asks_whether_nova_holds_it: bool = True  # since Nova 23.0 (Wallaby); before, only Cinder refuses
    cinder_asks_nova_before_it_detaches: bool = True  # since the fix of CVE-2023-2088, in all releases maintained in May 2023


NOVA_MIN: Microversion = (2, 1)
CINDER_MIN: Microversion = (3, 0)
RELEASES = {
    release.name: release
    for release in (  # the REST API version histories of Nova and Cinder
        Release(
            "2020.2",
            (2, 87),
            (3, 62),
            detach_asks_whether_the_host_is_up=False,
            attach_asks_whether_nova_holds_it=False,
            cinder_asks_nova_before_it_detaches=False,
        ),
        Release("2021.1", (2, 88), (3, 64)),
        Release("2023.1", (2, 95), (3, 70)),
        Release("2024.1", (2, 96), (3, 71)),
        Release("2024.2", (2, 96), (3, 71)),
        Release("2026.2", (2, 104), (3, 71), ("DEPRECATED", "2025-07-04T12:00:00Z")),
    )
}


def find_release(name: str) -> Release:
    """Look a release up; ValueError names the known ones."""
    if name not in RELEASES:
        raise ValueError(f"OpenStack release {name!r} is not known to the sandbox (known: {', '.join(RELEASES)})")
    return RELEASES[name]
