"""The coverage page, and that no test leaves it out."""

from pathlib import Path

from tests.conformance import made_page
from tests.conformance.openstack import coverage

HERE = Path(__file__).parent


def test_the_coverage_page_is_not_stale():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), "python -m tests.conformance.openstack.coverage"


def test_every_conformance_test_names_its_endpoints():
    assert made_page.silent(HERE, "cloud") == []


def test_what_the_real_services_confirmed_is_in_the_suite():
    known = {row.test for row in coverage.rows()}
    assert [name for name in coverage.json.loads(coverage.CONFIRMED.read_text(encoding="utf-8")) if name not in known] == []


def test_all_that_was_observed_has_tests_or_a_reason_why_not():
    known = {row.test for row in coverage.rows()}
    rows = coverage.observed()
    assert [row["observed"] for row in rows if bool(row["tests"]) == bool(row.get("left_out"))] == []
    assert sorted({name for row in rows for name in row["tests"]} - known) == []
