"""docs/limits-of-use.md, made from what the explorer says.

``make dictionary`` writes it; tests/unit/test_docs.py holds the page to it.
"""

from __future__ import annotations

import textwrap

from orchestration.publish.limits import limits
from orchestration.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "limits-of-use.md"
_HEAD = """\
# Limits of use

What a list may be used for, and what not. The explorer says the same on every page. Made from
`orchestration/publish/limits.yml` by `make dictionary`: edit that.
"""


def limits_page() -> str:
    """The page as it should be."""
    parts = [_HEAD]
    for limit in limits():
        parts += [f"## {limit.title}\n", textwrap.fill(limit.text, 100) + "\n"]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(limits_page(), encoding="utf-8")
