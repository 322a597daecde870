"""The coverage page, and that no test leaves it out."""

from pathlib import Path

from tests.conformance import made_page
from tests.conformance.kubernetes import coverage

HERE = Path(__file__).parent


def test_the_coverage_page_is_not_stale():
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page(), "python -m tests.conformance.kubernetes.coverage"


def test_every_conformance_test_names_its_endpoints():
    assert made_page.silent(HERE, "cluster", "batch") == []


def test_every_endpoint_that_is_named_is_served():
    served = coverage._answered()
    assert [each for row in coverage.rows() for each in row.endpoints if coverage._plain(each) not in served] == []
