import shutil

import pytest
from places import DOCS


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="no exiftool here")
def test_the_page_of_formats_is_what_a_second_program_reads():
    for needed in ("tifffile", "imagecodecs"):
        pytest.importorskip(needed, reason="16 bits need scotopic[deep]")
    import docs_formats

    page = docs_formats.text()
    assert "LOST" not in page
    assert page == (DOCS / "formats.md").read_text(), "run: make docs"
