"""From where a request comes, as limits count it."""

from __future__ import annotations

import ipaddress

from flask import request


def network() -> str:
    """An IPv4 address, or the /64 of an IPv6 one, which is what one household or office gets."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)
