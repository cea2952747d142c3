"""A refresh without the postcodes, and one more when somebody has put them into the inbox."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.site import Site

POSTCODE = "XA1 0GA"


def test_a_refresh_goes_on_without_postcodes_and_has_them_once_they_are_there(
    sample_inbox: Path, tmp_path: Path
) -> None:
    inbox = tmp_path / "inbox"
    shutil.copytree(sample_inbox, inbox)
    shutil.move(inbox / "postcodes", tmp_path / "postcodes")
    site = Site(tmp_path / "data", "sample", inbox)
    ran = site.lbn("refresh")
    assert ran.code == 0, ran.err
    assert "made without postcodes" in site.lbn("find", POSTCODE).out
    assert not (site.current / "explorer" / "postcodes").exists()
    with site.warehouse() as release:
        assert release.execute("select count(*) from marts.dim_postcode").fetchall() == [(0,)]
    # Nothing has changed, though a file is missing.
    assert "Nothing changed" in site.lbn("refresh").out
    shutil.move(tmp_path / "postcodes", inbox / "postcodes")
    # A source that there was not before is no difference that a person must accept.
    ran = site.lbn("refresh")
    assert ran.code == 0, ran.err
    assert f"Postcode {POSTCODE}: 1" in site.lbn("find", POSTCODE).out
    with site.warehouse() as release:
        files = release.execute(
            "select 'explorer/postcodes/' || postcode_area || '.js' from marts.dim_postcode "
            "group by all"
        ).fetchall()
    assert {
        path.relative_to(site.current).as_posix()
        for path in (site.current / "explorer" / "postcodes").iterdir()
    } == {file for (file,) in files}
    assert site.lbn("verify").code == 0
    # Taken out of the inbox again, those of the current release are used.
    shutil.rmtree(inbox / "postcodes")
    assert "Nothing changed" in site.lbn("refresh").out
