"""What one device or one address may ask for: who counts as one, and what no bound may be."""

import math
from dataclasses import fields

import pytest

from swipefl.errors import UsageError
from swipefl.federation.coordinator.limits import Limits, share_of


@pytest.mark.parametrize(
    ("peer", "share"),
    [
        ("ipv4:192.0.2.7:5555", "192.0.2.7"),
        ("ipv6:%5B::1%5D:5555", "::/64"),
        ("ipv6:[2001:db8:1:2:3:4:5:6]:5555", "2001:db8:1:2::/64"),
        ("ipv6:%5B2001:db8:1:2:ffff::%5D:9", "2001:db8:1:2::/64"),
        ("ipv6:%5B2001:db8:1:3::1%5D:9", "2001:db8:1:3::/64"),
        ("ipv6:%5Bfe80::1%25eth0%5D:9", "fe80::/64"),
        ("ipv6:%5B::ffff:192.0.2.7%5D:9", "192.0.2.7"),  # of a socket for both kinds
    ],
)
def test_a_share_is_what_one_household_has(peer: str, share: str) -> None:
    assert share_of(peer) == share


@pytest.mark.parametrize(
    "peer", [None, "", "unix:", "unix:/run/a:b", "unknown", ":", "ipv4:", "ipv6:%5B%5D:1", "ipv4:x:y"]
)
def test_any_peer_has_a_share(peer: str | None) -> None:
    assert isinstance(share_of(peer), str)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, -1])
@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_no_limit_is_beyond_all_numbers(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"{name} is {value}") as error:
        Limits(**{name: value})  # type: ignore[arg-type]
    assert error.value.facts["setting"] == name
