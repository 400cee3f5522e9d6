"""How soon devices have a version: what is computed is what simulated visits do."""

import math

import pytest

from tests.support.reach import hours_until, month, nights_until


@pytest.mark.parametrize(("away", "alike"), [(0.1, math.inf), (0.3, math.inf), (0.3, 3.0), (0.48, 3.0), (0.48, 10.0)])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.95])
def test_the_night_that_is_computed_is_the_one_of_simulated_visits(share: float, away: float, alike: float) -> None:
    """A version that is out at noon: the first night is 15 to 16 hours later."""
    hours = hours_until(share, away, alike, out_at_h=12.0, devices=50_000)
    assert nights_until(share, away, alike) == math.ceil((hours - 15.75) / 24) + 1


def test_who_always_calls_has_it_after_a_night_and_rare_callers_take_longer() -> None:
    assert nights_until(0.95, 0.0) == 1
    assert nights_until(0.95, 0.3, 1.0) > nights_until(0.95, 0.3, 10.0) >= nights_until(0.95, 0.3)


def test_a_month_counts_each_visit_once() -> None:
    """Thirty visits; of some the bytes are those of an update, or of a version."""
    figures = {
        "nothing is new": (1_000, 2_000),
        "an update is sent": (1_000, 2_000),
        "a version comes": (1_000, 102_000),
    }
    quiet, busy = month(figures, 0.0), month(figures, 1.0)
    assert quiet == pytest.approx((30 * 0.001 * 1.0684, 30 * 0.002 * 1.0684), rel=0.001)
    assert busy == pytest.approx((quiet[0], quiet[1] + 30 * 0.1 * 1.0684), rel=0.001)
