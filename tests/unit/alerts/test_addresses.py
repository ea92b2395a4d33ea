"""Which addresses alerts may be sent to."""

import pytest

from genai_finops.alerts.addresses import Guard, is_reachable
from genai_finops.alerts.send_error import SendError

PUBLIC = ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808")
PRIVATE = (
    *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "127.8.8.8"),
    *("::1", "fc00::1", "fd12::1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1"),
)
NEVER = (
    # Metadata services of AWS, GCP and Azure, of AWS over IPv6, of Alibaba, of Oracle, and Azure's host.
    *("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    *("169.254.1.1", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"),
    *("224.0.0.1", "239.1.1.1", "ff02::1", "0.0.0.0", "::", "255.255.255.255", "240.0.0.1", "198.18.0.1"),  # noqa: S104
    *("2002:7f00:1::", "2001:0:0:0:0:0:80ff:fffe", "64:ff9b:1::7f00:1", "::7f00:1", "fec0::1", "2001:db8::1"),
    "localhost",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert is_reachable(address, allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_reached_only_where_that_is_allowed(address: str) -> None:
    assert [is_reachable(address, allow_private=allowed) for allowed in (False, True)] == [False, True]


@pytest.mark.parametrize("address", NEVER)
def test_link_local_metadata_and_the_like_are_never_reached(address: str) -> None:
    assert not is_reachable(address, allow_private=True)


def test_a_host_with_one_private_address_is_refused_for_good() -> None:
    guard = Guard(resolve=lambda _host, _port: ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(SendError, match=r"evil\.example is 10\.0\.0\.1") as caught:
        guard.addresses("evil.example", 443)
    assert caught.value.is_permanent


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "127.1", "0177.0.0.1"])
def test_other_spellings_of_an_address_are_judged_as_what_they_lead_to(host: str) -> None:
    with pytest.raises(SendError, match=r"is 127\.0\.0\.1"):
        Guard().addresses(host, 80)


def test_a_host_that_is_not_found_may_be_found_later() -> None:
    with pytest.raises(SendError) as caught:
        Guard().addresses("no-such-host.invalid", 443)
    assert not caught.value.is_permanent


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/", "https://", "example.com", "https://example.com:99999/", "https://example.com:0/"),
        *(
            "https://user:pw@example.com/",
            "https://example.com/#part",
            "https://exa mple.com/",
            "https://ex\nample.com/",
        ),
        *("http://example.com/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest"),
    ],
)
def test_an_address_that_cannot_be_sent_to_is_refused_as_it_is_entered(url: str) -> None:
    assert Guard().url_fault(url) is not None
