"""scripts/gallery: sheets of LOL's test pictures, where they lie beside the project."""

import importlib.machinery
import importlib.util

import numpy as np
import pytest
from PIL import Image
from places import SCRIPTS

pytest.importorskip("skimage", reason="the gallery shows its photographs")

from scotopic.errors import ScotopicError


@pytest.fixture(scope="module")
def gallery():
    loader = importlib.machinery.SourceFileLoader("gallery", str(SCRIPTS / "gallery"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gallery", loader))
    loader.exec_module(module)
    return module


@pytest.fixture
def lol(tmp_path):
    rng = np.random.default_rng(0)
    for kind, top in (("low", 40), ("high", 256)):
        (tmp_path / "eval15" / kind).mkdir(parents=True)
        for name in range(6):
            pixels = rng.integers(0, top, (32, 48, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "eval15" / kind / f"{name}.png")
    return tmp_path


@pytest.mark.slow
def test_there_is_a_column_for_each_network_and_a_sheet_for_five_pictures(gallery, lol, tmp_path):
    first, second = gallery.lol_sheets(lol, tmp_path / "sheets")
    with Image.open(first) as five, Image.open(second) as one:
        assert five.width == one.width > 900
        assert five.height > 3 * one.height


def test_a_picture_without_a_partner_is_named(gallery, lol, tmp_path):
    (lol / "eval15" / "high" / "3.png").unlink()
    with pytest.raises(ScotopicError, match=r"3\.png"):
        gallery.lol_sheets(lol, tmp_path / "sheets")


def test_sheets_of_lol_are_not_kept(gallery):
    ignored = (gallery.DOCS.parent / ".gitignore").read_text().split()
    assert gallery.LOL_SHEETS.relative_to(gallery.DOCS.parent).parts[0] == "build"
    assert "/build/" in ignored
