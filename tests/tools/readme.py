"""The README's tables, made from what they tell of: the marts' yml, the Makefile, the command.

``make dictionary`` writes them, between two comments each; tests/unit/test_docs.py holds the
README to them.
"""

from __future__ import annotations

import re

import typer.main
import yaml

from orchestration.cli.main import app
from orchestration.settings import DBT_PROJECT, PROJECT_ROOT

README = PROJECT_ROOT / "README.md"
TIERS = {
    "start here": "the lists, the areas, how they change and fare.",
    "explain": "what a flag comes from, and how sure it is.",
    "audit": "what it was made from, and what it meets.",
}


def marts() -> str:
    """The marts in their tiers, as ``meta`` of the yml of each says."""
    found: dict[str, list[tuple[int, str, str]]] = {tier: [] for tier in TIERS}
    for path in (DBT_PROJECT / "models" / "marts").rglob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]:
            meta = model["config"]["meta"]
            found[meta["tier"]].append((meta["place_in_tier"], model["name"], meta["row"]))
    parts = []
    for tier, title in TIERS.items():
        parts += [f"**{tier.capitalize()}**: {title}", "", "| mart | one row |", "|---|---|"]
        parts += [f"| `{name}` | {row} |" for _, name, row in sorted(found[tier])]
        parts.append("")
    return "\n".join(parts[:-1])


def commands() -> str:
    """Targets as ``make help`` tells them, commands with the example that their help ends with."""
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z-]+):.*?## (.*)$", makefile, re.MULTILINE)
    # `make lint` is enough for most; its parts are for those who read the Makefile.
    rows = [(f"make {name}", says) for name, says in targets if not name.startswith("lint-")]
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]
        example = (command.epilog or f"Example: lbn {name}").removeprefix("Example: ")
        rows.append((example, " ".join(command.help.split("\n\n")[0].split())))
    return "\n".join(
        ["| command | what it does |", "|---|---|"]
        + [f"| `{command}` | {says.rstrip('.')} |" for command, says in rows]
    )


def readme() -> str:
    """The README with its tables as they should be."""
    text = README.read_text(encoding="utf-8")
    for name, made in (("marts", marts()), ("commands", commands())):
        begin, end = f"<!-- {name}: by make dictionary -->", f"<!-- end of {name} -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n{made}\n\n{end}{rest.split(end)[1]}"
    return text


if __name__ == "__main__":
    README.write_text(readme(), encoding="utf-8")
