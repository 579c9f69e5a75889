"""Motion photos, gain maps, depth maps: what is left out is told, and named no more."""

import io

import numpy as np
import pytest
from cases.second_programs import needs_exiftool, told_by_exiftool
from PIL import Image
from sample_files import saved, smooth_pixels

from scotopic.enhancer import Enhancer
from scotopic.jobs.many import run_job
from scotopic.jobs.settings import Job, Settings
from scotopic.photo.boxes import box
from scotopic.photo.reading import read
from scotopic.wish import Wish

NAMED = "XMP that names videos, gain maps or depth maps left out"
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0\0\0\x08free" * 40
MORE = b"http://ns.adobe.com/xmp/extension/\0"
SPACES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "cam": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "note": "http://ns.adobe.com/xmp/note/",
}
TITLE = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>a &lt; b</rdf:li></rdf:Alt></dc:title>"


def items(*kinds):
    parts = (
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{kind}" '
        f'Item:Mime="{mime}" Item:Length="7"/></rdf:li>'
        for kind, mime in kinds
    )
    return f"<Container:Directory><rdf:Seq>{''.join(parts)}</rdf:Seq></Container:Directory>"


def packet(attributes="", elements=""):
    spaces = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in SPACES.items())
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {spaces}><rdf:Description rdf:about="" '
        f'cam:BurstID="7"{attributes}>{TITLE}{elements}</rdf:Description></rdf:RDF></x:xmpmeta>'
    ).encode()


PRIMARY = ("Primary", "image/jpeg")
MOTION = packet(
    ' cam:MotionPhoto="1" cam:MotionPhotoVersion = "1" cam:MicroVideoOffset=\'7\'',
    items(PRIMARY, ("MotionPhoto", "video/mp4")),
)
IN_ELEMENTS = packet("", "<cam:MotionPhoto>1</cam:MotionPhoto><cam:MicroVideo/>" + items(PRIMARY))
GAIN = packet(' hdrgm:Version="1.0"', items(PRIMARY, ("GainMap", "image/jpeg")))
MAP = packet(' hdrgm:Version="1.0" hdrgm:GainMapMax="2" hdrgm:HDRCapacityMax="2"')
DEPTH = packet("", items(PRIMARY, ("DepthMap", "image/jpeg")))


def jpeg(xmp=b"", pixels=None):
    image = Image.fromarray(smooth_pixels() // 4 if pixels is None else pixels)
    return saved(image, "JPEG", **({"xmp": xmp} if xmp else {}))


def small(xmp=b""):
    return jpeg(xmp, smooth_pixels(8, 8, 1)[..., 0])


def several(*files):
    """JPEGs as one file with an index (MPF) of them."""
    buffer = io.BytesIO()
    first, *others = (Image.open(io.BytesIO(file)) for file in files)
    first.save(buffer, "MPO", save_all=True, append_images=others)
    return buffer.getvalue()


SAMSUNG = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + VIDEO + b"SEFHj\0\0\0SEFT"
FILES = {
    "motion photo": (jpeg(MOTION) + VIDEO, "video of a motion photo"),
    "motion photo in elements": (jpeg(IN_ELEMENTS) + VIDEO, "video of a motion photo"),
    "gain map": (jpeg(GAIN) + small(MAP), "gain map"),
    "gain map and video": (
        jpeg(packet(' hdrgm:Version="1.0" cam:MotionPhoto="1"')) + small(MAP) + VIDEO,
        "video of a motion photo, gain map",
    ),
    "depth map": (jpeg(DEPTH) + small(b"<x>DepthMap</x>"), "depth map"),
    "Samsung": (jpeg() + SAMSUNG, "video of a motion photo, Samsung's trailer"),
    "several pictures": (several(jpeg(), small()), "a further picture"),
    "unknown": (jpeg() + b"what is this", "12 bytes behind the picture"),
    "nothing": (jpeg() + b"\0\0\n", None),
}


@pytest.mark.parametrize("form", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("name", FILES)
def test_what_stands_behind_a_jpeg_is_told_and_named_no_more(tmp_path, name, form):
    data, told = FILES[name]
    (tmp_path / "a.jpg").write_bytes(data)
    done = run_job(Enhancer(), Job(tmp_path / "a.jpg", tmp_path / f"b.{form}"), Settings())
    assert [note for note in done.notes if "left out" in note and note != NAMED] == (
        [f"{told} left out"] if told else []
    )
    result = (tmp_path / f"b.{form}").read_bytes()
    for gone in (b"MotionPhoto=", b"MicroVideo", b":Directory", b"hdrgm:Version", b"ftypmp42"):
        assert gone not in result
    if b"BurstID" in data:
        assert (NAMED in done.notes) and b'cam:BurstID="7"' in result
        assert TITLE.encode() in result


@needs_exiftool
@pytest.mark.parametrize("name", FILES)
def test_exiftool_finds_nothing_wrong_in_the_result(tmp_path, name):
    (tmp_path / "a.jpg").write_bytes(FILES[name][0])
    run_job(Enhancer(), Job(tmp_path / "a.jpg", tmp_path / "b.jpg"), Settings())
    told = told_by_exiftool(
        tmp_path / "b.jpg",
        "GCamera:all",
        "GContainer:all",
        "hdrgm:all",
        "MPF0:all",
        "Warning",
        "Title",
    )
    assert set(told) <= {"XMP-dc:Title", "XMP-GCamera:BurstID"}
    if b"BurstID" in FILES[name][0]:
        assert told["XMP-dc:Title"] == "a < b"


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "GIF"])
def test_a_picture_of_any_format_names_no_gain_map(form):
    options = {"xmp": GAIN}
    if form == "PNG":
        from PIL import PngImagePlugin

        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", GAIN.decode())
        options = {"pnginfo": info}
    data = saved(Image.fromarray(smooth_pixels()), form, **options)
    if form == "GIF":
        from scotopic.photo.codecs.gif import with_extensions

        data = with_extensions(saved(Image.fromarray(smooth_pixels()), form), GAIN, None)
    taken = read(data)
    assert NAMED in taken.notes
    assert b"hdrgm:Version" not in taken.xmp and TITLE.encode() in taken.xmp


