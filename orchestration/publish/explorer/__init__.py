"""The explorer: a release as a static site of self-contained pages, for people who look a place up.

``encode.py`` packs columns of whole numbers, ``shapes.py`` boundaries, ``contents.py`` asks the
warehouse, ``page.py`` puts the pages together. The pages' own code is in ``script/`` and
``style.css``; it is written by hand and needs nothing else. What a page may do is held down by its
content security policy: it fetches nothing, and loads nothing but the postcodes beside it
(``postcodes.py``).
"""

from orchestration.publish.explorer.page import write_explorer

__all__ = ["write_explorer"]
