"""The guard before the UI, where it listens otherwise than in tests/pipeline/test_operation.py."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from orchestration.cli.webserver import OwnPagesOnly

EVERYWHERE = "0.0.0.0"  # noqa: S104


def status(headers: dict[str, str], host: str = "127.0.0.1", address: str = "") -> int:
    """What the app gives a query with these headers, behind the guard."""

    async def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("whatever was asked")

    app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])])
    app.add_middleware(OwnPagesOnly, host=host, address=address)
    sent = {"Host": "127.0.0.1:3000", "Content-Type": "application/json", **headers}

    async def asked() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return (await client.post("http://ui/graphql", headers=sent)).status_code

    return asyncio.run(asked())


def test_the_tests_ask_what_is_answered() -> None:
    assert status({}) == 200


@pytest.mark.parametrize("origin", ["null", "", "file://", "https://", "http://127.0.0.1"])
@pytest.mark.parametrize("address", ["", "https://ui.example.org"])
def test_a_page_without_a_site_is_of_none_of_ours(origin: str, address: str) -> None:
    assert status({"Origin": origin}, address=address) == 403


@pytest.mark.parametrize(
    ("listening", "asked", "answer"),
    [
        (EVERYWHERE, "192.0.2.1:3000", 200),
        ("::", "[2001:db8::1]:3000", 200),
        (EVERYWHERE, "server:3000", 403),
        (EVERYWHERE, "192.0.2.1.example.com", 403),
        ("192.0.2.1", "192.0.2.1:3000", 200),
        ("192.0.2.1", "192.0.2.2:3000", 403),
        ("Server", "server:3000", 200),
        ("127.0.0.1", "LOCALHOST:3000", 200),
    ],
)
def test_a_server_answers_to_what_it_listens_on(listening: str, asked: str, answer: int) -> None:
    assert status({"Host": asked}, listening) == answer


def test_an_address_with_a_port_is_one_with_that_port() -> None:
    address = "https://ui.example.org:8443"
    assert status({"Origin": "https://ui.example.org:8443"}, address=address) == 200
    assert status({"Origin": "https://ui.example.org"}, address=address) == 403
    assert status({"Host": "ui.example.org"}, address=address) == 200
