import shutil
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="no exiftool here")
def test_the_page_of_formats_is_what_a_second_program_reads(monkeypatch):
    for needed in ("tifffile", "imagecodecs"):
        pytest.importorskip(needed, reason="16 bits need scotopic[deep]")
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    import write_formats

    page = write_formats.text()
    assert "LOST" not in page
    assert page == (DOCS / "formats.md").read_text(), "run: python docs/write_formats.py"
