"""The command with all that it can do: what ``lbn`` runs."""

from orchestration.cli import operate, questions, releases
from orchestration.cli.app import app

__all__ = ["app", "operate", "questions", "releases"]
