"""``python -m orchestration.cli``: the command lbn without its script."""

from orchestration.cli.main import app

app()
