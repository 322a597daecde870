"""How numbered writes go into an application, and come back."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LedgerPlan:
    """How numbered writes go into the application and are read back.

    {id} and {hash} are filled in; an empty delete_method means that the rows stay. The first group of read_pattern is the id, a second one
    the hash: a row that has another, or none, is torn.
    """

    write_method: str
    write_path: str
    write_json: Mapping[str, str]
    acknowledged: tuple[int, ...]
    read_method: str
    read_path: str
    read_pattern: str
    delete_method: str = ""
    delete_path: str = ""


DEMO_LEDGER = LedgerPlan(
    write_method="POST",
    write_path="/users",
    write_json={"name": "{id}", "mail": "{hash}@ledger.invalid"},
    acknowledged=(201,),
    read_method="GET",
    read_path="/users",
    read_pattern=r'"name": ?"(chaoscinder-[0-9a-f]+-[0-9]+)"(?:, ?"mail": ?"([^"]*?)(?:@ledger\.invalid)?")?',
    delete_method="DELETE",
    delete_path="/users/{id}",
)
