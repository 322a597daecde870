"""Cinder's volume types."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chaoscinder.sandbox.openstack.refusals import conflict, not_found
from chaoscinder.sandbox.world import World


@dataclass(frozen=True, slots=True)
class VolumeType:
    """One type."""

    id: str
    name: str
    extra_specs: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None

    @property
    def multiattach(self) -> bool:
        """Whether its volumes may be attached to several servers."""
        return self.extra_specs.get("multiattach") == "<is> True"


DEFAULT_TYPE = VolumeType("8cbf75bf-b990-49cd-a272-1967f9035480", "__DEFAULT__", {}, "Default Volume Type")


class VolumeTypes:
    """All types."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._types = {DEFAULT_TYPE.id: DEFAULT_TYPE}

    def __iter__(self) -> Iterator[VolumeType]:
        return iter(list(self._types.values()))

    def find(self, name: str) -> VolumeType:
        """Find a type by id or name, or refuse with 404."""
        for row in self:
            if name in (row.id, row.name):
                return row
        raise not_found(f"Volume type {name} could not be found.")

    def named(self, name: str) -> VolumeType:
        """Find the type that a new volume asks for by id or name, or refuse with 404 in other words."""
        if all(name not in (row.id, row.name) for row in self):
            raise not_found(f"Volume type with name {name} could not be found.")
        return self.find(name)

    def add(self, name: str, extra_specs: Mapping[str, str], description: str | None) -> VolumeType:
        """Make a type."""
        if any(row.name == name for row in self):
            raise conflict(f"Volume Type {name} already exists.")
        row = VolumeType(self._world.new_uuid(), name, dict(extra_specs), description)
        self._types[row.id] = row
        return row

    def remove(self, type_id: str) -> None:
        """Forget a type."""
        del self._types[self.find(type_id).id]
