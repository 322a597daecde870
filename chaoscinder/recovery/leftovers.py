"""What runs left behind, found with nothing but credentials: servers that carry our metadata, nodes with our annotations, and the Lease."""

from chaoscinder.clients.site import Site
from chaoscinder.errors import Refused
from chaoscinder.model import leftover
from chaoscinder.model.leftover import LeftOver


def on_servers(site: Site) -> tuple[LeftOver, ...]:
    """Every server of the project that carries our metadata."""
    rows = (leftover.read(row.id, row.name, row.status, dict(row.metadata)) for row in site.openstack.servers())
    return tuple(row for row in rows if row is not None)


def on_nodes(site: Site) -> tuple[LeftOver, ...]:
    """Every node of the cluster that carries our annotations."""
    rows = (
        leftover.read_node(row.name, "schedulable" if row.schedulable else "cordoned", dict(row.marks)) for row in site.kubernetes.nodes()
    )
    return tuple(row for row in rows if row is not None)


def refuse_if_any(found: tuple[LeftOver, ...]) -> None:
    """Refuse to start over what another run left; each one is named."""
    if found:
        named = "; ".join(told(row) for row in found)
        raise Refused(f"an earlier run left something behind: {named} (wanted nothing: chaoscinder recover --all)")


def by_hand(row: LeftOver) -> str:
    """Tell the command that a person would undo it with."""
    return f"kubectl uncordon {row.server_name}" if row.what == "node" else f"openstack server start {row.server_id}"


def told(row: LeftOver) -> str:
    """Say one left-over in a few words."""
    until = f", expires {leftover.stamp(row.expires_at)}" if row.expires_at else ""
    named = row.server_name if row.what == "node" else f"{row.server_name} ({row.server_id})"
    return f"{row.what} {named} is {row.status}, undo {row.undo or '?'}, of run {row.run_id[:8] or '?'}{until}"
