"""Every error the pack raises, one type per thing a caller may do differently.

    ChaoscinderError
    ├── SettingsError     the input cannot be used; nothing was touched
    ├── Refused           we, or the cloud, will not do this
    ├── NotFound          the named thing does not exist
    ├── Stopped           a stop condition of the run holds: undo and end
    └── CannotTell        the question has no answer right now
        ├── Unreachable   nobody answered
        └── TimedOut      answered, but never with what was waited for

Every message is one line that a person on call can act on: what, wanted, seen, how long. None holds a secret that this process knows.
"""

from chaoscinder.redaction import redaction


class ChaoscinderError(Exception):
    """The root: catch this at a door to turn it into one line."""

    def __init__(self, *said: object) -> None:
        super().__init__(*(redaction.clean(part) if isinstance(part, str) else part for part in said))


class SettingsError(ChaoscinderError):
    """The configuration, the command line or the experiment cannot be used as given; nothing was touched."""


class Refused(ChaoscinderError):
    """The act was refused, by a guard of ours or by the cloud's own answer."""


class NotFound(ChaoscinderError):
    """The named object does not exist where it was looked for."""


class Stopped(ChaoscinderError):
    """Somebody asked the run to stop, or a stop condition of it holds; what was done is undone and the run ends."""


class CannotTell(ChaoscinderError):
    """The observation could not be made, so neither yes nor no may be concluded."""


class Unreachable(CannotTell):
    """The service did not answer, or not in a form that can be read."""


class TimedOut(CannotTell):
    """The wanted state was not seen before the deadline."""
