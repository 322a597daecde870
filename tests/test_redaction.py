"""What must never be said: known values in every form, and what looks like a credential."""

import base64

import pytest

from chaoscinder.errors import CannotTell
from chaoscinder.redaction import Redaction, redaction

FERNET = "gAAAAABn" + "x" * 40
TOKEN = "eyJhbGciOiJSUzI1NiIs.eyJpc3MiOiJrdWJlcm5ldGVz.c2lnbmF0dXJl"
KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----"


@pytest.fixture
def known() -> Redaction:
    """Knows one password with everything in it that forms escape."""
    one = Redaction()
    one.learn('p@ss/w"ö\\rd')
    return one


@pytest.mark.parametrize(
    "text",
    [
        'p@ss/w"ö\\rd',
        "p%40ss%2Fw%22%C3%B6%5Crd",
        "p%40ss/w%22%C3%B6%5Crd",
        'p@ss/w\\"\\u00f6\\\\rd',
        'p@ss/w"ö\\\\rd',
        base64.b64encode('p@ss/w"ö\\rd'.encode()).decode(),
    ],
)
def test_a_value_is_found_as_it_is_quoted_escaped_and_in_base64(known: Redaction, text: str) -> None:
    assert known.clean(f"login with <{text}> failed") == "login with <***> failed"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Authorization: Bearer abcdef12345", "Authorization: Bearer ***"),
        ("Authorization: Basic YWRhOmxvdmVsYWNl", "Authorization: Basic ***"),
        ("Basic authentication is basically wrong", "Basic authentication is basically wrong"),
        ("https://ada:lovelace@keystone:5000/v3", "https://***@keystone:5000/v3"),
        ("https://keystone:5000/v3?x=1&token=abc&y=2", "https://keystone:5000/v3?x=1&token=***&y=2"),
        (f"X-Auth-Token: {FERNET}", "X-Auth-Token: ***"),
        (f"token {TOKEN} expired", "token *** expired"),
        (f"key:\n{KEY}\n.", "key:\n***\n."),
        ("server worker-1 is ACTIVE at 2026-11-23T02:00:00Z", "server worker-1 is ACTIVE at 2026-11-23T02:00:00Z"),
    ],
)
def test_what_looks_like_a_credential_is_masked_whoever_it_belongs_to(text: str, said: str) -> None:
    assert Redaction().clean(text) == said


def test_a_longer_secret_is_masked_whole_where_a_shorter_one_begins_it() -> None:
    one = Redaction()
    one.learn("abcd")
    one.learn("abcd-efgh")
    assert one.clean("abcd-efgh abcd") == "*** ***"


def test_words_and_very_short_values_are_not_taken() -> None:
    one = Redaction()
    one.learn("yes", "", None, True, "none")
    assert one.clean("yes none True") == "yes none True"


def test_a_group_is_taken_but_for_what_names_places_and_people() -> None:
    one = Redaction()
    one.learn_group({"openstack": {"region": "RegionOne", "username": "ada-l", "password": "enigma-1"}, "KUBERNETES_CONTEXT": "staging"})
    assert one.clean("ada-l@staging RegionOne enigma-1") == "ada-l@staging RegionOne ***"


def test_each_line_of_a_key_is_a_secret() -> None:
    one = Redaction()
    one.learn(KEY)
    assert one.clean("    b3BlbnNzaC1rZXktdjEAAAAA") == "    ***"


def test_a_journal_keeps_where_secrets_come_from_and_not_what_they_are() -> None:
    one = Redaction()
    one.learn("enigma-1")
    journal = {
        "experiment": {
            "title": "with enigma-1",
            "secrets": {
                "openstack": {"region": "RegionOne", "password": {"type": "env", "key": "OS_PASSWORD", "default": "enigma-1"}},
                "inline": {"token": "never-learned"},
            },
            "configuration": {"found": {"type": "probe", "provider": {"secrets": {"openstack": {"password": "enigma-1"}}}}},
        },
        "run": [{"output": {"api_key": "unknown", "n": 1, "ok": True, "enigma-1": [b"enigma-1"]}, "provider": {"secrets": ["openstack"]}}],
    }
    assert one.clean_all(journal) == {
        "experiment": {
            "title": "with ***",
            "secrets": {
                "openstack": {"region": "***", "password": {"type": "env", "key": "OS_PASSWORD"}},
                "inline": {"token": "***"},
            },
            "configuration": {"found": {"type": "probe", "provider": {"secrets": {"openstack": {"password": "***"}}}}},
        },
        "run": [{"output": {"api_key": "***", "n": 1, "ok": True, "***": ["***"]}, "provider": {"secrets": ["openstack"]}}],
    }


def test_an_error_of_ours_says_no_secret() -> None:
    redaction.learn("c4nary-of-an-error")
    assert str(CannotTell("GET /?x=c4nary-of-an-error was refused")) == "GET /?x=*** was refused"
