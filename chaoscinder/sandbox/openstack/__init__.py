"""Keystone, Nova and Cinder in one room: models without HTTP, HTTP without state.

1. Everything that changes, changes in a model, inside the world's step; an api module only translates.
2. A word that follows from other facts (a server's or a volume's status, a service being up) is worked out, never stored.
3. Codes and texts of refusals are those of a recording of a real control plane (Nova 34, Cinder 29); what is not known is not invented.
"""

from chaoscinder.sandbox.openstack.cloud import OpenStack

__all__ = ["OpenStack"]
