"""Where a coordinator is for a device, how to know it, and the channel that leads there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import grpc

from swipefl.federation.device.web_proxy import Proxy, proxy_for
from swipefl.federation.protocol.address import Address

# grpc's own retries are off: two of them stacked would multiply.
_OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_receive_message_length", 2 * 1024 * 1024),
    ("grpc.address_http_proxy_enabled_addresses", ""),  # else GRPC_ADDRESS_HTTP_PROXY counts, whatever else is said
)
_DIRECT = ("grpc.enable_http_proxy", 0)


@dataclass(frozen=True)
class Endpoint:
    """Where a coordinator is and how to know it: `ca`, and the device's own `certificate` and `key` for mTLS (PEM)."""

    address: str
    ca: bytes | None = None
    insecure: bool = False
    certificate: bytes | None = None
    key: bytes | None = field(default=None, repr=False)

    @property
    def is_secure(self) -> bool:
        """Whether TLS is spoken: unless the address is loopback without a `ca`, or `insecure`. Raises UsageError."""
        return not self.insecure and (self.ca is not None or not Address.parse(self.address).is_loopback)

    def proxy(self, environment: Mapping[str, str] = os.environ) -> Proxy | None:
        """What gRPC goes through on its way, None for no proxy: without TLS it would read along. Raises UsageError."""
        return proxy_for(Address.parse(self.address), environment) if self.is_secure else None

    @property
    def where(self) -> str:
        """The address as errors tell it, with the proxy on the way."""
        proxy = self.proxy()
        return f"{self.address} (through the proxy {proxy})" if proxy else self.address

    def channel(self) -> grpc.Channel:
        """A channel; one without TLS goes through no proxy. Raises UsageError for what is no address."""
        target = f"dns:///{Address.parse(self.address)}".replace("%", "%25")  # a URI, in which no host is a scheme
        if not self.is_secure:
            return grpc.insecure_channel(target, (*_OPTIONS, _DIRECT))
        credentials = grpc.ssl_channel_credentials(self.ca, self.key, self.certificate)
        return grpc.secure_channel(target, credentials, _OPTIONS)
