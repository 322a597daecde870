"""How the tests of a run are counted: how many on the lab, how many on the sandbox."""

from collections import Counter
from pathlib import Path

from tests.lab.openstack.running import FIRST, ON_LAB, ON_NEITHER, ON_RECORDING, ON_SANDBOX, REPOSITORY, SECOND, counted

REPORT = """<testsuites><testsuite>
<testcase classname="tests.lab.pack.test_client" name="test_a"/>
<testcase classname="tests.lab.pack.test_client" name="test_b[stopped-]"><failure/></testcase>
<testcase classname="tests.lab.openstack.test_places" name="test_c"/>
<testcase classname="tests.conformance.openstack.test_volumes" name="test_d[sandbox]"/>
<testcase classname="tests.conformance.openstack.test_volumes" name="test_d[lab]"><skipped/></testcase>
<testcase classname="tests.conformance.openstack.test_volumes" name="test_e[kill-lab]"/>
<testcase classname="tests.recordings.openstack.test_replay" name="test_f"/>
</testsuite></testsuites>"""


def test_a_parameter_says_where_and_the_packs_own_tests_are_the_labs(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    file.write_text(REPORT)
    on_lab, on_sandbox = Counter(passed=2, failure=1, skipped=1), Counter(passed=1)
    elsewhere = {ON_RECORDING: Counter(passed=1), ON_NEITHER: Counter(passed=1)}
    assert counted(file) == {ON_LAB: on_lab, ON_SANDBOX: on_sandbox, **elsewhere}


def test_every_test_of_the_pack_is_in_one_half() -> None:
    named = [path for path in (*FIRST, *SECOND) if path.startswith("tests/lab/pack/")]
    assert sorted(named) == sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "tests/lab/pack").glob("test_*.py"))
