"""The Dagster UI as a user has it, asked as its pages ask: over GraphQL."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.patience import SECONDS, wait_for
from tests.support.site import LBN, Site

_LAUNCH = """
mutation ($run: ExecutionParams!) {
  launchPipelineExecution(executionParams: $run) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on InvalidSubsetError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}
"""
_RUN = """
query ($id: ID!) {
  runOrError(runId: $id) {
    ... on Run { status tags { key value } stepStats { stepKey status } }
  }
}
"""
_EVENTS = """
query ($id: ID!) {
  logsForRun(runId: $id) {
    ... on EventConnection {
      events {
        __typename
        ... on MessageEvent { message stepKey }
        ... on ExecutionStepFailureEvent { error { message } }
        ... on RunFailureEvent { error { message } }
        ... on ObservationEvent { description assetKey { path } }
        ... on AssetCheckEvaluationEvent { evaluation { checkName success description } }
      }
    }
  }
}
"""
ENDED = {"SUCCESS", "FAILURE", "CANCELED"}


@dataclass(frozen=True)
class Server:
    """A webserver on a data root."""

    url: str
    site: Site

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        answer = httpx.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=SECONDS
        )
        answer.raise_for_status()
        body = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def launch(
        self,
        job: str = "refresh",
        *,
        assets: Sequence[Sequence[str]] | None = None,
        checks: Sequence[tuple[Sequence[str], str]] | None = None,
        config: dict[str, Any] | None = None,
    ) -> str:
        """Launch a job, or assets and checks (keys without the profile); gives the run's id."""
        profile = self.site.profile
        selector: dict[str, Any] = {
            "repositoryLocationName": f"left_behind_{profile}",
            "repositoryName": "__repository__",
            "jobName": job if assets is None and checks is None else "__ASSET_JOB",
        }
        if assets is not None or checks is not None:
            selector["assetSelection"] = [{"path": [profile, *path]} for path in assets or ()]
            selector["assetCheckSelection"] = [
                {"assetKey": {"path": [profile, *path]}, "name": name}
                for path, name in checks or ()
            ]
        run = {"selector": selector, "mode": "default", "runConfigData": config or {}}
        answer = self.ask(_LAUNCH, run=run)["launchPipelineExecution"]
        assert answer["__typename"] == "LaunchRunSuccess", answer
        return str(answer["run"]["runId"])

    def run(self, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(_RUN, id=run_id)["runOrError"]
        return found

    def tags(self, run_id: str) -> dict[str, str]:
        return {tag["key"]: tag["value"] for tag in self.run(run_id)["tags"]}

    def events(self, run_id: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.ask(_EVENTS, id=run_id)["logsForRun"]["events"]
        return events

    def account(self, run_id: str) -> str:
        """What a run said, a line each and the last word last: for the message of a test."""
        lines = []
        for event in self.events(run_id):
            said = [event["__typename"], event.get("stepKey"), event.get("message")]
            said.append((event.get("error") or {}).get("message"))
            lines.append(" ".join(filter(None, said)))
        return f"run {run_id}:\n" + "\n".join(lines)

    def wait(self, run_id: str) -> str:
        """The status with which a run ends."""

        def status() -> str | None:
            now = str(self.run(run_id)["status"])
            return now if now in ENDED else None

        return wait_for(status, f"the end of run {run_id}", pause=0.5)


def environment(site: Site) -> dict[str, str]:
    """What a command on a site finds in its environment."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("LBN_")}
    found |= {"LBN_DATA": str(site.data), "LBN_PROFILE": site.profile}
    found["DAGSTER_HOME"] = str(site.data / "dagster")
    if site.inbox:
        found["LBN_INBOX"] = str(site.inbox)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(site: Site, **settings: str) -> Iterator[Server]:
    """``lbn ui`` with settings, from the moment that it answers to the end of the context."""
    port = free_port()
    process = subprocess.Popen(
        [str(LBN), "ui", "--port", str(port)],
        env=environment(site) | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    server = Server(f"http://127.0.0.1:{port}", site)
    try:

        def answers() -> bool:
            assert process.poll() is None, "the server ended"
            try:
                return httpx.get(f"{server.url}/server_info", timeout=5).is_success
            except httpx.HTTPError:
                return False

        wait_for(answers, "an answer of the server", pause=0.5)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
