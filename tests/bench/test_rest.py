"""The bench's world is one in which all is well, in small."""

from chaoscinder.sandbox.kubernetes import resources
from tests.bench.rest import Rest, Size


def test_the_world_at_rest_runs_each_pod_and_is_not_changed_by_its_controllers() -> None:
    world = Rest(Size(nodes=5, volumes=20, pods=10))
    world.build()
    world.settle()
    kinds = (resources.NODES, resources.PODS, resources.VOLUMES, resources.CLAIMS, resources.ATTACHMENTS)
    assert [len(world.store.list(kind)) for kind in kinds] == [5, 10, 20, 20, 10]
    pods = [row["metadata"]["resourceVersion"] for row in world.store.list(resources.PODS)]
    volumes = [world.openstack.volume_status(row["spec"]["csi"]["volumeHandle"]) for row in world.store.list(resources.VOLUMES)]
    world.world.turn(120)
    assert [row["metadata"]["resourceVersion"] for row in world.store.list(resources.PODS)] == pods
    assert sorted(volumes) == ["available"] * 10 + ["in-use"] * 10
