"""What the parts of Nova that work on servers share."""

from dataclasses import dataclass

from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.faults import Faults
from chaoscinder.sandbox.openstack.hosts import Hosts
from chaoscinder.sandbox.openstack.instance_actions import InstanceActions
from chaoscinder.sandbox.openstack.migrations import Migrations
from chaoscinder.sandbox.openstack.power import Power
from chaoscinder.sandbox.openstack.scheduling import Scheduler
from chaoscinder.sandbox.openstack.stories import Stories
from chaoscinder.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Departments:
    """Time, hosts, guests, faults, the records, the scheduler, and long work."""

    world: World
    durations: Durations
    hosts: Hosts
    power: Power
    faults: Faults
    record: InstanceActions
    migrations: Migrations
    scheduler: Scheduler
    stories: Stories
