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
    reserved_s: float = 0.2
    attaching_s: float = 0.1
    detaching_s: float = 0.2
    creating_s: float = 0.2
    volume_deleting_s: float = 0.1
    report_interval_s: float = 10.0  # nova.conf [DEFAULT] report_interval
    service_down_s: float = 60.0  # nova.conf [DEFAULT] service_down_time
    rpc_timeout_s: float = 60.0  # nova.conf [DEFAULT] rpc_response_timeout
    lifecycle_event_s: float = 15.0  # nova/virt/libvirt/host.py: a stop event is held back that long, in case it is a reboot
    power_sync_s: float = 600.0  # nova.conf [DEFAULT] sync_power_state_interval


RECORDED = Durations()
