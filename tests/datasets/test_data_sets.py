import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, features
from places import DATA as SHARED

from scotopic.datasets import known, scenes
from scotopic.errors import InvalidValueError, MissingFileError, ScotopicError, UnreadableError

KNOWN = replace(
    known.KNOWN["lol_v1"], parts={"our485": 4, "eval15": 2}, test_names=("7", "8"), size=(60, 40)
)


def picture(seed, size=(60, 40)):
    coarse = np.random.default_rng(seed).integers(0, 230, (4, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def copy(tmp_path):
    """A small data set as it should be; its pictures 1 and 2, and 7, are of one scene."""
    for part, names in (("our485", "1234"), ("eval15", "78")):
        for kind in ("low", "high"):
            (tmp_path / part / kind).mkdir(parents=True)
        for name in names:
            high = picture({"2": 1, "7": 1}.get(name, int(name)))
            if name in "27":
                high = high.point(lambda v: int(0.9 * v + 10))
            high.save(tmp_path / part / "high" / f"{name}.png")
            high.point(lambda v: v // 8).save(tmp_path / part / "low" / f"{name}.png")
    return tmp_path


def test_a_true_copy_has_no_findings(copy):
    findings, hashes = known.verify(copy, KNOWN)
    assert findings == [] and len(hashes) == 12
    assert known.compare_hashes(hashes, hashes) == []


@pytest.mark.parametrize(
    "fault, word",
    [
        ("missing", "our485/low: 3 pictures, not 4"),
        ("alone", "our485: without a partner: 3"),
        ("resized", "1 of 4 are 30x40, resized from 60x40"),
        ("gray", "mode L, not RGB"),
        ("jpeg", "re-encoded as JPEG, 1 of 4 lossy"),
        ("webp", "re-encoded as WEBP, all lossless"),
        ("avif", "re-encoded as AVIF, 1 of 4 lossy"),
        ("swapped", "our485: low and high seem swapped"),
        ("bright", "our485/low: mean level"),
        ("names", "the names are not those of the published test set"),
    ],
)
def test_what_is_wrong_with_a_copy_is_said(copy, fault, word):
    low, high = copy / "our485" / "low", copy / "our485" / "high"
    if fault in ("missing", "alone"):
        (low / "3.png").unlink()
    elif fault == "resized":
        picture(3, (30, 40)).save(high / "3.png")
    elif fault == "gray":
        picture(3).convert("L").save(high / "3.png")
    elif fault in ("jpeg", "webp", "avif"):
        if fault == "avif" and not features.check("avif"):
            pytest.skip("this Pillow has no AVIF")
        (high / "3.png").unlink()
        picture(3).save(high / f"3.{fault}", lossless=True)
    elif fault == "swapped":
        low.rename(copy / "x")
        high.rename(low)
        (copy / "x").rename(high)
    elif fault == "bright":
        for name in "1234":
            Image.open(high / f"{name}.png").point(lambda v: v // 2).save(low / f"{name}.png")
    else:
        for kind in ("low", "high"):
            (copy / "eval15" / kind / "7.png").rename(copy / "eval15" / kind / "9.png")
    assert any(word in finding for finding in known.verify(copy, KNOWN)[0])


@pytest.mark.parametrize("most", [1, 1500])  # Pillow refuses, or warns of, more pixels
def test_a_copy_is_verified_whatever_limit_the_host_sets(copy, monkeypatch, most):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    assert known.verify(copy, KNOWN)[0] == []


def test_a_picture_in_heic_is_told_by_its_format(copy):
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    high = copy / "our485" / "high"
    (high / "3.png").unlink()
    pillow_heif.from_pillow(picture(3)).save(high / "3.heic", quality=95)
    assert known.verify(copy, KNOWN)[0] == ["our485/high: re-encoded as HEIF, 1 of 4 lossy"]


def test_pixel_hashes_find_a_changed_picture(copy):
    _, before = known.verify(copy, KNOWN)
    pixels = np.array(Image.open(copy / "eval15" / "high" / "8.png"))
    pixels[0, 0, 0] ^= 1
    Image.fromarray(pixels).save(copy / "eval15" / "high" / "8.png")
    findings, after = known.verify(copy, KNOWN)
    assert findings == []
    assert known.compare_hashes(after, before) == ["1 with other pixels than listed: eval15/high/8"]
    del after["our485/low/1"]
    assert "1 listed, but missing: our485/low/1" in known.compare_hashes(after, before)


def test_scenes_are_found_from_the_pictures(copy):
    found = scenes.split(copy)
    assert found["groups"] == [["1", "2"], ["3"], ["4"]]
    assert found["siblings_of_test"] == {"7": ["1", "2"], "8": []}


def test_two_files_of_one_name_are_refused(copy):
    picture(3).save(copy / "our485" / "low" / "3.jpg")
    with pytest.raises(ScotopicError, match="share one name"):
        known.verify(copy, KNOWN)


def test_a_folder_that_is_no_data_set_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="no folder our485 or train"):
        scenes.split(tmp_path)


def test_a_file_that_is_no_list_of_hashes_is_named(tmp_path):
    for content in ("[]", "no JSON"):
        (tmp_path / "x").write_text(content)
        with pytest.raises(UnreadableError, match="x: not a list of hashes"):
            known.read_hashes(tmp_path / "x")
    with pytest.raises(MissingFileError, match="y: no such file"):
        known.read_hashes(tmp_path / "y")


def test_an_unknown_set_is_a_wrong_call():
    with pytest.raises(InvalidValueError, match="no data set 'x' is known; known sets: lol_v1"):
        known.known_set("x")


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data beside the project")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["lol_v1_256", "rose"])
def test_the_scenes_of_the_real_sets_are_those_on_record(name):
    found, wanted = (
        scenes.split(SHARED / name),
        json.loads((SHARED / name / "scenes.json").read_text()),
    )
    assert sorted(map(sorted, found["groups"])) == sorted(map(sorted, wanted["groups"]))
    given = {name: sorted(names) for name, names in found["siblings_of_test"].items()}
    assert given == {name: sorted(names) for name, names in wanted["siblings_of_test"].items()}


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real data beside the project")
@pytest.mark.slow
def test_the_resized_copy_of_lol_is_recognised():
    findings, _ = known.verify(SHARED / "lol_v1_256", known.KNOWN["lol_v1"])
    assert len(findings) == 8, findings
    assert sum("256x256, resized from 600x400" in finding for finding in findings) == 4
    assert sum("re-encoded as" in finding for finding in findings) == 4
