"""Answers that are none: JSON of another shape than the API's makes our nouns, or a library, stumble. That is an answer nobody can read."""

from collections.abc import Callable
from functools import wraps
from inspect import isgeneratorfunction
from typing import Any, TypeVar

from chaoscinder.errors import Unreachable

C = TypeVar("C", bound=type)
ODD = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


def readable(who: str) -> Callable[[C], C]:
    """Let every public method of a client raise Unreachable where it could not read what was answered."""

    def decorate(client: C) -> C:
        for name, method in list(vars(client).items()):
            if callable(method) and not name.startswith("_") and not isgeneratorfunction(method):
                setattr(client, name, _reading(who, name, method))
        return client

    return decorate


def _reading(who: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def ask(*given: Any, **named: Any) -> Any:
        try:
            return method(*given, **named)
        except ODD as error:
            asked = name.replace("_", " ")
            raise Unreachable(f"{who} gave an answer that could not be read ({asked}; {brief(error)})") from error

    return ask


def brief(error: BaseException) -> str:
    """Name an error and the first line of what it says: further lines of a parser's quote the file, secrets included."""
    said = str(error).splitlines()
    return f"{type(error).__name__}: {said[0][:120]}" if said else type(error).__name__
