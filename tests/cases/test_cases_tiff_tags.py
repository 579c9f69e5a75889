"""TIFF: texts, MakerNote and byte order come through, and no layout that is gone is told."""

import io

import numpy as np
import pytest
from cases.second_programs import needs_exiftool, needs_exiv2, told_by_exiftool, told_by_exiv2
from cases.tiff_files import AUTHOR, FIRMWARE, LENS, TITLE, dark_pixels, photo_tiff
from PIL import Image

import scotopic
from scotopic.enhancer import Enhancer
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Job, Settings
from scotopic.photo import limits

tifffile = pytest.importorskip("tifffile", reason="TIFF by rows needs scotopic[deep]")
WAYS = ["whole", "by rows", "to JPEG", "as an image"]


def enhanced(data, way, folder, monkeypatch):
    """The file of the result."""
    if way == "as an image":
        result = scotopic.enhance(Image.open(io.BytesIO(data)))
        target = folder / "b.jpg"
        result.save(target, exif=result.info["exif"])
        return target
    source = folder / "a.tif"
    source.write_bytes(data)
    if way == "by rows":
        monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    job = Job(source, folder / ("b.jpg" if way == "to JPEG" else "b.tif"))
    enhancer = Enhancer(memory=2**20) if way == "by rows" else Enhancer()
    assert run_job(enhancer, job, Settings()).notes == ()
    return job.target


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("way", WAYS)
def test_texts_and_byte_order_are_those_of_the_source(tmp_path, monkeypatch, way, order):
    source = photo_tiff(order)
    result = enhanced(source, way, tmp_path, monkeypatch).read_bytes()
    start = 0 if way in ("whole", "by rows") else result.index(b"Exif\0\0") + 6
    assert result[start : start + 2] == source[:2]
    encoding = "utf-16-le" if order == "little" else "utf-16-be"
    for text in (AUTHOR.encode(), LENS.encode(), TITLE.encode(), "© 2026".encode("latin-1")):
        assert text + b"\0" in result
    assert b"UNICODE\0" + TITLE.encode(encoding) in result


@needs_exiftool
@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("orientation", [1, 6])
def test_exiftool_reads_the_same_tags(tmp_path, monkeypatch, way, order, orientation):
    if way == "by rows" and orientation > 1:
        pytest.skip("what is to be turned is not read by rows")
    result = enhanced(photo_tiff(order, orientation=orientation), way, tmp_path, monkeypatch)
    (tmp_path / "source.tif").write_bytes(photo_tiff(order))
    groups = ("ExifIFD:all", "GPS:all", "InteropIFD:all", "Canon:all", "Artist", "Copyright")
    wanted = told_by_exiftool(tmp_path / "source.tif", *groups)
    found = told_by_exiftool(result, *groups, "Orientation", "Warning")
    assert found.pop("IFD0:Orientation", "") in ("", "Horizontal (normal)")
    assert wanted["ExifIFD:UserComment"] == TITLE and wanted["Canon:OwnerName"] == "who she"
    assert {name: found.get(name) for name in wanted} == wanted
    assert not [text for name, text in found.items() if "Warning" in name]


@needs_exiv2
@pytest.mark.parametrize("way", WAYS)
def test_exiv2_reads_the_makernote(tmp_path, monkeypatch, way):
    lines, complaints = told_by_exiv2(
        enhanced(photo_tiff(), way, tmp_path, monkeypatch), "Exif.Canon"
    )
    assert [line[-1] for line in lines] == ["1.1.1", "she"]
    assert "Canon" not in complaints


@needs_exiftool
@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("way", ["whole", "to JPEG"])
def test_a_makernote_behind_the_pixels_still_has_right_offsets(tmp_path, monkeypatch, way, order):
    result = enhanced(photo_tiff(order, note_behind=10**5), way, tmp_path, monkeypatch)
    told = told_by_exiftool(result, "Canon:all", "Warning")
    assert told == {
        "Canon:CanonFirmwareVersion": FIRMWARE[:-1].decode(),
        "Canon:OwnerName": "who she",
    }
    assert result.stat().st_size < 10**5


@pytest.mark.parametrize("way", ["whole", "to JPEG"])
def test_a_bigtiff_keeps_its_texts_and_its_makernote(tmp_path, monkeypatch, way):
    result = enhanced(photo_tiff(big=True), way, tmp_path, monkeypatch).read_bytes()
    for part in (AUTHOR.encode(), LENS.encode(), FIRMWARE, b"who she\0"):
        assert part in result


def test_tags_too_large_for_a_jpeg_are_counted_in_a_note(tmp_path):
    source = tmp_path / "a.tif"
    source.write_bytes(photo_tiff(more=[(0x9C9C, 7, bytes(70_000))]))
    done = run_job(Enhancer(), Job(source, tmp_path / "b.jpg"), Settings())
    assert "1 EXIF tags not written: they are too large for a JPEG" in done.notes
    assert AUTHOR.encode() in (tmp_path / "b.jpg").read_bytes()


