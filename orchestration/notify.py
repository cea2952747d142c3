"""Tells people how a refresh ended, where ``LBN_NOTIFY`` says: by webhook, by e-mail, or both.

Telling is never part of a refresh: what goes wrong here is a text for the caller to log. An address
may hold a password, so its scheme and host are all that is shown of it, in any text.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from orchestration.problems import UNTOUCHED, UsageError
from orchestration.settings import Settings

if TYPE_CHECKING:
    from apprise import NotifyBase

# For all addresses together: they are told side by side.
TIMEOUT_SECONDS = 20.0
# Room for the first problem; the rest is in the run.
_LINES, _CHARACTERS = 20, 2000
# What follows the scheme here is a host. With others, such as slack:// or tgram://, it is a token.
_HOSTED = {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "http", "https"}


@dataclass(frozen=True)
class Message:
    """What people are told: plain text, which reads as Markdown too."""

    title: str
    body: str
    kind: Literal["success", "failure", "warning", "info"]


@dataclass(frozen=True)
class SourceNews:
    """A source file that is new, or issued again, at its publisher's address."""

    source_id: str
    title: str
    what: str
    landing_page: str


def failure(
    profile: str,
    label: str,
    problem_text: str,
    run_id: str,
    run_address: str | None,
    *,
    is_held: bool = False,
) -> Message:
    """A refresh that failed.

    Args:
        profile: The profile that was refreshed.
        label: ``SYNTHETIC`` or ``REAL``, as in a manifest.
        problem_text: What the refresh said; its first problem is passed on as it is.
        run_id: The run in Dagster.
        run_address: Where the run can be seen, if anywhere.
        is_held: Whether the candidate waits for somebody to accept it.
    """
    look = run_address or f"lbn ui --profile {profile} shows its log"
    what = "is held until somebody accepts it" if is_held else "failed"
    return Message(
        title=f"{_mark(label)}Refresh of {profile} {what}: nothing was published",
        body=f"{_first_problem(problem_text)}\n\n{UNTOUCHED}\n\nRun {run_id}: {look}",
        kind="failure",
    )


def success(
    profile: str, manifest: Mapping[str, Any], previous_manifest: Mapping[str, Any] | None
) -> Message:
    """A refresh after which a release is current: built, restored, or the same as before.

    Args:
        profile: The profile that was refreshed.
        manifest: The manifest of the release that is current now.
        previous_manifest: That of the release that was current before, if there was one.
    """
    guards = manifest["guards"]
    passed = sum(guard["passed"] for guard in guards)
    expectations = sum(guard["expectations"] for guard in guards)
    against, lists = _lists(manifest, previous_manifest)
    accepted = [
        f"Accepted: {each['subject']}, {each['reason']}" for each in manifest.get("accepted", [])
    ]
    lines = [
        f"{manifest['release_id']} ({manifest['label']}, {manifest['country']}), "
        f"built {manifest['built_at'][:16].replace('T', ' ')} UTC.",
        "",
        against,
        *lists,
        "",
        *accepted,
        f"{len(guards)} guards: {passed:,} of {expectations:,} expectations passed.",
    ]
    name = manifest["release_id"]
    return Message(
        title=f"{_mark(manifest['label'])}Refresh of {profile}: {name} is current",
        body="\n".join(lines),
        kind="success",
    )


def source_news(profile: str, items: Sequence[SourceNews]) -> Message:
    """Source files that somebody should look at; no release has them yet."""
    count = f"{len(items)} source file{'' if len(items) == 1 else 's'}"
    listed = (
        f"- {item.source_id}: {item.what}\n  {item.title}\n  {item.landing_page}" for item in items
    )
    return Message(
        title=f"{count} of {profile}: new, or issued again by the publisher",
        body="\n".join([*listed, "", "The release that is current does not have them."]),
        kind="info",
    )


def check(settings: Settings) -> None:
    """Look at every address without sending anything.

    Raises:
        UsageError: an address cannot be used; its position and scheme are named, no more of it.
    """
    for position, address in enumerate(settings.notify, start=1):
        _service(position, address)


def send(settings: Settings, message: Message) -> list[str]:
    """Tell every address, all within ``TIMEOUT_SECONDS``.

    Returns:
        One text for each address that could not be told. Nothing is raised.
    """
    failed, under_way = [], []
    for position, address in enumerate(settings.notify, start=1):
        try:
            telling = _Telling(_service(position, address), _shown(address), message)
        except UsageError as error:
            failed.append(f"could not tell {_scheme(address)}: {error}")
        else:
            telling.start()
            under_way.append(telling)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for telling in under_way:
        telling.join(max(0.0, deadline - time.monotonic()))
        if telling.problem:
            failed.append(f"could not tell {telling.shown}: {telling.problem}")
    return failed


class _Telling(threading.Thread):
    """Tells one address. A receiver that sends a byte now and then outlasts the timeouts of a
    socket, so this is a thread that can be left behind: a process does not wait for it to end.
    """

    def __init__(self, service: NotifyBase, shown: str, message: Message) -> None:
        super().__init__(daemon=True)
        self.service, self.shown, self.message = service, shown, message
        self.problem = f"no answer within {TIMEOUT_SECONDS:g} seconds"

    def run(self) -> None:
        from apprise import NotifyFormat, NotifyType

        try:
            told = self.service.notify(
                title=self.message.title,
                body=self.message.body,
                notify_type=NotifyType(self.message.kind),
                body_format=NotifyFormat.TEXT,
            )
        except Exception as error:
            # No more of it: the text of an error may hold the address.
            self.problem = type(error).__name__
        else:
            self.problem = "" if told else _reason(_quiet.heard)