@pytest.mark.parametrize("kind", ["video", "gain map", "depth map"])
@pytest.mark.parametrize("form", ["HEIF", "AVIF"])
def test_what_stands_in_other_boxes_is_told(form, kind):
    if form == "HEIF":
        pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
        pillow_heif.register_heif_opener()
    pixels = np.concatenate([smooth_pixels(), smooth_pixels(channels=1)], -1)
    data = saved(Image.fromarray(pixels), form)
    alpha = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"
    names = {
        "gain map": b"urn:com:apple:hdrgainmap",
        "depth map": b"urn:mpeg:hevc:2015:auxid:2",
    }
    if kind == "video":
        data += box(b"mpvd", VIDEO)
    else:
        known = next(each for each in (alpha, b"urn:mpeg:hevc:2015:auxid:1") if each in data)
        if len(names[kind]) > len(known):
            pytest.skip("the name does not fit in the place of the one for alpha")
        data = data.replace(known, names[kind].ljust(len(known), b"\0"))
    told = "video of a motion photo" if kind == "video" else kind
    assert f"{told} left out" in read(data).notes


def extended(xmp):
    return with_extension(jpeg(xmp))


def with_extension(plain):
    more = MORE + b"0" * 32 + bytes(8) + b"<more/>"
    segment = b"\xff\xe1" + (2 + len(more)).to_bytes(2, "big") + more
    return plain[:2] + segment + plain[2:]


def test_xmp_names_an_extension_and_depth_only_where_they_are(tmp_path):
    (tmp_path / "a.jpg").write_bytes(
        extended(packet(' note:HasExtendedXMP="00" GDepth:Format="RangeInverse"'))
    )
    for form, is_kept in (("jpg", True), ("png", False)):
        target = tmp_path / f"b.{form}"
        run_job(Enhancer(), Job(tmp_path / "a.jpg", target), Settings())
        result = target.read_bytes()
        assert TITLE.encode() in result
        assert (b"HasExtendedXMP" in result) == (b"GDepth:Format" in result) == is_kept


def test_what_is_copied_as_it_is_has_lost_nothing(tmp_path):
    bright = jpeg(MOTION, smooth_pixels() // 2 + 120) + VIDEO
    (tmp_path / "a.jpg").write_bytes(bright)
    settings = Settings(Wish(skip_bright=True))
    done = run_job(Enhancer(), Job(tmp_path / "a.jpg", tmp_path / "b.jpg"), settings)
    assert (done.status, done.notes) == ("copied", ())
    assert (tmp_path / "b.jpg").read_bytes() == bright


@pytest.mark.parametrize(
    "broken",
    [
        MOTION[:-9],
        MOTION.replace(b"</rdf:li>", b"", 1),
        MOTION + bytes(40),
        b"\xef\xbb\xbf" + MOTION,
    ]
    + [MOTION.decode().encode("utf-16"), b"", b"<" * 99, b"\xff\xfe"],
)
def test_xmp_of_any_kind_is_read(broken):
    taken = read(jpeg(broken) if broken else jpeg())
    assert taken.pixels.shape == (40, 56, 3)
    if broken.startswith((MOTION, b"\xef")):
        assert b"MotionPhoto" not in taken.xmp and broken.endswith(taken.xmp[-5:])


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_depth_map_in_xmp_does_not_stay_beside_a_picture_that_was_turned(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    xmp = packet(' note:HasExtendedXMP="00" GDepth:Format="RangeInverse"')
    image = Image.fromarray(smooth_pixels() // 4)
    data = with_extension(saved(image, "JPEG", xmp=xmp, exif=exif.tobytes()))
    (tmp_path / "a.jpg").write_bytes(data)
    done = run_job(Enhancer(), Job(tmp_path / "a.jpg", tmp_path / "b.jpg"), Settings())
    result, is_kept = (tmp_path / "b.jpg").read_bytes(), orientation == 1
    assert (b"<more/>" in result) == (b"HasExtendedXMP" in result) == is_kept
    assert (b"GDepth:Format" in result) == is_kept and TITLE.encode() in result
    assert ("depth map left out: it is not turned" in done.notes) != is_kept


def test_other_pictures_of_a_heic_are_told():
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    file, buffer = pillow_heif.HeifFile(), io.BytesIO()
    for pixels in (smooth_pixels(), smooth_pixels()[::-1]):
        file.add_from_pillow(Image.fromarray(pixels))
    file.save(buffer)
    assert "2 pictures in the file: the primary one is taken" in read(buffer.getvalue()).notes
