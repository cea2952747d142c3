"""Addresses as they may be written down: without what opens a door to whoever reads it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import parse_qsl, urlsplit

# Names of parameters under which portals and stores of files sign an address.
_SIGNING = (
    r"(?:x-(?:amz|goog|ms)-[\w-]+"
    r"|[\w-]*(?:token|secret|passw|credential|signature|authorization)[\w-]*"
    r"|[\w-]*(?:api|access|account|subscription)[-_]?key[\w-]*"
    r"|key(?:-pair-id)?|sig|auth|pwd|policy)"
)
_USER = re.compile(r"//[^/?#@\s]*@")
_SIGNED = re.compile(rf"([?&;#]{_SIGNING}=)[^&;#\s]*", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """Text with the addresses in it, less passwords and the values of signatures and keys."""
    return _SIGNED.sub(r"\1...", _USER.sub("//", text))


def holds_secret(url: str) -> bool:
    """Whether an address has a user, or a parameter that signs it, in whatever spelling."""
    parts = urlsplit(url)
    names = (name for part in (parts.query, parts.fragment) for name, _ in parse_qsl(part, True))
    return "@" in parts.netloc or any(re.fullmatch(_SIGNING, each, re.I) for each in names)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine: what is sent to it crosses no network."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