def test_a_damaged_tag_is_told_and_the_others_stay(tmp_path):
    data = photo_tiff(more=[(0x0131, 2, b"software\0")])
    place = data.index(b"software\0").to_bytes(4, "little")
    source = tmp_path / "a.tif"
    source.write_bytes(
        data.replace(b"\x31\1\2\0\x09\0\0\0" + place, b"\x31\1\2\0\x09\0\0\0\xff\xff\xff\x7f")
    )
    done = run_job(Enhancer(), Job(source, tmp_path / "b.tif"), Settings())
    assert done.notes == ("1 tags left out: they are damaged or too large",)
    assert AUTHOR.encode() in (tmp_path / "b.tif").read_bytes()


def stack(count=3):
    return np.repeat(dark_pixels()[None, ..., 0], count, 0)


GONE = {
    "ImageJ": (stack(), {"imagej": True, "metadata": {"unit": "um"}}),
    "tifffile": (stack(), {"metadata": {"axes": "ZYX", "who": "she"}}),
    "OME": (stack(), {"ome": True}),
    "MetaMorph": (stack(1)[0], {"extratags": [(33629, 5, 1, (1, 1), True)], "metadata": None}),
}


@pytest.mark.parametrize("way", ["whole", "by rows"])
@pytest.mark.parametrize("kind", GONE)
def test_a_layout_that_is_gone_is_told_no_more(tmp_path, monkeypatch, kind, way):
    pixels, options = GONE[kind]
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="minisblack", **options)
    if way == "by rows":
        monkeypatch.setattr(limits, "bytes_needed", lambda *_, **__: 2**60)
    done = run_job(Enhancer(), Job(tmp_path / "a.tif", tmp_path / "b.tif"), Settings())
    assert f"what {kind} says of the layout of the file left out" in done.notes
    assert tifffile.imread(tmp_path / "b.tif").shape == dark_pixels().shape[:2]
    text = (tmp_path / "b.tif").read_bytes()
    assert b"images=3" not in text and b'"shape"' not in text and b"SizeZ" not in text
    assert b"unit=um" in text or kind != "ImageJ"
    assert b'"who": "she"' in text or kind != "tifffile"


@pytest.mark.parametrize("options", [{"imagej": True}, {"ome": True}, {}])
def test_a_layout_that_the_result_has_stays(tmp_path, options):
    pixels = dark_pixels()
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", **options)
    done = run_job(Enhancer(), Job(tmp_path / "a.tif", tmp_path / "b.tif"), Settings())
    assert done.notes == ()
    texts = []
    for name in ("a.tif", "b.tif"):
        with tifffile.TiffFile(tmp_path / name) as file:
            texts.append(file.pages.first.description)
            assert file.asarray().shape == pixels.shape
    assert texts[0] == texts[1] != ""


def test_a_layout_that_was_turned_is_told_no_more(tmp_path):
    tags = [(274, 3, 1, 6, True)]
    tifffile.imwrite(tmp_path / "a.tif", dark_pixels(), photometric="rgb", extratags=tags)
    run_job(Enhancer(), Job(tmp_path / "a.tif", tmp_path / "b.tif"), Settings())
    height, width, channels = dark_pixels().shape
    assert tifffile.imread(tmp_path / "b.tif").shape == (width, height, channels)


def test_channels_that_are_left_out_are_told_no_more(tmp_path):
    pixels = np.concatenate([dark_pixels()] * 2, -1)[..., :5]
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb")
    done = run_job(Enhancer(), Job(tmp_path / "a.tif", tmp_path / "b.tif"), Settings())
    assert tifffile.imread(tmp_path / "b.tif").shape == dark_pixels().shape
    assert "what tifffile says of the layout of the file left out" in done.notes


@pytest.mark.parametrize("way", ["whole", "by rows"])
def test_a_scale_without_a_unit_stays(tmp_path, monkeypatch, way):
    source = tmp_path / "s.tif"
    options = {"resolution": ((31, 10), (62, 10)), "metadata": {"unit": "um"}}
    tifffile.imwrite(source, dark_pixels(), photometric="rgb", imagej=True, **options)
    result = enhanced(source.read_bytes(), way, tmp_path, monkeypatch)
    told = []
    for path in (source, result):
        with tifffile.TiffFile(path) as file:
            told.append([file.pages.first.tags[tag].value for tag in (282, 283, 296)])
    assert told[0] == told[1] and told[0][0] != told[0][1] and told[0][2] == 1


COMMENTS = [TITLE.encode(), "Ñandú".encode("latin-1"), "Ñandú".encode(), b"plain"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_a_comment_in_any_encoding_stays(comment):
    buffer = io.BytesIO()
    Image.fromarray(dark_pixels()).save(buffer, "JPEG", comment=comment)
    result = scotopic.enhance(buffer.getvalue())
    assert Image.open(io.BytesIO(result)).info["comment"] == comment
    readable = Image.open(io.BytesIO(scotopic.enhance(buffer.getvalue(), format="png"))).text
    assert readable["Comment"] in (TITLE, "Ñandú", "plain")


def test_a_comment_of_a_png_is_the_same_in_a_jpeg():
    from PIL import PngImagePlugin

    info, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    info.add_itxt("Comment", TITLE)
    Image.fromarray(dark_pixels()).save(buffer, "PNG", pnginfo=info)
    result = scotopic.enhance(buffer.getvalue(), format="jpg")
    assert Image.open(io.BytesIO(result)).info["comment"] == TITLE.encode()
