"""What every door does: read the settings, open the site, and turn an error of ours into one that Chaos Toolkit prints as one line."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chaoscinder import settings as settings_room
from chaoscinder.clients.site import Site
from chaoscinder.errors import ChaoscinderError, Stopped

INTERRUPT = 20  # chaoslib's own exit code for "interrupted, rollbacks as the strategy says"; the only thing that lib 1.44 lets through


@contextmanager
def opened(configuration: Mapping[str, Any] | None, secrets: Mapping[str, Any] | None) -> Iterator[Site]:
    """Open the site that the configuration and the secrets describe, for the time of one activity.

    A run that was told to stop ends here: the experiment is interrupted and its rollbacks are played.
    """
    from chaoslib.exceptions import ActivityFailed

    site = None
    try:
        site = Site(settings_room.read(configuration, secrets))
        yield site
    except Stopped as error:
        raise SystemExit(INTERRUPT) from error
    except ChaoscinderError as error:
        raise ActivityFailed(str(error)) from error
    finally:
        if site is not None:
            site.close()
