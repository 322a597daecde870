"""Outages as intervals, against hand-written samples and against a brute-force model."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.availability import (
    availability,
    cross_check,
    edge_s,
    episodes,
    finest_s,
    longest_s,
    outage_within_budget,
    outages,
    recovered_at,
    seen_of_stall_s,
    stall_s,
    total_s,
)
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.verdict import Availability, Episode, Latency, Result

LETTERS = {
    "+": Outcome.OK,
    "s": Outcome.SLOW,
    "-": Outcome.REFUSED,
    "t": Outcome.CONNECT_TIMEOUT,
    "?": Outcome.MISSED,
    "u": Outcome.UNKNOWN,
}


def drawn(picture: str, *, step_s: float = 1.0) -> list[Sample]:
    """One sample a letter, one slot apart, each answered, refused or given up as soon as it was asked."""
    return [Sample(number * step_s, LETTERS[letter], 0.0, 0.0) for number, letter in enumerate(picture)]


def seen(picture: str, *, since_s: float = 0.0, rate: float = 1.0, stable_for_s: float = 2.0) -> Availability:
    return availability(drawn(picture), since_s=since_s, period_s=1.0 / rate, rate=rate, stable_for_s=stable_for_s)


def test_an_outage_lies_between_the_last_good_and_the_next_good_sample() -> None:
    found = outages(drawn("+++tt--++"))
    assert found == (Outage(2.0, 3.0, 6.0, 7.0, ((Outcome.CONNECT_TIMEOUT, 2), (Outcome.REFUSED, 2)), good_from_s=7.0),)
    assert (found[0].shortest_s, found[0].longest_s) == (3.0, 5.0)


def test_no_failure_is_no_outage() -> None:
    assert outages(drawn("+s+?+")) == ()
    assert outages([]) == ()
    assert outages(drawn("???")) == ()


def test_one_failure_may_have_lasted_no_time_and_at_most_two_slots() -> None:
    (found,) = outages(drawn("+-+"))
    assert (found.shortest_s, found.longest_s) == (0.0, 2.0)


def test_a_missed_sample_at_an_edge_widens_it() -> None:
    assert outages(drawn("+?--?+")) == (Outage(0.0, 2.0, 3.0, 5.0, ((Outcome.REFUSED, 2),), good_from_s=5.0),)


def test_a_missed_sample_within_an_outage_does_not_end_it() -> None:
    assert outages(drawn("+-?-+")) == (Outage(0.0, 1.0, 3.0, 4.0, ((Outcome.REFUSED, 2),), good_from_s=4.0),)


def test_a_missed_sample_among_good_ones_starts_no_outage() -> None:
    assert outages(drawn("++??++")) == ()


def test_an_outage_without_an_end_is_at_least_so_long() -> None:
    (found,) = outages(drawn("+---"))
    assert found == Outage(0.0, 1.0, 3.0, None, ((Outcome.REFUSED, 3),))
    assert (found.shortest_s, found.longest_s) == (2.0, None)


def test_an_outage_that_nobody_saw_begin_has_no_upper_bound() -> None:
    (found,) = outages(drawn("?--+"))
    assert found == Outage(0.0, 1.0, 2.0, 3.0, ((Outcome.REFUSED, 2),), began_before_sampling=True, good_from_s=3.0)
    assert (found.shortest_s, found.longest_s) == (1.0, None)


def test_alternating_samples_are_as_many_outages() -> None:
    assert [(one.started_latest_s, one.ended_latest_s) for one in outages(drawn("+-+-+"))] == [(1.0, 2.0), (3.0, 4.0)]


def test_a_late_sample_tells_of_the_moment_at_which_it_was_asked() -> None:
    samples = [
        Sample(0.0, Outcome.OK, 0.01, 0.01),
        Sample(1.0, Outcome.REFUSED, 0.02, 0.02),
        Sample(2.0, Outcome.REFUSED, 0.0, 0.0),
        Sample(3.0, Outcome.OK, 0.03, 0.03),
    ]
    assert outages(samples, rate=10.0) == (Outage(0.1, 1.2, 2.0, 3.3, ((Outcome.REFUSED, 2),), good_from_s=3.3),)
    assert outages(samples) == (Outage(0.01, 1.02, 2.0, 3.03, ((Outcome.REFUSED, 2),), good_from_s=3.03),)


def test_availability_adds_up_from_the_fault_to_the_end() -> None:
    assert seen("+++--++-+++", since_s=3.0) == Availability(
        outages=(
            Outage(2.0, 3.0, 4.0, 5.0, ((Outcome.REFUSED, 2),), good_from_s=5.0),
            Outage(6.0, 7.0, 7.0, 8.0, ((Outcome.REFUSED, 1),), good_from_s=8.0),
        ),
        total_s=(1.0, 5.0),
        by_time=1 - 3 / 8,
        by_request=1 - 3 / 8,
        samples=8,
        bad=3,
        missed=0,
        late_p99_s=0.0,
        period_s=1.0,
        unknown=0,
        episodes=(Episode(1, 1, (1.0, 3.0)), Episode(2, 2, (0.0, 2.0))),
        longest_s=(1.0, 3.0),
        edge_s=1.0,
        agree_within=1 / 8,
        first_failure_s=(0.0, 0.0),
        first_success_s=(1.0, 2.0),
        recovered_s=(4.0, 5.0),
        latency_recovered_s=None,
        latency_before=Latency(3, 0.0, 0.0, 0.0),
        latency_during=Latency(2, 0.0, 0.0, 0.0),
        latency_after=Latency(3, 0.0, 0.0, 0.0),
    )


def test_an_outage_that_was_over_before_the_fault_does_not_count() -> None:
    told = seen("+-++++--++", since_s=5.0)
    assert (told.total_s, told.bad, told.first_failure_s) == ((1.0, 3.0), 2, (0.0, 1.0))


def test_an_open_outage_leaves_the_total_open() -> None:
    told = seen("+-+---")
    assert (told.total_s, told.recovered_s) == ((2.0, None), None)
    assert told.by_time == told.by_request == pytest.approx(1 / 3)


def test_slots_without_any_record_are_counted_as_missed() -> None:
    samples = [sample for sample in drawn("++++++++++") if sample.at_s not in (4.0, 5.0)]
    told = availability(samples, since_s=0.0, period_s=0.05, rate=20.0)
    assert (told.samples, told.missed, told.bad) == (10, 2, 0)
    far = [Sample(0.0, Outcome.OK, 0.0, 0.0), Sample(5.0, Outcome.OK, 0.0, 0.0)]
    assert [(row.samples, row.missed) for row in (seen("+"), availability(far, since_s=0.0, period_s=1.0, rate=1.0))] == [(1, 0), (6, 4)]


def test_the_lateness_is_that_of_the_looks_that_were_asked() -> None:
    rows = [Sample(float(slot), Outcome.OK if slot % 2 else Outcome.REFUSED, slot / 1000, 0.2) for slot in range(100)]
    missed = [Sample(100.0 + slot, Outcome.MISSED, 5.0, 0.0) for slot in range(20)]
    assert availability([*rows, *missed], since_s=0.0, period_s=1.0, rate=1.0).late_p99_s == 0.098


def test_unknown_slots_are_counted_apart_from_missed_ones_and_are_no_failures() -> None:
    told = seen("++u?u-+++")
    assert (told.samples, told.missed, told.unknown, told.bad) == (9, 1, 2, 1)
    assert (told.by_request, told.total_s) == (5 / 6, (0.0, 5.0))


def test_the_time_to_the_first_failure_counts_from_the_accepted_fault() -> None:
    told = availability(drawn("++++---+++"), since_s=2.0, period_s=1.0, rate=1.0, stable_for_s=2.0, injected_s=3.5)
    assert (told.first_failure_s, told.first_success_s, told.recovered_s) == ((0.0, 0.5), (4.0, 5.0), (4.0, 5.0))


def test_a_request_that_was_on_its_way_when_the_fault_was_accepted_failed_after_no_time() -> None:
    told = availability(drawn("+++---+++"), since_s=2.0, period_s=1.0, rate=1.0, injected_s=4.5)
    assert told.first_failure_s == (0.0, 0.0)


def test_the_first_success_may_come_long_before_the_recovery() -> None:
    told = seen("+--+-+---++++", stable_for_s=3.0)
    assert (told.first_failure_s, told.first_success_s, told.recovered_s) == ((0.0, 1.0), (2.0, 3.0), (8.0, 9.0))


def test_without_a_failure_there_is_nothing_to_recover_from() -> None:
    told = seen("++++")
    assert (told.first_failure_s, told.first_success_s, told.recovered_s, told.longest_s) == (None, None, (0.0, 0.0), None)


def test_a_recovery_that_was_looked_for_late_ends_when_it_was_asked_for() -> None:
    rows = [Sample(0.0, Outcome.OK, 0.0, 0.01), Sample(1.0, Outcome.RESET, 0.02, 0.01)]
    rows += [Sample(float(at), Outcome.OK, 0.03, 0.01) for at in range(2, 15)]
    told = availability(rows, since_s=0.0, period_s=0.1, rate=10.0)
    assert told.recovered_s == (pytest.approx(1.2), pytest.approx(2.3))


def test_a_recovery_lies_between_the_last_failure_and_the_answer_that_showed_it() -> None:
    rows = [*drawn("+-"), *(Sample(float(at), Outcome.OK, 0.0, 0.02) for at in range(2, 15))]
    assert availability(rows, since_s=0.0, period_s=0.1, rate=10.0).recovered_s == (1.0, pytest.approx(2.2))


def test_a_recovery_after_a_gap_in_the_samples_ends_with_the_answer_after_the_gap() -> None:
    rows = [*drawn("+-+"), *(Sample(float(at), Outcome.OK, 0.0, 0.02) for at in range(12, 25))]
    assert availability(rows, since_s=0.0, period_s=0.1, rate=10.0).recovered_s == (1.0, pytest.approx(12.2))


def test_outages_with_less_than_a_second_of_availability_between_them_are_one_episode() -> None:
    flapping = drawn("+--" + "+" * 10 + "--" + "+" * 30 + "-+", step_s=0.1)
    found = outages(flapping)
    assert [len(one.outcomes) for one in found] == [1, 1, 1]
    told = [(one.first, one.last, tuple(round(bound or 0.0, 6) for bound in one.lasted_s)) for one in episodes(found)]
    assert told == [(1, 2, (1.3, 1.5)), (3, 3, (0.0, 0.2))]


def test_a_whole_second_of_availability_parts_two_episodes() -> None:
    parted = drawn("+-" + "+" * 9 + "-+", step_s=0.125)
    joined = drawn("+-" + "+" * 8 + "-+", step_s=0.125)
    assert [(one.first, one.last) for one in episodes(outages(parted))] == [(1, 1), (2, 2)]
    assert [(one.first, one.last) for one in episodes(outages(joined))] == [(1, 2)]


def test_at_a_high_rate_one_good_sample_shows_no_second_of_availability() -> None:
    assert [(one.first, one.last) for one in episodes(outages(drawn("+-+-++-+")))] == [(1, 2), (3, 3)]


def test_an_episode_is_open_where_its_last_outage_is() -> None:
    assert episodes(outages(drawn("+-+--"))) == (Episode(1, 2, (3.0, None)),)
    assert episodes(outages(drawn("-+"))) == (Episode(1, 1, (0.0, None)),)


def test_the_longest_outage_lies_between_the_greatest_of_either_bound() -> None:
    sharp = Outage(0.0, 0.1, 4.0, 4.1, ((Outcome.RESET, 4),))
    vague = Outage(10.0, 12.0, 14.0, 17.0, ((Outcome.RESET, 2),))
    assert longest_s((sharp, vague)) == (3.9, 7.0)
    assert longest_s((sharp, Outage(20.0, 21.0, 22.0, None, ((Outcome.RESET, 1),)))) == (3.9, None)
    assert longest_s(()) is None


def test_the_least_well_known_edge_bounds_all() -> None:
    sharp, vague = Outage(0.0, 0.1, 4.0, 4.2, ((Outcome.RESET, 4),)), Outage(10.0, 10.1, 14.0, 17.0, ((Outcome.RESET, 2),))
    assert (edge_s((sharp,)), edge_s((sharp, vague)), edge_s(())) == (pytest.approx(0.2), 3.0, None)
    unseen = Outage(0.0, 9.0, 10.0, None, ((Outcome.RESET, 1),), began_before_sampling=True)
    assert (edge_s((unseen,)), edge_s((unseen, sharp))) == (None, pytest.approx(0.2))


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


def test_slots_that_are_there_twice_make_the_two_availabilities_differ() -> None:
    assert cross_check(seen("+++---+++")) == ""
    twice = [*drawn("+++---+++"), *(Sample(float(at), Outcome.REFUSED, 0.0, 0.01) for at in (3, 4, 5))]
    told = availability(twice, since_s=0.0, period_s=1.0, rate=1.0)
    assert cross_check(told) == (
        "availability is 66.66 % by time and 50.00 % by request: they must agree within 11.11%, so one of them is wrong"
    )


def test_the_two_availabilities_may_differ_by_a_request_and_by_the_lateness_at_both_edges_of_an_outage() -> None:
    rows = [Sample(float(slot), Outcome.REFUSED if slot == 5 else Outcome.OK, 0.1, 0.1) for slot in range(10)]
    assert availability(rows, since_s=0.0, period_s=1.0, rate=1.0).agree_within == pytest.approx((1 + 2 * 0.1) / 10)
    assert seen("???").agree_within == 0.0


def test_the_cross_check_says_nothing_of_nothing() -> None:
    assert cross_check(seen("???")) == ""
    assert cross_check(replace(seen("+-+"), by_time=None)) == ""
    assert cross_check(replace(seen("+-+"), by_request=None)) == ""


# --- stalls ---


def test_a_stall_is_seen_shorter_by_the_deadline_and_not_at_all_when_it_is_shorter_than_that() -> None:
    assert [seen_of_stall_s(lasted_s, 0.9) for lasted_s in (0.0, 0.4, 0.9, 1.5)] == [0.0, 0.0, 0.0, pytest.approx(0.6)]


def test_what_was_seen_of_a_stall_tells_how_long_it_lasted() -> None:
    (stalled,) = outages([Sample(0.0, Outcome.OK, 0, 0), Sample(1.0, Outcome.READ_TIMEOUT, 0, 0.9), Sample(2.0, Outcome.SLOW, 0, 0.8)])
    assert stall_s(stalled, answer_within_s=0.9, rate=1.0) == (0.9, 2.9)
    assert stall_s(stalled, answer_within_s=0.9, rate=10.0) == (9.0, 11.0)
    (cut,) = outages([Sample(0.0, Outcome.OK, 0, 0), Sample(1.0, Outcome.READ_TIMEOUT, 0, 0.9)])
    assert stall_s(cut, answer_within_s=0.9, rate=1.0) == (0.9, None)
    (refused,) = outages(drawn("+-+"))
    assert stall_s(refused, answer_within_s=0.9, rate=1.0) is None


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


pictures = st.text(alphabet="+s-t?u", max_size=60)


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


@given(pictures, st.lists(st.floats(min_value=0.0, max_value=0.9), min_size=60, max_size=60), st.integers(min_value=0, max_value=20))
def test_the_two_availabilities_never_differ_by_more_than_is_said(picture: str, late: list[float], since: int) -> None:
    rows = [Sample(row.at_s, row.outcome, late[place], row.latency_s) for place, row in enumerate(drawn(picture))]
    assert cross_check(availability(rows, since_s=float(since), period_s=1.0, rate=1.0)) == ""


@pytest.mark.parametrize(
    ("picture", "told"),
    [
        ("------", [(0, 0, 5, None, True)]),
        ("--++++", [(0, 0, 1, 2, True)]),
        ("+++---", [(2, 3, 5, None, False)]),
        ("+-+-+-", [(0, 1, 1, 2, False), (2, 3, 3, 4, False), (4, 5, 5, None, False)]),
        ("+u--u+", [(0, 2, 3, 5, False)]),
        ("+-??-+", [(0, 1, 4, 5, False)]),
        ("uuuuuu", []),
        ("u-uuuu", [(0, 1, 1, None, True)]),
    ],
    ids=["all fail", "first fail", "open end", "alternating", "unknown slots", "missed slots", "all unknown", "one known"],
)
def test_the_brute_force_model_and_the_judgement_agree_on_the_known_shapes(picture: str, told: list[tuple[float, ...]]) -> None:
    found = [
        (one.started_earliest_s, one.started_latest_s, one.ended_earliest_s, one.ended_latest_s, one.began_before_sampling)
        for one in outages(drawn(picture))
    ]
    assert found == brute_force(picture) == told


def brute_force_episodes(picture: str, step_s: float) -> list[tuple[int, int]]:
    """An episode goes on while the good slots between two outages lie less than a second apart, the first and the last of them."""
    rows, groups = brute_force(picture), []
    for number, (last_good, *_) in enumerate(rows, start=1):
        first_good = rows[number - 2][3] if number > 1 else None
        if first_good is not None and (last_good - first_good) * step_s < 1.0:
            groups[-1].append(number)
        else:
            groups.append([number])
    return [(group[0], group[-1]) for group in groups]


@given(pictures, st.sampled_from([0.125, 0.25, 0.5, 1.0, 2.0]))
def test_episodes_are_those_of_the_brute_force_model(picture: str, step_s: float) -> None:
    found = outages(drawn(picture, step_s=step_s))
    told = episodes(found)
    assert [(one.first, one.last) for one in told] == brute_force_episodes(picture, step_s)
    for one in told:
        part = found[one.first - 1 : one.last]
        least_s, most_s = total_s(part)
        assert one.lasted_s[0] >= least_s - 1e-9
        assert (one.lasted_s[1] is None) == (most_s is None)


@given(pictures)
def test_the_longest_outage_is_the_longest_of_the_brute_force_model(picture: str) -> None:
    rows = brute_force(picture)
    least = [last - first for _, first, last, _, _ in rows]
    most = [None if after is None or unseen else after - before for before, _, _, after, unseen in rows]
    closed = [one for one in most if one is not None]
    wanted = (max(least), max(closed) if len(closed) == len(most) else None) if rows else None
    assert longest_s(outages(drawn(picture))) == wanted


@given(pictures.filter(lambda text: any(letter in "+s-t" for letter in text)), st.floats(min_value=1.0, max_value=6.0))
def test_recovery_lies_between_the_last_failure_and_the_first_good_sample_that_lasts(picture: str, stable_for_s: float) -> None:
    told = seen(picture, stable_for_s=stable_for_s)
    back_s = recovered_at(
        drawn(picture), after_s=min((slot for slot, sign in enumerate(picture) if sign in "-t"), default=0), stable_for_s=stable_for_s
    )
    assert (told.recovered_s is None) == (back_s is None)
    if told.recovered_s is not None and told.bad and back_s is not None:
        last_bad = max(slot for slot, sign in enumerate(picture) if sign in "-t" and slot < back_s)
        assert told.recovered_s == (last_bad, back_s)
        window = picture[int(back_s) : int(back_s + stable_for_s) + 1]
        assert not set(window) & set("-t")


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


@given(
    began_s=st.floats(min_value=1.0, max_value=5.0),
    lasted_s=st.floats(min_value=0.0, max_value=6.0),
    deadline_s=st.floats(min_value=0.05, max_value=0.9),
)
def test_what_is_seen_of_a_stall_is_the_stall_less_the_deadline(began_s: float, lasted_s: float, deadline_s: float) -> None:
    """A server that answers nobody for a while, and then everybody at once; looked at every 50 ms."""
    over_s = began_s + lasted_s

    def look(slot: int) -> Sample:
        at_s = slot * 0.05
        latency_s = over_s - at_s if began_s <= at_s < over_s else 0.001
        outcome = Outcome.READ_TIMEOUT if latency_s > deadline_s else Outcome.SLOW if latency_s > 0.3 else Outcome.OK
        return Sample(at_s, outcome, 0.0, min(latency_s, deadline_s))

    least_s, most_s = total_s(outages([look(slot) for slot in range(300)]))
    expected_s = seen_of_stall_s(lasted_s, deadline_s)
    assert least_s <= expected_s + 1e-6
    assert most_s is not None
    assert expected_s <= most_s + 1e-6 or expected_s < 0.05  # shorter than a period: it may fall between two looks
    for one in outages([look(slot) for slot in range(300)]):
        shortest_s, longest = stall_s(one, answer_within_s=deadline_s, rate=1.0) or (0.0, None)
        assert longest is not None
        assert shortest_s - 1e-6 <= lasted_s <= longest + 1e-6
