"""Profiles: every figure has a source, and a wrong name is told with the right ones."""

import pytest

from chaoscinder.sandbox import profiles


def test_every_figure_of_every_profile_says_where_it_comes_from() -> None:
    assert profiles.names() == ["1.36-csi"]
    profile = profiles.load("1.36-csi")
    assert [name for name, source in profile.sources.items() if len(source) < 10] == []
    assert set(profile.sources) == {name for name in profile.__slots__ if name not in ("name", "git_version", "driver", "texts", "sources")}


def test_what_was_measured_says_that_it_was() -> None:
    sources = profiles.load().sources
    measured = ("boot_s", "container_start_s", "first_probe_s", "csi_calls_s", "attacher_mark_s")
    assert [name for name in measured if "recording" not in sources[name]] == []


def test_the_timers_are_those_of_kubernetes_1_36() -> None:
    profile = profiles.load()
    seen = (profile.node_grace_s, profile.node_monitor_s, profile.pod_gc_s, profile.pod_gc_quarantine_s, profile.force_detach_s)
    assert seen == (50, 5, 20, 40, 360)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown profile '1.9' \(wanted one of 1.36-csi\)"):
        profiles.load("1.9")
