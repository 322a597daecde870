"""What is active in a running sandbox, and its healing: the parent's side."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from chaoscinder.cli import tenancy
from chaoscinder.errors import ChaoscinderError, NotFound, Refused


def told(directory: Path) -> str:
    """The faults that there are, and below them what is active in the sandbox of a directory, where one runs."""
    found = tenancy.running(directory)
    if not found:
        return f"{tenancy.faults()}\n\nno sandbox runs in {directory}"
    said = _ask(found, "GET", "")
    rows = [f"{row['fault']}  (for {row['for_s']:g} s)" for row in said["active"]]
    rows += [f"API fault {row['id']}: {row['words']}; struck {row['struck']} of {row['seen']}" for row in said["api_faults"]]
    width = max(len(row["usage"]) for row in said["faults"])
    known = [f"{row['usage']:{width}}  {row['does']}" for row in said["faults"]]
    return "\n".join([*known, "", *(["active:", *rows] if rows else ["nothing is active"])])


def heal(directory: Path, name: str | None, target: str | None) -> str:
    """Heal a fault, all of a name, or everything; what the sandbox says that it did."""
    found = tenancy.running(directory)
    if not found:
        raise NotFound(f"no sandbox runs in {directory} (wanted one: chaoscinder sandbox up)")
    words = "".join(f"/{quote(word, safe='')}" for word in (name, target) if word)
    return str(_ask(found, "DELETE", words)["message"])


def _ask(found: tenancy.Found, method: str, words: str) -> Any:
    import requests

    headers = {"Authorization": f"Bearer {found['token']}"}
    try:
        answer = requests.request(method, f"{found['url']}/_sandbox/faults{words}", timeout=tenancy.ASK_S, headers=headers)
        told = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise ChaoscinderError(f"sandbox {found['pid']} did not tell its faults ({type(error).__name__})") from error
    if answer.status_code != 200:
        raise Refused(str(told["message"]))
    return told
