"""``python -m orchestration.cli``: the command lbn without its script."""

from orchestration.cli.commands import app

app()
