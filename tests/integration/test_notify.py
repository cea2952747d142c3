"""Messages arrive at receivers on the loopback interface, and hostile receivers delay nobody."""

from __future__ import annotations

import email
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from orchestration import notify
from orchestration.notify import Message, send
from orchestration.settings import Settings
from tests.support.hook import Hook, listening
from tests.support.patience import SECONDS

HIDDEN = "c0rrecth0rse"
MESSAGE = Message(
    title="[SYNTHETIC] Refresh of sample failed: nothing was published",
    body="Reading: 1 problem\n1. file Tŷ_a.csv, *line*\n    found:    '<b>'\n\nRun a1b2: see there",
    kind="failure",
)
# A dead receiver is known at once; this is for a machine that is busy.
SOON = 5.0


def settings(*addresses: str) -> Settings:
    return Settings("sample", Path("data"), Path("inbox"), notify=addresses)


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as made:
        yield made


@dataclass
class Mailbox:
    """A mail server's handler: what came, and a reply other than OK."""

    port: int = 0
    refusal: str = ""
    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refusal:
            return self.refusal
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    made = Mailbox(port=free_port())
    controller = Controller(made, hostname="127.0.0.1", port=made.port)
    controller.start()
    yield made
    controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def deaf(dribble: bytes = b"") -> Iterator[int]:
    """A port that takes connections and never answers, or only ever begins to."""
    over = threading.Event()

    def hold(connection: socket.socket) -> None:
        with connection:
            while not over.wait(0.2):
                if dribble:
                    try:
                        connection.sendall(dribble)
                    except OSError:
                        return

    def accept(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=hold, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield listener.getsockname()[1]
        over.set()
        listener.shutdown(socket.SHUT_RDWR)


def test_a_webhook_gets_title_body_and_kind(hook: Hook) -> None:
    assert send(settings(f"json://127.0.0.1:{hook.port}/lbn"), MESSAGE) == []
    (post,) = hook.posts
    assert hook.requests == ["POST /lbn"]
    assert (post["title"], post["message"], post["type"]) == (
        MESSAGE.title,
        MESSAGE.body,
        "failure",
    )


def test_a_mail_arrives_as_plain_text_with_its_spaces(mailbox: Mailbox) -> None:
    address = (
        f"mailto://127.0.0.1:{mailbox.port}/?from=lbn@example.org&to=a@example.org,b@example.org"
    )
    assert send(settings(address), MESSAGE) == []
    recipients = [to for envelope in mailbox.envelopes for to in envelope.rcpt_tos]
    assert sorted(recipients) == ["a@example.org", "b@example.org"]
    for envelope in mailbox.envelopes:
        assert envelope.mail_from == "lbn@example.org"
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        assert mail["Subject"] == MESSAGE.title
        assert "lbn@example.org" in mail["From"]
        assert [part.get_content_type() for part in mail.walk()] == ["text/plain"]
        assert mail.get_content().replace("\r\n", "\n").rstrip() == MESSAGE.body


def test_one_that_fails_keeps_none_from_being_told(hook: Hook, mailbox: Mailbox) -> None:
    mail = f"mailto://127.0.0.1:{mailbox.port}/?from=lbn@example.org&to=team@example.org"
    dead = f"json://u:{HIDDEN}@127.0.0.1:{free_port()}/{HIDDEN}"
    malformed = f"nonsense://{HIDDEN}"
    begun = time.monotonic()
    texts = send(settings(dead, malformed, f"json://127.0.0.1:{hook.port}", mail), MESSAGE)
    assert time.monotonic() - begun < SOON
    assert len(hook.posts) == len(mailbox.envelopes) == 1
    assert sorted(texts)[0] == (
        "could not tell json://127.0.0.1: it could not be reached, or refused the message"
    )
    assert len(texts) == 2
    assert HIDDEN not in "".join(texts)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_other_than_done_is_told(hook: Hook, status: int) -> None:
    hook.status = status
    texts = send(settings(f"json://127.0.0.1:{hook.port}/lbn"), MESSAGE)
    assert texts == [f"could not tell json://127.0.0.1: it answered {status}"]
    # A redirect is not followed: it would be asked for, without the message, and answer 200.
    assert hook.requests == ["POST /lbn"]


def test_a_mail_server_that_refuses_is_told(mailbox: Mailbox) -> None:
    mailbox.refusal = "554 no"
    address = f"mailto://127.0.0.1:{mailbox.port}/?from=lbn@example.org&to=team@example.org"
    (text,) = send(settings(address), MESSAGE)
    assert text.startswith("could not tell mailto://127.0.0.1: it could not be reached, or refused")


def test_a_dead_mail_server_is_a_text_at_once() -> None:
    begun = time.monotonic()
    address = f"mailto://u:{HIDDEN}@127.0.0.1:{free_port()}/?from=lbn@example.org&to=a@example.org"
    (text,) = send(settings(address), MESSAGE)
    assert time.monotonic() - begun < SOON
    assert text.startswith("could not tell mailto://127.0.0.1: ")
    assert HIDDEN not in text


@pytest.mark.parametrize("dribble", [b"", b"H"], ids=["silent", "a byte now and then"])
def test_receivers_that_never_answer_share_one_timeout(
    dribble: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 1.5)
    with deaf(dribble) as port:
        addresses = (
            f"json://127.0.0.1:{port}/{HIDDEN}",
            f"mailto://127.0.0.1:{port}/?from=lbn@example.org&to=team@example.org",
        )
        begun = time.monotonic()
        texts = send(settings(*addresses), MESSAGE)
        assert 1.4 < time.monotonic() - begun < SOON
    assert texts == [
        f"could not tell {scheme}://127.0.0.1: no answer within 1.5 seconds"
        for scheme in ("json", "mailto")
    ]


def test_a_receiver_that_is_left_behind_keeps_no_process_from_its_end() -> None:
    program = (
        "from orchestration import notify\n"
        "from orchestration.settings import load_settings\n"
        "notify.TIMEOUT_SECONDS = 0.5\n"
        "print(*notify.send(load_settings(), notify.Message('title', 'body', 'info')))\n"
    )
    with deaf(b"H") as port:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "LBN_NOTIFY": f"json://127.0.0.1:{port}"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=True,
        )
    assert done.stdout == "could not tell json://127.0.0.1: no answer within 0.5 seconds\n"


def test_no_log_has_more_of_an_address_than_its_host(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    hook.status = 500
    dead = f"json://127.0.0.1:{free_port()}/{HIDDEN}"
    assert (
        len(send(settings(f"json://u:{HIDDEN}@127.0.0.1:{hook.port}/{HIDDEN}", dead), MESSAGE)) == 2
    )
    assert HIDDEN not in caplog.text
