"""The default world: what is there, and that it comes up by its own controllers."""

from pathlib import Path

import pytest
import yaml

from chaoscinder.sandbox import default_world
from chaoscinder.sandbox.kubernetes import resources
from tests.sandbox.fakes import NODES_AND_ZONES, SERVERS, VOLUME, Scene


def test_nodes_carry_zone_server_and_driver() -> None:
    scene = Scene()
    seen = {}
    for node in scene.store.list(resources.NODES):
        name, labels = node["metadata"]["name"], node["metadata"]["labels"]
        driver = scene.store.get(resources.CSINODES, name)["spec"]["drivers"][0]
        seen[name] = (labels["topology.kubernetes.io/zone"], node["spec"]["providerID"], driver["nodeID"])
    assert seen == {name: (zone, f"openstack:///{SERVERS[name]}", SERVERS[name]) for name, zone in NODES_AND_ZONES.items()}
    assert scene.taints("control-plane-1") == ["node-role.kubernetes.io/control-plane=:NoSchedule"]


def test_the_claim_leads_to_the_cinder_volume() -> None:
    scene = Scene()
    claim = scene.store.get(resources.CLAIMS, "test-cinder-volume", "default")
    volume = scene.store.get(resources.VOLUMES, claim["spec"]["volumeName"])
    assert (claim["status"]["phase"], claim["status"]["capacity"]) == ("Bound", {"storage": "3Gi"})
    assert (volume["spec"]["csi"]["volumeHandle"], volume["spec"]["claimRef"]["name"]) == (VOLUME, "test-cinder-volume")
    assert volume["status"]["phase"] == "Bound"
    assert scene.containers.mounts[scene.pod()["metadata"]["uid"]]["data"].as_posix() == f"/volumes/{VOLUME}"


def test_the_application_serves_within_half_a_minute_and_nothing_complains() -> None:
    scene = Scene()
    assert scene.serving() in ("node-1", "node-2", "node-3")
    warnings = [row["message"] for row in scene.store.list(resources.EVENTS) if row["type"] == "Warning"]
    assert warnings == []


def test_the_address_is_told_on_the_service() -> None:
    service = Scene().store.get(resources.SERVICES, "test-cinder", "default")
    assert service["metadata"]["annotations"] == {"sandbox.chaoscinder/address": "127.0.0.1:8080"}
    assert service["spec"]["ports"][0]["targetPort"] == 8080


def test_the_application_is_what_deploy_demoapp_applies() -> None:
    directory = Path(__file__).parents[2] / "deploy" / "demoapp"
    names = ("storageclass", "persistentvolumeclaim", "deployment", "service")
    applied = [yaml.safe_load((directory / f"{name}.yaml").read_text(encoding="utf-8")) for name in names]
    manifests = default_world.demo_manifests()
    for manifest in manifests:
        manifest["metadata"].pop("namespace", None)
    assert manifests == applied


def test_the_same_seed_tells_the_same_story() -> None:
    def story() -> list[tuple[float, str, str]]:
        scene = Scene(remediation="out-of-service", seed=7)
        scene.power(scene.pod()["spec"]["nodeName"], "SHUTOFF")
        scene.world.turn(120)
        return scene.story

    assert story() == story()


def test_an_unknown_remediation_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown remediation 'prayer' \\(wanted one of none, out-of-service\\)"):
        Scene(remediation="prayer")