class _Quiet(logging.Filter):
    """Keeps what apprise says out of every log: it may hold a token. A thread hears its own."""

    def __init__(self) -> None:
        super().__init__()
        self._of_thread = threading.local()

    @property
    def heard(self) -> list[str]:
        """The warnings of this thread so far."""
        said: list[str] = self._of_thread.__dict__.setdefault("said", [])
        return said

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno == logging.WARNING:
            self.heard.append(record.getMessage())
        return False


_quiet = _Quiet()


def _service(position: int, address: str) -> NotifyBase:
    """What sends to an address. One of which apprise would leave a part out is refused, too.

    Raises:
        UsageError: the address cannot be used.
    """
    # 0.3 s, with the services it knows: only when somebody is to be told.
    from apprise import Apprise, AppriseAsset

    logging.getLogger("apprise").addFilter(_quiet)
    # The lines of its requests have the path, which is a token at many services.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
    asset = AppriseAsset(
        app_id="left-behind-neighbourhoods",
        app_desc="left-behind-neighbourhoods",
        # A redirected POST becomes a GET: the answer is 200, and nobody was told.
        http_redirects=False,
    )
    _quiet.heard.clear()
    try:
        service = Apprise.instantiate(address, asset=asset)
    except Exception:
        service = None
    # Of two @, one is a password's: what follows it would be taken for the host, and shown.
    authority = re.split(r"[/?#]", address.partition("://")[2])[0]
    if service is None or _quiet.heard or authority.count("@") > 1:
        raise UsageError(
            f"LBN_NOTIFY: address {position} ({_scheme(address)}) is not one that can be used.",
            "Addresses are separated by spaces; see https://appriseit.com/services/ for what they "
            "are made of. Signs such as @ : / # ? % and spaces in a user or password are "
            "percent-encoded (@ is %40).",
        ) from None
    return service


def _scheme(address: str) -> str:
    found = re.match(r"[a-z][a-z0-9+.-]*://", address, re.IGNORECASE)
    return found.group().lower() if found else "no scheme"


def _shown(address: str) -> str:
    """Scheme and host of an address that can be used; the scheme alone where there is no host."""
    scheme = _scheme(address)
    if scheme.removesuffix("://") not in _HOSTED:
        return scheme
    try:
        return scheme + (urlsplit(address).hostname or "")
    except ValueError:
        return scheme


def _reason(said: list[str]) -> str:
    """Why a receiver was not told, as far as it can be said without the words of apprise."""
    statuses = re.findall(r"\berror=(\d{3})\b", " ".join(said))
    if statuses:
        return f"it answered {statuses[-1]}"
    return "it could not be reached, or refused the message"


def _mark(label: str) -> str:
    """Before a title, so that nobody takes the sample for the real lists."""
    return f"[{label}] " if label == "SYNTHETIC" else ""


def _first_problem(text: str) -> str:
    """The first problem of a refusal: it begins with what failed, and says what to do."""
    lines = [line for line in text.strip().splitlines() if line.strip() != UNTOUCHED]
    starts = [n for n, line in enumerate(lines) if re.match(r"\d+\. ", line)]
    first = lines[starts[0] if starts else 0 : starts[1] if len(starts) > 1 else None]
    shown = "\n".join(first[:_LINES])[:_CHARACTERS].rstrip()
    if shown != "\n".join(first).rstrip():
        shown += " ..."
    more = len(starts) - 1
    if more > 0:
        shown += f"\n({more} more problem{'s' if more > 1 else ''}: see the run)"
    return shown


def _lists(now: Mapping[str, Any], before: Mapping[str, Any] | None) -> tuple[str, list[str]]:
    """With what the lists are compared, and a line for each."""
    listed = {edition["edition_id"]: edition["areas_listed"] for edition in now["editions"]}
    # It imports DuckDB, which commands that tell nobody do without.
    from orchestration.publish.differences import named_areas

    changes = now["changes_since"]
    if before and before["release_id"] == now["release_id"]:
        heading = "Nothing changed: the same release was current before."
        return heading, [f"- {name}: {count:,} listed" for name, count in listed.items()]
    if before and (not changes or changes["release_id"] != before["release_id"]):
        # A release that was put back knows what it changed when it was built, not today.
        then = {edition["edition_id"]: edition["areas_listed"] for edition in before["editions"]}
        lines = [
            f"- {name}: {count:,} listed, "
            + (f"{then[name]:,} before" if name in then else "not made before")
            for name, count in listed.items()
        ]
        lines += [f"- {name}: no longer made" for name in then if name not in listed]
        return f"The lists, against {before['release_id']}, by their length alone:", lines
    if not changes:
        heading = "The first release:"
        return heading, [f"- {name}: {count:,} listed" for name, count in listed.items()]
    # An edition whose list is empty, then and now, has no entry.
    moved = {edition["edition_id"]: edition for edition in changes["editions"]}
    lines = []
    for name, count in listed.items():
        joined, left = (moved.get(name, {}).get(key, 0) for key in ("joined", "departed"))
        lines.append(f"- {name}: {count:,} listed; {joined:,} joined, {left:,} left")
        areas = moved.get(name, {}).get("areas", ())
        lines += [
            f"  {change}: {named}"
            for change in ("joined", "left")
            if (named := named_areas(areas, change))
        ]
    lines += [
        f"- {name}: no longer made; {edition['departed']:,} left"
        for name, edition in moved.items()
        if name not in listed
    ]
    return f"The lists, against {changes['release_id']}:", lines
