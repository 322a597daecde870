"""Profiles: every figure has a source, and a wrong name is told with the right ones."""

import pytest

from chaoscinder.sandbox import profiles


def test_every_figure_of_every_profile_says_where_it_comes_from() -> None:
    assert profiles.names() == ["1.9-intree", "1.10-intree", "1.20-csi", "1.20-intree", "1.29-csi", "1.36-csi"]
    heads = ("name", "git_version", "driver", "plugin", "texts", "sources")
    for profile in map(profiles.load, profiles.names()):
        assert [name for name, source in profile.sources.items() if len(source) < 10] == []
        assert set(profile.sources) == {name for name in profile.__slots__ if name not in heads}


def test_every_profile_has_every_text() -> None:
    wanted = profiles.load().texts.keys()
    assert [name for name in profiles.names() if profiles.load(name).texts.keys() != wanted] == []


def test_what_was_measured_says_that_it_was() -> None:
    sources = profiles.load().sources
    measured = ("boot_s", "container_start_s", "first_probe_s", "csi_calls_s", "attacher_mark_s")
    assert [name for name in measured if "recording" not in sources[name]] == []


def test_the_timers_are_those_of_kubernetes_1_36() -> None:
    profile = profiles.load()
    seen = (profile.node_grace_s, profile.node_monitor_s, profile.pod_gc_s, profile.pod_gc_quarantine_s, profile.force_detach_s)
    assert seen == (50, 5, 20, 40, 360)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown profile '1.9' \(wanted one of 1.9-intree, 1.10-intree, "):
        profiles.load("1.9")


def test_the_grace_of_a_silent_node_grew_with_1_32() -> None:
    seen = {name: profiles.load(name).node_grace_s for name in profiles.names()}
    assert seen == {"1.9-intree": 40, "1.10-intree": 40, "1.20-csi": 40, "1.20-intree": 40, "1.29-csi": 40, "1.36-csi": 50}


def test_the_differences_are_told_with_their_sources() -> None:
    told = profiles.differences()
    blocks = [block.split("\n") for block in told.split("\n\n")]
    assert [block[0] for block in blocks] == [
        "1.36-csi: Kubernetes v1.36.2",
        "1.29-csi: Kubernetes v1.29.6, as 1.36-csi but",
        "1.20-intree: Kubernetes v1.20.2, as 1.20-csi but",
        "1.20-csi: Kubernetes v1.20.2, as 1.29-csi but",
        "1.10-intree: Kubernetes v1.10.2, as 1.20-intree but",
        "1.9-intree: Kubernetes v1.9.6, as 1.10-intree but",
    ]
    assert blocks[1][1] == "  node_grace_s 40 (not 50): kube-controller-manager --node-monitor-grace-period, 40 s before 1.32"
    assert any(row.startswith("  in_use_survives_shutdown no (not yes): ASSUMPTION: ") for row in blocks[4])


def test_an_assumption_is_called_one() -> None:
    assert profiles.load("1.10-intree").sources["in_use_survives_shutdown"].startswith("ASSUMPTION: ")
