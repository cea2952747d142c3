"""``python -m orchestration.cli.webserver HOST PORT``: Dagster's webserver with a guard in front.

The UI has no login, and a browser on this machine passes on what any page asks of it. So a request
must be for a name of ours, and what may start a run must come from the UI's pages (decision 21).
"""

from __future__ import annotations

import ipaddress
import sys
from typing import Any
from urllib.parse import urlsplit

from dagster_webserver import cli
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from orchestration.settings import PROJECT_ROOT, load_settings

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# No page of another site can send these without asking first, and the UI never says yes to that.
_ASKED_FIRST = {"application/json", "application/graphql"}


class OwnPagesOnly:
    """Refuses what is meant for another name, and what a page of another site sends.

    Args:
        app: What is guarded.
        host: What the server listens on; where that is every address, each by its number will do.
        address: Where people reach the UI, if that is elsewhere, such as through a proxy.
    """

    def __init__(self, app: ASGIApp, host: str, address: str) -> None:
        self._app = app
        elsewhere = urlsplit(address)
        self._names = {*_LOOPBACK, host.lower(), elsewhere.hostname}
        self._elsewhere = elsewhere.netloc or None
        self._is_everywhere = _is_number(host) and ipaddress.ip_address(host).is_unspecified

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] in ("http", "websocket") else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose()(scope, receive, send)
        else:
            await PlainTextResponse(f"{refusal}\n", 403)(scope, receive, send)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return "This name is not one of the UI: LBN_UI_ADDRESS says where people reach it."
        origin = headers.get("origin")
        # A page without a site of its own, such as one in a sandbox, says null.
        if origin is not None and urlsplit(origin).netloc not in (host, self._elsewhere):
            return "This came from a page of another site."
        if scope["type"] == "websocket":
            return None
        content = headers.get("content-type", "").partition(";")[0].strip().lower()
        if scope["method"] == "POST" and content not in _ASKED_FIRST:
            return f"Send {' or '.join(sorted(_ASKED_FIRST))}."
        is_page = "text/html" in headers.get("accept", "")
        # An image of another site's page could ask so.
        if scope["method"] == "GET" and scope["path"].endswith("/graphql") and not is_page:
            return "Ask by POST."
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        # A page that had its own name lead here asks for that name, never for a number.
        return name in self._names or (self._is_everywhere and _is_number(name))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def main(host: str, port: str) -> None:
    """Serve until the end: what the command ``dagster-webserver`` does, guarded."""
    address = load_settings().ui_address
    unguarded = create_app_from_workspace_process_context

    def guarded(*arguments: Any, **options: Any) -> Starlette:
        app = unguarded(*arguments, **options)
        app.add_middleware(OwnPagesOnly, host=host, address=address)
        return app

    cli.create_app_from_workspace_process_context = guarded  # type: ignore[attr-defined]
    workspace = str(PROJECT_ROOT / "workspace.yaml")
    arguments = ["-h", host, "-p", port, "-w", workspace]
    cli.dagster_webserver(arguments, auto_envvar_prefix="DAGSTER_WEBSERVER")


if __name__ == "__main__":
    main(*sys.argv[1:])
