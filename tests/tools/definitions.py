"""What Dagster is told, a line a fact: the reviewed file in tests/snapshots is made anew by

    python -m tests.tools.definitions

Read what changed in it before you commit it: a line is an edge, a check that blocks, a time or a
host.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from orchestration.cli.main import app
from orchestration.settings import PROJECT_ROOT, Settings

SNAPSHOT = PROJECT_ROOT / "tests" / "snapshots" / "definitions.txt"


def facts(data: Path) -> str:
    """All facts of the sample's code location, loaded with a data root that is empty."""
    from orchestration.defs.assembly import assemble
    from orchestration.sources.registry import load_registry

    settings = Settings("sample", data, data / "sample" / "inbox")
    repository = assemble(settings, load_registry("sample")).get_repository_def()
    lines = [*_assets(repository), *_automation(repository), *_instance(), *_commands()]
    return "\n".join(lines) + "\n"


def _assets(repository: Any) -> Iterator[str]:
    graph = repository.asset_graph
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        name = "/".join(key.path)
        tags = {tag: node.tags[tag] for tag in node.tags if not tag.startswith("dagster/kind")}
        yield (
            f"asset {name}: {node.group_name}; {', '.join(sorted(node.kinds))}; "
            f"{', '.join(node.owners)}; {json.dumps(tags, sort_keys=True)}"
        )
        for parent in sorted(node.parent_keys):
            yield f"asset {name} is made of {'/'.join(parent.path)}"
    for key in sorted(graph.asset_check_keys, key=str):
        stops = "stops" if graph.get(key).blocking else "does not stop"
        yield f"check {key.name} of {'/'.join(key.asset_key.path)} {stops} what follows"


def _automation(repository: Any) -> Iterator[str]:
    for job in sorted(repository.get_all_jobs(), key=lambda job: str(job.name)):
        if job.name.startswith("__"):
            continue
        yield f"job {job.name} runs by {job.executor_def.name} with the tags {job.tags}"
        for node in sorted(job.all_node_defs, key=lambda node: str(node.name)):
            needs = ", ".join(sorted(node.required_resource_keys))
            yield f"job {job.name} has the step {node.name}, which needs: {needs}"
    for each in sorted(repository.schedule_defs, key=lambda each: str(each.name)):
        yield (
            f"schedule {each.name} runs {each.job_name} at '{each.cron_schedule}', "
            f"{each.execution_timezone}; at first {each.default_status.value}"
        )
    for each in sorted(repository.sensor_defs, key=lambda each: str(each.name)):
        yield (
            f"sensor {each.name} looks every {each.minimum_interval_seconds} s; "
            f"at first {each.default_status.value}"
        )


def _instance() -> Iterator[str]:
    for name in ("dagster.yaml", "workspace.yaml"):
        told = yaml.safe_load((PROJECT_ROOT / name).read_text(encoding="utf-8"))
        for section, value in sorted(told.items()):
            yield f"{name} {section}: {json.dumps(value, sort_keys=True)}"
    for unit in sorted((PROJECT_ROOT / "deploy" / "systemd").glob("*.service")):
        for line in unit.read_text(encoding="utf-8").splitlines():
            if line.startswith(("ExecStart", "Environment", "User", "Restart")):
                yield f"{unit.name} {line}"


def _commands() -> Iterator[str]:
    import typer

    group: Any = typer.main.get_command(app)
    for name, command in sorted(group.commands.items()):
        for each in command.params:
            if each.name != "help":
                wanted = "required" if each.required else f"else {each.default!r}"
                yield f"lbn {name} {'/'.join([*each.opts, *each.secondary_opts])}: {wanted}"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for variable in [name for name in os.environ if name.startswith("LBN_")]:
            del os.environ[variable]
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(facts(Path(folder)), encoding="utf-8")
        print(f"Written: {SNAPSHOT.relative_to(PROJECT_ROOT)}. Read what changed: git diff")


if __name__ == "__main__":
    main()
