"""Settings: one reader, one line for what cannot be used."""

import pytest

from chaoscinder.errors import SettingsError
from chaoscinder.model.verdict import Level
from chaoscinder.settings import DEMO_LEDGER, Settings, read, require_named_target

FIVE = {"region": "RegionOne", "auth_url": "http://keystone:5000/v3", "project_name": "demo", "username": "ada", "password": "s3cret"}


def test_nothing_said_gives_the_defaults_and_names_no_target() -> None:
    settings = read({}, {}, {})
    assert settings == Settings()
    assert (settings.namespace, settings.workload, settings.app_url, settings.cluster_id) == ("", "", "", "")


@pytest.mark.parametrize("name", ["namespace", "workload", "app_url", "cluster_id"])
def test_an_empty_name_is_refused_before_anything_is_touched(name: str) -> None:
    named = {"namespace": "default", "workload": "web", "app_url": "http://app/", "cluster_id": "c-1"}
    with pytest.raises(SettingsError) as refusal:
        require_named_target(read({**named, name: ""}, {}, {}))
    assert str(refusal.value) == f"{name} is empty (wanted it named: set CHAOSCINDER_{name.upper()} or configuration.{name})"


def test_configuration_wins_over_the_environment_and_an_empty_value_does_not() -> None:
    environ = {"CHAOSCINDER_NAMESPACE": "from-environment", "CHAOSCINDER_OUTAGE_BUDGET_S": "99"}
    settings = read({"namespace": "from-configuration", "outage_budget_s": ""}, {}, environ)
    assert (settings.namespace, settings.outage_budget_s) == ("from-configuration", 99.0)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("outage_budget_s", "soon", 'outage_budget_s is "soon" (wanted a number of seconds above 0)'),
        ("outage_budget_s", "-3", 'outage_budget_s is "-3" (wanted a number of seconds above 0)'),
        ("outage_budget_s", "nan", 'outage_budget_s is "nan" (wanted a number of seconds above 0)'),
        ("outage_budget_s", True, 'outage_budget_s is "True" (wanted a number of seconds above 0)'),
        ("samples_per_s", "500", 'samples_per_s is "500" (wanted a number of samples a second above 0, at most 100)'),
        ("app_url", "localhost", 'app_url is "localhost" (wanted http://HOST[:PORT]/ or https://...)'),
        ("app_expected_status", "yes", 'app_expected_status is "yes" (wanted an HTTP status such as 200)'),
        ("kept_connections", "-1", 'kept_connections is "-1" (wanted a number of connections from 0 to 99)'),
        ("direct_url", "10.0.0.7", 'direct_url is "10.0.0.7" (wanted http://HOST[:PORT]/ or https://...)'),
        ("control_url", "no", 'control_url is "no" (wanted http://HOST[:PORT]/ or https://...)'),
        ("namespace", "${namespace}", 'namespace is "${namespace}" (wanted a value; the variable in it was never set)'),
        (
            "objectives",
            "write=off",
            "objectives names write (wanted one of baseline, fault, samples, outage, recovery, volume, writes, restored)",
        ),
        ("objectives", "writes=maybe", 'objectives is "writes=maybe" (wanted NAME=required|optional|off, ...)'),
    ],
)
def test_a_value_that_cannot_be_used_is_one_line_with_what_was_wanted(name: str, value: object, line: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        read({name: value}, {}, {})
    assert str(refusal.value) == line


def test_an_address_with_a_password_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingsError) as refusal:
        read({"app_url": "http://bob:s3cretPW@app.example/"}, {}, {})
    wanted = "wanted them as the secret header:Authorization"
    assert str(refusal.value) == f"app_url holds a user or a password, which would be kept with the run ({wanted})"


def test_the_five_secret_keys_are_taken_with_the_default_domains() -> None:
    assert read({}, {"openstack": FIVE}, {}).cloud_auth == {**FIVE, "user_domain_name": "Default", "project_domain_name": "Default"}


def test_an_activity_gets_the_same_keys_without_the_group() -> None:
    assert read({}, FIVE, {}).cloud_auth["username"] == "ada"


def test_half_of_the_secret_keys_is_refused_by_name() -> None:
    with pytest.raises(SettingsError) as refusal:
        read({}, {"openstack": {"username": "ada", "password": "s3cret"}}, {})
    wanted = "wanted all five: region, auth_url, project_name, username, password"
    assert str(refusal.value) == f"the openstack secrets lack region, auth_url, project_name ({wanted})"


def test_headers_for_the_application_come_from_secrets_only() -> None:
    settings = read({}, {"app": {"header:Authorization": "Bearer t0ken"}}, {})
    assert settings.app_headers == {"Authorization": "Bearer t0ken"}
    assert settings.secret_values() == ("Bearer t0ken",)


def test_no_secret_is_shown_in_text_or_in_the_public_settings() -> None:
    settings = read({}, {"openstack": FIVE, "app": {"header:X": "t0ken"}}, {})
    shown = repr(settings) + repr(settings.public())
    assert "s3cret" not in shown
    assert "t0ken" not in shown


def test_settings_survive_the_way_to_a_process_of_our_own() -> None:
    settings = read({"ledger": "demo", "objectives": "writes=optional,volume=off"}, {"openstack": FIVE}, {})
    assert Settings.loads(settings.dumps()) == settings
    assert settings.objectives == {"writes": Level.OPTIONAL, "volume": Level.OFF}
    assert settings.ledger == DEMO_LEDGER


def test_aims_are_the_bounds_among_the_settings() -> None:
    aims = read({"outage_budget_s": "60", "objectives": {"writes": "off"}}, {}, {}).aims
    assert (aims.outage_budget_s, aims.recovery_deadline_s, aims.level("writes"), aims.level("outage")) == (
        60.0,
        900.0,
        Level.OFF,
        Level.REQUIRED,
    )


def test_the_further_series_can_be_left_out() -> None:
    settings = read({"kept_connections": 0, "control_url": "none"}, {}, {})
    assert (settings.kept_connections, settings.direct_url, settings.control_url) == (0, "", "none")
    assert (Settings().kept_connections, Settings().control_url) == (4, "")
