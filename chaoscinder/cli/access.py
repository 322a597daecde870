"""`chaoscinder access`: the least that an experiment must be allowed, for Kubernetes and for OpenStack."""

import json
from pathlib import Path
from typing import Any

import click

KUBERNETES, ACCESS_RULES, POLICY = "kubernetes", "access-rules", "policy"
ACCOUNT = "chaoscinder"


@click.command()
@click.argument("experiment", type=click.Path(path_type=Path))
@click.option("--for", "wanted", type=click.Choice([KUBERNETES, ACCESS_RULES, POLICY]), default=KUBERNETES, help="Which part (kubernetes).")
@click.option("--account", default=ACCOUNT, help="Name of the ServiceAccount and its roles (chaoscinder).")
@click.option("--account-namespace", help="Namespace of the ServiceAccount (the workload's).")
@click.option("--compute-path", default="/v2.1", help="Path of Nova's endpoint, below its host (/v2.1).")
@click.option("--block-storage-path", default="/v3/{project_id}", help="Path of Cinder's endpoint, below its host (/v3/{project_id}).")
@click.option("--block-storage-type", default="block-storage", help="[keystone_authtoken] service_type in cinder.conf (block-storage).")
@click.option("--from-cloud", is_flag=True, help="Take both paths from the service catalog of OS_CLOUD or OS_*.")
def access(experiment: Path, wanted: str, account: str, account_namespace: str | None, from_cloud: bool, **told: str) -> None:
    """Print the least that EXPERIMENT must be allowed, its undo included; nothing is asked or changed.

    \b
    kubernetes     a manifest: ServiceAccount, ClusterRole, Role and bindings (kubectl apply -f -)
    access-rules   for openstack application credential create --role member --access-rules FILE NAME
    policy         the policy rules that must allow the user's role, where a cloud has a policy of its own

    Namespace and workload are read from the experiment and the environment; what is not named there is allowed for any.
    """
    from chaoscinder import settings
    from chaoscinder.checks import access as room
    from chaoscinder.cli.preflight import read_experiment
    from chaoscinder.faults.access import of_experiment
    from chaoscinder.model.access import BLOCK_STORAGE, COMPUTE

    known = read_experiment(experiment)
    read = settings.of_experiment(known)
    needs = of_experiment(known, read)
    if wanted == KUBERNETES:
        who = room.Account(account_namespace or read.namespace or "default", account)
        click.echo(_yaml(room.manifests(needs, who), experiment), nl=False)
    elif wanted == ACCESS_RULES:
        paths = _paths(read) if from_cloud else {COMPUTE: told["compute_path"], BLOCK_STORAGE: told["block_storage_path"]}
        click.echo(json.dumps(room.access_rules(needs, paths, {BLOCK_STORAGE: told["block_storage_type"]}), indent=2))
    else:
        click.echo("\n".join(room.policy_rules(needs)))


def _paths(read: Any) -> dict[str, str]:
    from chaoscinder.clients.openstack import OpenStack

    cloud = OpenStack(read)
    try:
        return cloud.endpoint_paths()
    finally:
        cloud.close()


def _yaml(documents: list[dict[str, Any]], experiment: Path) -> str:
    import yaml

    head = f"# What {experiment.name} must be allowed in Kubernetes, and no more: chaoscinder access {experiment}\n"
    return head + yaml.safe_dump_all(documents, sort_keys=False, default_flow_style=False)
