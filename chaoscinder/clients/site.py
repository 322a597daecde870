"""One cluster, one cloud and one application, opened when first asked and closed together."""

from functools import cached_property

from chaoscinder.clients.kubernetes import Kubernetes
from chaoscinder.clients.openstack import OpenStack
from chaoscinder.clients.webui import WebUi
from chaoscinder.clock import Clock
from chaoscinder.settings import Settings


class Site:
    """Where an activity works. Nothing is contacted before it is needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings.rate)

    @cached_property
    def kubernetes(self) -> Kubernetes:
        """The cluster."""
        return Kubernetes(self.settings)

    @cached_property
    def openstack(self) -> OpenStack:
        """The cloud."""
        return OpenStack(self.settings)

    @cached_property
    def web(self) -> WebUi:
        """The application."""
        return WebUi(self.settings)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("kubernetes", "openstack"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()
