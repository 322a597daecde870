"""Log records of a run: cleaned, and kept back until the secrets are known."""

import io
import logging
from collections.abc import Iterator

import pytest

from chaoscinder.controls.redacting import Redacting
from chaoscinder.redaction import Redaction

Log = tuple[logging.Logger, io.StringIO, Redacting, Redaction]


@pytest.fixture
def log() -> Iterator[Log]:
    """The logger that Chaos Toolkit makes, with a filter of our own on it."""
    stream, logger = io.StringIO(), logging.getLogger("chaostoolkit")
    handler, level = logging.StreamHandler(stream), logger.level
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    secrets = Redaction()
    one = Redacting(secrets)
    one.install()
    yield logger, stream, one, secrets
    logger.removeHandler(handler)
    for other in (*logger.handlers, *logging.getLogger().handlers):
        other.removeFilter(one)
    logger.setLevel(level)


def spoken_by(logger: logging.Logger, module: str, text: str) -> None:
    """A record as a module of Chaos Toolkit makes it."""
    logger.handle(logger.makeRecord(logger.name, logging.DEBUG, f"/site-packages/chaoslib/{module}.py", 1, text, (), None))


def test_a_record_its_arguments_and_its_traceback_are_cleaned(log: Log) -> None:
    logger, stream, _, secrets = log
    secrets.learn("c4nary-of-a-log")
    try:
        raise ValueError("asked with c4nary-of-a-log")
    except ValueError:
        logger.exception("failed: %s", "c4nary-of-a-log")
    said = stream.getvalue()
    assert said.startswith("ERROR failed: ***\nTraceback (most recent call last):\n")
    assert said.endswith("ValueError: asked with ***\n")


def test_what_activities_say_waits_until_the_secrets_are_known(log: Log) -> None:
    logger, stream, one, secrets = log
    one.hold()
    spoken_by(logger, "activity", "  => succeeded with 'c4nary-not-known-yet'")
    spoken_by(logger, "experiment", "Experiment looks valid")
    assert stream.getvalue() == "DEBUG Experiment looks valid\n"
    secrets.learn("c4nary-not-known-yet")
    one.release()
    spoken_by(logger, "activity", "next")
    assert stream.getvalue() == "DEBUG Experiment looks valid\nDEBUG   => succeeded with '***'\nDEBUG next\n"


def test_secrets_of_the_environment_are_known_by_the_names_of_their_variables(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    logger, stream, one, _ = log
    monkeypatch.setenv("SHOP_API_KEY", "c4nary-of-a-variable")
    monkeypatch.setenv("TOKEN_FILE", "/run/secrets/of-a-pod")
    one.install()
    logger.info("c4nary-of-a-variable in /run/secrets/of-a-pod")
    assert stream.getvalue() == "INFO *** in /run/secrets/of-a-pod\n"
