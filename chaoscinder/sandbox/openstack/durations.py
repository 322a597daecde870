"""How long the cloud takes for what it does, in cluster seconds, each with its source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Durations:
    """Defaults are medians of a recording of a real control plane (Nova 34, Cinder 29, virt driver without real guests).

    A real guest needs longer to shut down and to boot: give your own numbers where that matters.
    """

    powering_off_s: float = 0.2
    powering_on_s: float = 0.3
    rebooting_s: float = 0.2  # until the power is cut
    reboot_pending_s: float = 0.1
    reboot_started_s: float = 0.2  # until the guest runs again
    pausing_s: float = 0.1
    suspending_s: float = 0.2
    resuming_s: float = 0.3
    deleting_s: float = 0.2
    deleted_s: float = 0.2  # how long a deleted server is still shown
    scheduling_s: float = 0.3
    claiming_s: float = 0.15  # each of: host chosen, host known, networking, block devices
    spawning_s: float = 0.2
    rescheduling_s: float = 0.15
    rescuing_s: float = 0.4
    unrescuing_s: float = 0.1
    shelving_s: float = 0.2
    offloading_s: float = 0.15
    leaving_s: float = 0.3  # from SHELVED_OFFLOADED until the host is forgotten
    unshelving_s: float = 1.0
    resize_prep_s: float = 1.6
    resize_migrating_s: float = 0.3
    resize_migrated_s: float = 1.4
    resize_finish_s: float = 0.1
    confirming_s: float = 0.3
    live_migrating_s: float = 1.2
    rebuilding_s: float = 0.5  # each of the steps of an evacuation
    reserved_s: float = 0.2
    attaching_s: float = 0.1
    detaching_s: float = 0.2
    creating_s: float = 0.2
    volume_deleting_s: float = 0.1
    extending_s: float = 0.1
    snapshot_s: float = 0.2
    report_interval_s: float = 10.0  # nova.conf [DEFAULT] report_interval
    service_down_s: float = 60.0  # nova.conf [DEFAULT] service_down_time
    rpc_timeout_s: float = 60.0  # nova.conf [DEFAULT] rpc_response_timeout
    lifecycle_event_s: float = 15.0  # nova/virt/libvirt/host.py: a stop event is held back that long, in case it is a reboot
    power_sync_s: float = 600.0  # nova.conf [DEFAULT] sync_power_state_interval
    cinder_gives_up_s: float = 3.6  # Nova's retries when no Cinder answers it


RECORDED = Durations()
