"""The world: timers in order, everything settled before time goes on."""

import threading
from datetime import UTC, datetime

import pytest

from chaoscinder.clock import Clock
from chaoscinder.sandbox.world import Driver, World

EPOCH = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def test_timers_happen_in_order_of_time_and_then_of_asking() -> None:
    world, seen = World(epoch=EPOCH), []
    world.call_later(5, lambda: seen.append("b"))
    world.call_later(2, lambda: seen.append("a"))
    world.call_later(5, lambda: seen.append("c"))
    world.turn(10)
    assert (seen, world.now_s) == (["a", "b", "c"], 10)


def test_what_a_timer_asks_for_happens_in_the_same_turn_when_it_is_due() -> None:
    world, seen = World(epoch=EPOCH), []
    world.call_later(1, lambda: world.call_later(1, lambda: seen.append(world.now_s)))
    world.turn(3)
    assert seen == [2]


def test_a_cancelled_timer_does_not_happen() -> None:
    world, seen = World(epoch=EPOCH), []
    world.call_later(1, lambda: seen.append("no")).cancel()
    world.turn(3)
    assert (seen, world.next_s()) == ([], None)


def test_periodic_work_keeps_its_phase() -> None:
    world, seen = World(epoch=EPOCH), []
    world.call_every(20, lambda: seen.append(world.now_s), first_s=3)
    world.turn(50)
    assert seen == [3, 23, 43]


def test_settlers_are_asked_until_nobody_changed_anything_before_the_next_timer() -> None:
    world, left, seen = World(epoch=EPOCH), [0], []

    def settle() -> bool:
        if left[0]:
            left[0] -= 1
            seen.append(("settle", world.now_s))
            return True
        return False

    world.add_settler(settle)
    world.call_later(1, lambda: left.__setitem__(0, 2))
    world.call_later(1, lambda: seen.append(("timer", world.now_s)))
    world.turn(2)
    assert seen == [("settle", 1), ("settle", 1), ("timer", 1)]


def test_a_world_that_never_settles_is_an_error_and_not_a_hang() -> None:
    world = World(epoch=EPOCH)
    world.add_settler(lambda: True)
    with pytest.raises(RuntimeError, match="did not settle"):
        world.settle()


def test_the_time_of_day_is_the_epoch_and_what_has_gone_by() -> None:
    world = World(epoch=EPOCH)
    world.turn(90)
    assert world.stamp() == "2026-11-22T12:01:30Z"


def test_the_same_seed_gives_the_same_uuids() -> None:
    first, second = World(seed=7), World(seed=7)
    assert [first.new_uuid() for _ in range(3)] == [second.new_uuid() for _ in range(3)]


def test_the_driver_turns_the_world_at_the_rate_of_its_clock() -> None:
    world, happened = World(epoch=EPOCH), threading.Event()
    world.call_later(30, happened.set)
    driver = Driver(world, Clock(1000))
    driver.start()
    try:
        assert happened.wait(5)
    finally:
        driver.stop()
        driver.join(5)
    assert world.now_s >= 30


def test_a_step_from_outside_acts_at_the_present_moment() -> None:
    world = World(epoch=EPOCH)
    world.follow(lambda: 42.0)
    with world.step():
        assert world.now_s == 42
