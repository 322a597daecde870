"""Outages as intervals, against hand-written samples and against a brute-force model."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.availability import availability, finest_s, outage_within_budget, outages, quantile, recovered_at
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.verdict import Availability, Result

LETTERS = {"+": Outcome.OK, "s": Outcome.SLOW, "-": Outcome.REFUSED, "t": Outcome.CONNECT_TIMEOUT, "?": Outcome.MISSED}


def drawn(picture: str, *, step_s: float = 1.0) -> list[Sample]:
    """One sample a letter, one slot apart."""
    return [Sample(number * step_s, LETTERS[letter], 0.0, 0.01) for number, letter in enumerate(picture)]


def seen(picture: str, *, since_s: float = 0.0, rate: float = 1.0, stable_for_s: float = 2.0) -> Availability:
    return availability(drawn(picture), since_s=since_s, period_s=1.0 / rate, rate=rate, stable_for_s=stable_for_s)


def test_an_outage_lies_between_the_last_good_and_the_next_good_sample() -> None:
    found = outages(drawn("+++tt--++"))
    assert found == (Outage(2.0, 3.0, 6.0, 7.0, ((Outcome.CONNECT_TIMEOUT, 2), (Outcome.REFUSED, 2))),)
    assert (found[0].shortest_s, found[0].longest_s) == (3.0, 5.0)


def test_no_failure_is_no_outage() -> None:
    assert outages(drawn("+s+?+")) == ()
    assert outages([]) == ()
    assert outages(drawn("???")) == ()


def test_one_failure_may_have_lasted_no_time_and_at_most_two_slots() -> None:
    (found,) = outages(drawn("+-+"))
    assert (found.shortest_s, found.longest_s) == (0.0, 2.0)


def test_a_missed_sample_at_an_edge_widens_it() -> None:
    assert outages(drawn("+?--?+")) == (Outage(0.0, 2.0, 3.0, 5.0, ((Outcome.REFUSED, 2),)),)


def test_a_missed_sample_within_an_outage_does_not_end_it() -> None:
    assert outages(drawn("+-?-+")) == (Outage(0.0, 1.0, 3.0, 4.0, ((Outcome.REFUSED, 2),)),)


def test_a_missed_sample_among_good_ones_starts_no_outage() -> None:
    assert outages(drawn("++??++")) == ()


def test_an_outage_without_an_end_is_at_least_so_long() -> None:
    (found,) = outages(drawn("+---"))
    assert found == Outage(0.0, 1.0, 3.0, None, ((Outcome.REFUSED, 3),))
    assert (found.shortest_s, found.longest_s) == (2.0, None)


def test_an_outage_that_nobody_saw_begin_has_no_upper_bound() -> None:
    (found,) = outages(drawn("?--+"))
    assert found == Outage(0.0, 1.0, 2.0, 3.0, ((Outcome.REFUSED, 2),), began_before_sampling=True)
    assert (found.shortest_s, found.longest_s) == (1.0, None)


def test_alternating_samples_are_as_many_outages() -> None:
    assert [(one.started_latest_s, one.ended_latest_s) for one in outages(drawn("+-+-+"))] == [(1.0, 2.0), (3.0, 4.0)]


def test_a_late_sample_tells_of_the_moment_at_which_it_was_asked() -> None:
    samples = [
        Sample(0.0, Outcome.OK, 0.01, 0.01),
        Sample(1.0, Outcome.REFUSED, 0.02, 0.01),
        Sample(2.0, Outcome.REFUSED, 0.0, 0.01),
        Sample(3.0, Outcome.OK, 0.03, 0.01),
    ]
    assert outages(samples, rate=10.0) == (Outage(0.1, 1.2, 2.0, 3.3, ((Outcome.REFUSED, 2),)),)


def test_availability_adds_up_from_the_fault_to_the_end() -> None:
    assert seen("+++--++-+++", since_s=3.0) == Availability(
        outages=(Outage(2.0, 3.0, 4.0, 5.0, ((Outcome.REFUSED, 2),)), Outage(6.0, 7.0, 7.0, 8.0, ((Outcome.REFUSED, 1),))),
        total_s=(1.0, 5.0),
        by_time=1 - 3 / 8,
        by_request=1 - 3 / 8,
        samples=8,
        bad=3,
        missed=0,
        late_p99_s=0.0,
        period_s=1.0,
        first_failure_s=0.0,
        recovered_s=5.0,
        latency_before_s=(0.01, 0.01, 0.01),
        latency_during_s=(0.01, 0.01, 0.01),
        latency_after_s=(0.01, 0.01, 0.01),
    )


def test_an_outage_that_was_over_before_the_fault_does_not_count() -> None:
    told = seen("+-++++--++", since_s=5.0)
    assert (told.total_s, told.bad, told.first_failure_s) == ((1.0, 3.0), 2, 1.0)


def test_an_open_outage_leaves_the_total_open() -> None:
    told = seen("+-+---")
    assert (told.total_s, told.recovered_s) == ((2.0, None), None)
    assert told.by_time == told.by_request == pytest.approx(1 / 3)


def test_slots_without_any_record_are_counted_as_missed() -> None:
    samples = [sample for sample in drawn("++++++++++") if sample.at_s not in (4.0, 5.0)]
    told = availability(samples, since_s=0.0, period_s=0.05, rate=20.0)
    assert (told.samples, told.missed, told.bad) == (10, 2, 0)


def test_availability_of_nothing_is_unknown() -> None:
    told = seen("???")
    assert (told.by_time, told.by_request, told.missed, told.total_s) == (None, None, 3, (0.0, 0.0))
    assert outage_within_budget(told, budget_s=10.0, rate=1.0) is Result.NOT_TESTED


def test_recovery_is_the_first_good_sample_that_lasts() -> None:
    assert recovered_at(drawn("+--+-++++"), after_s=1.0, stable_for_s=3.0) == 5.0


def test_recovery_is_not_told_before_the_time_after_it_was_sampled() -> None:
    assert recovered_at(drawn("+--+++"), after_s=1.0, stable_for_s=3.0) is None
    assert recovered_at(drawn("+--++++"), after_s=1.0, stable_for_s=3.0) == 3.0


def test_a_long_gap_in_the_samples_does_not_count_as_stable() -> None:
    assert recovered_at(drawn("--+?????????+"), after_s=0.0, stable_for_s=10.0) is None
    assert recovered_at(drawn("--+" + "?" * 9 + "+" * 11), after_s=0.0, stable_for_s=10.0) == 12.0


def test_a_single_missed_sample_does_not_delay_the_recovery() -> None:
    assert recovered_at(drawn("--++?++++++++++"), after_s=0.0, stable_for_s=10.0) == 2.0


def test_without_a_failure_the_application_counts_as_back_at_once() -> None:
    assert recovered_at(drawn("+++++"), after_s=1.0, stable_for_s=3.0) == 1.0


@pytest.mark.parametrize(
    ("picture", "budget_s", "result"),
    [
        ("+---+", 4.0, Result.MET),
        ("+---+", 3.9, Result.NOT_TESTED),
        ("+---+", 2.0, Result.NOT_TESTED),
        ("+---+", 1.9, Result.MISSED),
        ("+---", 2.0, Result.NOT_TESTED),
        ("+---", 1.5, Result.MISSED),
        ("+++++", 1.0, Result.MET),
        ("+-+-+-+", 6.0, Result.MET),
        ("+-+-+-+", 5.0, Result.NOT_TESTED),
    ],
)
def test_a_budget_is_met_or_missed_only_when_the_whole_interval_says_so(picture: str, budget_s: float, result: Result) -> None:
    assert outage_within_budget(seen(picture), budget_s=budget_s, rate=1.0) is result


def test_a_budget_finer_than_the_sampling_is_never_judged() -> None:
    assert finest_s(20.0, 0.05) == 1.0
    assert outage_within_budget(seen("+++++", rate=20.0), budget_s=0.9, rate=20.0) is Result.NOT_TESTED


def test_quantiles_are_values_that_were_really_seen() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [quantile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert quantile([7.0], 0.5) == 7.0
    assert quantile([], 0.99) == 0.0


# --- against a brute-force model ---


def brute_force(picture: str) -> list[tuple[int, int, int, int | None, bool]]:
    """Two bad slots belong together when no good one lies between them; every edge is searched for by itself."""
    good = {slot for slot, letter in enumerate(picture) if letter in "+s"}
    bad = [slot for slot, letter in enumerate(picture) if letter in "-t"]
    families = {frozenset(two for two in bad if not any(min(one, two) < slot < max(one, two) for slot in good)) for one in bad}
    rows = []
    for family in sorted(families, key=min):
        before, after = [slot for slot in good if slot < min(family)], [slot for slot in good if slot > max(family)]
        rows.append((max(before, default=0), min(family), max(family), min(after, default=None), not before))
    return rows


pictures = st.text(alphabet="+s-t?", max_size=60)


@given(pictures)
def test_outages_are_those_of_the_brute_force_model(picture: str) -> None:
    told = [
        (one.started_earliest_s, one.started_latest_s, one.ended_earliest_s, one.ended_latest_s, one.began_before_sampling)
        for one in outages(drawn(picture))
    ]
    assert told == brute_force(picture)


@given(pictures)
def test_every_bad_sample_is_in_exactly_one_outage(picture: str) -> None:
    counted = [number for one in outages(drawn(picture)) for _, number in one.outcomes]
    assert sum(counted) == sum(letter in "-t" for letter in picture)


@given(pictures)
def test_taking_a_sample_away_never_makes_an_interval_narrower(picture: str) -> None:
    whole = seen(picture).total_s if picture else (0.0, 0.0)
    for slot, letter in enumerate(picture):
        if letter in "+s":
            least_s, most_s = seen(picture[:slot] + "?" + picture[slot + 1 :]).total_s
            assert most_s is None or (whole[1] is not None and most_s >= whole[1])
            assert least_s >= whole[0]  # two outages may become one, which must then have lasted all the time between


@given(st.text(alphabet="+-", min_size=1, max_size=60))
def test_availability_by_time_and_by_request_agree(picture: str) -> None:
    told = seen(picture)
    assert told.by_time == pytest.approx(told.by_request, abs=1e-9)


@given(
    began_s=st.floats(min_value=1.0, max_value=30.0),
    lasted_s=st.floats(min_value=0.0, max_value=30.0),
    missed=st.sets(st.integers(min_value=0, max_value=79)),
    late=st.lists(st.floats(min_value=0.0, max_value=0.9), min_size=80, max_size=80),
)
def test_the_true_edges_lie_in_the_intervals(began_s: float, lasted_s: float, missed: set[int], late: list[float]) -> None:
    over_s = began_s + lasted_s

    def look(slot: int) -> Sample:
        asked_s = slot + late[slot]
        outcome = Outcome.REFUSED if began_s <= asked_s < over_s else Outcome.OK
        return Sample(float(slot), Outcome.MISSED if slot in missed else outcome, late[slot], 0.01)

    found = outages([look(slot) for slot in range(80)], rate=1.0)
    assert len(found) <= 1
    for one in found:
        assert one.began_before_sampling or one.started_earliest_s <= began_s <= one.started_latest_s
        assert one.ended_earliest_s <= over_s <= (math.inf if one.ended_latest_s is None else one.ended_latest_s)
        assert one.shortest_s <= lasted_s + 1e-9
        assert one.longest_s is None or lasted_s <= one.longest_s + 1e-9
