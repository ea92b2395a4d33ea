"""Where alerts may be sent to: a name is resolved once, judged, and the judged address is the one connected to.

Whoever may enter a channel could otherwise make this process talk to what only it can reach: a neighbour's database,
the cloud's metadata service. A name that is looked up again after it was judged could by then mean another host.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from genai_finops.alerts.send_error import SendError

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Host and port to addresses as text. Raises OSError.
Resolve = Callable[[str, int], Sequence[str]]


def _networks(*texts: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


#: What `allow_private` opens.
_PRIVATE = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
    *("::1/128", "fc00::/7"),
)
#: Metadata services, wherever they lie; Azure's host has a public address, Alibaba's a shared and AWS's a private one.
_NEVER = _networks(
    *("169.254.0.0/16", "fe80::/10", "fd00:ec2::/32", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.0/24"),
    # Addresses that carry another one within, by ways that no resolver needs.
    *("2002::/16", "2001::/32", "64:ff9b:1::/48", "::/96", "192.88.99.0/24"),
    "fec0::/10",
)
_LOOPBACK_6 = ipaddress.IPv6Address("::1")
#: IPv6-only networks reach every IPv4 host through it (RFC 6052).
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve_host(host: str, port: int) -> Sequence[str]:
    """The addresses of the host, as the system knows them, each once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@dataclass(frozen=True, slots=True)
class Guard:
    """What a channel may reach."""

    allow_private: bool = False
    #: Unencrypted connections.
    allow_plain: bool = False
    resolve: Resolve = resolve_host

    def addresses(self, host: str, port: int) -> list[str]:
        """Addresses of the host, each of which may be connected to. Raises SendError.

        One that may not be reached refuses them all: which one is taken must not be chance.
        """
        try:
            found = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise SendError(f"{host} cannot be resolved: {type(error).__name__}") from None
        for text in found:
            if not is_reachable(text, allow_private=self.allow_private):
                raise SendError(f"{host} is {text}, which alerts are not sent to", is_permanent=True)
        if not found:
            raise SendError(f"{host} has no address")
        return list(found)

    def url_fault(self, url: str) -> str | None:
        """What is wrong with the URL, without repeating it; None when nothing is."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return "is no URL"
        if parts.scheme not in {"https", "http"} or not parts.hostname or not _is_plain_text(url) or port == 0:
            return "is no URL such as https://example.com/alerts"
        if parts.username is not None or parts.password is not None or parts.fragment:
            return "holds a user, a password or a fragment"
        if parts.scheme == "http" and not self.allow_plain:
            return "is not encrypted: take https, or allow plain connections"
        literal = _literal(parts.hostname)
        if literal is not None and not is_reachable(literal, allow_private=self.allow_private):
            return f"leads to {literal}, which alerts are not sent to"
        return None


def is_reachable(text: str, *, allow_private: bool) -> bool:
    """Whether the address is public, or private and allowed. Link-local and metadata addresses never are."""
    try:
        address = _inner(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    is_never = any(address in network for network in _NEVER if network.version == address.version)
    if address == _LOOPBACK_6:
        return allow_private
    if is_never or address.is_multicast or address.is_unspecified:
        return False
    if any(address in network for network in _PRIVATE if network.version == address.version):
        return allow_private
    return address.is_global and not address.is_reserved


def _inner(address: IpAddress) -> IpAddress:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def _is_plain_text(url: str) -> bool:
    return all("!" <= character <= "~" for character in url)
