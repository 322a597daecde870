"""Nova's flavors: how large a server is."""

from collections.abc import Iterator
from dataclasses import dataclass

from chaoscinder.sandbox.openstack.refusals import conflict, flavor_not_found


@dataclass(frozen=True, slots=True)
class Flavor:
    """One size; number is Nova's inner id, which migrations show."""

    id: str
    name: str
    vcpus: int
    ram_mib: int
    disk_gib: int
    number: int = 1


DEFAULT = Flavor("42", "m1.medium", 2, 4096, 20)


class Flavors:
    """All sizes, by id."""

    def __init__(self) -> None:
        self._flavors = {DEFAULT.id: DEFAULT}

    def __iter__(self) -> Iterator[Flavor]:
        return iter(list(self._flavors.values()))

    @property
    def default(self) -> Flavor:
        """The size of servers that are made without a request."""
        return next(iter(self._flavors.values()))

    def put(self, flavor: Flavor) -> None:
        """Have a flavor, in place of one with its id."""
        self._flavors[flavor.id] = flavor

    def add(self, flavor_id: str, name: str, *, vcpus: int, ram_mib: int, disk_gib: int) -> Flavor:
        """Make a flavor on an administrator's request."""
        if flavor_id in self._flavors:
            raise conflict(f"Flavor with ID {flavor_id} already exists.")
        if any(flavor.name == name for flavor in self):
            raise conflict(f"Flavor with name {name} already exists.")
        flavor = Flavor(flavor_id, name, vcpus, ram_mib, disk_gib, len(self._flavors) + 1)
        self._flavors[flavor_id] = flavor
        return flavor

    def get(self, flavor_id: str) -> Flavor:
        """Look a flavor up, or refuse with 404."""
        if flavor_id not in self._flavors:
            raise flavor_not_found(flavor_id)
        return self._flavors[flavor_id]

    def remove(self, flavor_id: str) -> None:
        """Forget a flavor; servers keep theirs."""
        self.get(flavor_id)
        del self._flavors[flavor_id]
