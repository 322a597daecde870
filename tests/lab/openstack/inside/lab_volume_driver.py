"""Cinder's own fake driver with a finite size and multi-attach; no data behind it."""

from cinder.tests import fake_driver


class LabVolumeDriver(fake_driver.FakeLoggingVolumeDriver):
    """Reports what a small real backend would, so that the scheduler chooses it."""

    def _update_volume_stats(self):
        super()._update_volume_stats()
        for pool in self._stats["pools"]:
            pool.update(
                total_capacity_gb=2000,
                free_capacity_gb=2000,
                reserved_percentage=0,
                multiattach=True,
                thin_provisioning_support=False,
                allocated_capacity_gb=0,
            )
