"""A cloud at an address where nobody listens."""

import json
import socket
from pathlib import Path

CLOUD = "lost"


def lost_cloud(directory: Path, password: str = "p") -> dict[str, str]:
    """Write a clouds.yaml that leads there; the environment that makes it the one in use."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    auth = {"auth_url": f"http://127.0.0.1:{port}/v3", "username": "u", "password": password, "project_name": "p"}
    auth |= {"user_domain_name": "Default", "project_domain_name": "Default"}
    clouds = directory / "clouds.yaml"
    clouds.write_text(json.dumps({"clouds": {CLOUD: {"auth": auth, "region_name": "R"}}}))
    return {"OS_CLIENT_CONFIG_FILE": str(clouds), "OS_CLOUD": CLOUD}
