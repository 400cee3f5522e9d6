"""What breaks first at one coordinator is what SCALE.md says, computed from what it says was measured."""

import re

import pytest

from tests.support.breaking import Costs, calls, needs, table
from tests.support.command import ROOT
from tests.support.fleets import Fleet

PAGE = (ROOT / "examples" / "flower" / "SCALE.md").read_text("utf-8")
MILLION = Fleet(1_000_000)


def measured(row: str) -> list[float]:
    """The numbers of a row of the page's table, as they are at a million devices."""
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {row}"))
    return [float(number) for number in re.findall(r"\d[\d.]*", line.split("|")[4])]


def costs() -> Costs:
    """As the page has them."""
    visit_ms, version_ms = measured("a visit; a version fetched")
    update_kb, version_kb = (
        int(number.replace(",", "")) / 1e3
        for number in re.findall(r"an update is sent \| ([\d,]+)|a version comes \| [\d,]+ \| ([\d,]+)", PAGE)
        for number in number
        if number
    )
    update_written_mb, visit_written_kb = measured("written for an update")
    return Costs(
        measured("an update taken")[0],
        measured("an update made part")[0],
        visit_ms,
        version_ms,
        update_kb,
        version_kb,
        1e3 * update_written_mb,
        visit_written_kb,
    )


def test_what_breaks_first_is_computed_from_what_the_page_says_was_measured() -> None:
    for row in table(MILLION, costs()):
        assert row in PAGE.splitlines()
    thousands = (f"{round(number, -3):,.0f}" for number in (calls(MILLION), MILLION.contributions))
    assert "of which {} call in a night, {} of them".format(*thousands) in " ".join(PAGE.split())


def test_what_a_night_takes_is_what_is_asked_of_it_by_the_time_there_is() -> None:
    fleet, each = Fleet(100_000), Costs(5.0, 2.0, 1.0, 3.0, 500.0, 1_000.0, 1_100.0, 20.0)
    visits, updates = calls(fleet), fleet.contributions
    assert visits / updates == pytest.approx(7, rel=0.001)  # once a week
    one, eight = needs(fleet, each, 1.0), needs(fleet, each, 8.0)
    assert one.cores == pytest.approx((7.0 * updates + 4.0 * visits) / 3_600_000)
    assert one.gbit_s == pytest.approx(visits * 8e6 / 3600 / 1e9)
    assert one.disk_mb_s == pytest.approx((1.1 * updates + 0.02 * visits) / 3600)
    for name in ("cores", "gbit_s", "disk_mb_s", "connections"):
        assert getattr(one, name) == pytest.approx(8 * getattr(eight, name))
    assert one.waiting_gb == eight.waiting_gb == pytest.approx(fleet.buffer * 0.0005)
