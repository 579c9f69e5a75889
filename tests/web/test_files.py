"""Files that the page without a server writes: their pixels, and what they carry."""

import io
import shutil
import subprocess

import numpy as np
import pytest
from node_checks import lay_out, written_again
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational
from sample_files import PROFILE, exif_with, saved, smooth_pixels

from scotopic.photo import reading, writing
from scotopic.photo.carried import xmp_names
from scotopic.photo.limits import Limits
from scotopic.photo.photo import COMMENT, Photo

LIMITS = Limits(100, 2**31)
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x='
    b'"adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/" GCamera:MicroVideoOffset="12" '
    b'tiff:Orientation="6" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="Gr\xc3\xbcn"/>'
    b"</rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)
CREDIT = b"scotopic 0 (standard)"
GUID = b"0123456789ABCDEF0123456789ABCDEF"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page laid out."""
    folder = tmp_path_factory.mktemp("page")
    lay_out(folder)
    return folder


@pytest.fixture
def again(page, tmp_path):
    """A function that writes a file's bytes again by the page: the new bytes, and the notes."""

    def call(data, name, **options):
        source, target = tmp_path / name, tmp_path / "result"
        source.write_bytes(data)
        told = written_again(page, source, target, **options)
        assert "error" not in told, told
        return target.read_bytes(), told["notes"]

    return call


@pytest.fixture
def foreseen(page, tmp_path):
    """A function that gives what a result would carry, `kept` and `notes`, without writing it."""

    def call(data, name, **options):
        source = tmp_path / name
        source.write_bytes(data)
        return written_again(page, source, tmp_path / "none", isForeseen=True, **options)

    return call


def read(data, name="result"):
    return reading.read(data, name, LIMITS, False)


def extended_xmp():
    """A segment with more XMP, as it stands in a JPEG."""
    content = b"http://ns.adobe.com/xmp/extension/\0" + GUID + bytes(8) + b"<more/>"
    return b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content


def full_photo(form):
    """A photo with everything that a format has a place for, stored upside down.

    The test's encoder of WebP gives the file that it has been given, which is not turned.
    """
    orientation = 3
    resources = b"8BIM\x04\x04\0\0" + (7).to_bytes(4, "big") + b"\x1c\x02\x78\0\x02Hi\0"
    photo = Photo(smooth_pixels(), format=form, exif=exif_with(orientation), xmp=XMP)
    photo.icc_profile, photo.dpi = PROFILE, (300.0, 240.0)
    if form == "JPEG":
        photo.photoshop, photo.extended_xmp = resources, extended_xmp()
        photo.text = {COMMENT: "made by hand"}
    if form == "PNG":
        photo.text = {"Author": "somebody", COMMENT: "hübsch"}
    return writing.encode(photo, form)[0]


def assert_carried(found, wanted):
    """All that two photos carry is the same, but for the name of the software."""
    assert found.exif == wanted.exif
    assert found.icc_profile == wanted.icc_profile == PROFILE
    assert found.extended_xmp == wanted.extended_xmp
    assert found.photoshop == wanted.photoshop
    assert found.text == wanted.text
    assert found.dpi == pytest.approx(wanted.dpi, abs=0.01) if wanted.dpi else found.dpi is None
    credit = found.xmp.index(b'<rdf:Description rdf:about="" xmlns:scotopic=')
    end = found.xmp.index(b"/>", credit) + 2
    assert CREDIT in found.xmp[credit:end]
    assert found.xmp[:credit] + found.xmp[end:] == wanted.xmp


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_result_carries_what_the_program_carries(again, form):
    data = full_photo(form)
    result, notes = again(data, f"photo.{form.lower()}")
    assert_carried(read(result), read(data))
    assert notes == ["XMP that names videos, gain maps or depth maps left out"]
    assert b"MicroVideo" not in result
    assert b'tiff:Orientation="1"' in result


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_exiftool_finds_a_result_in_order(again, tmp_path, form):
    target = tmp_path / f"made.{form.lower()}"
    target.write_bytes(again(full_photo(form), f"photo.{form.lower()}")[0])
    done = subprocess.run(
        ["exiftool", "-validate", "-warning", "-a", "-Orientation#", "-ICC_Profile:all", target],
        capture_output=True,
        text=True,
    )
    assert "Orientation                     : 1" in done.stdout
    assert "Profile Description" in done.stdout
    for problem in ("Truncated", "Corrupt", "Bad", "Error", "out of sequence"):
        assert problem.lower() not in done.stdout.lower(), done.stdout


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_result_stands_upright(again, orientation):
    pixels = smooth_pixels()
    photo = Photo(pixels, format="PNG", exif=exif_with(orientation))
    data = writing.encode(photo, "PNG")[0]
    found = read(again(data, "turned.png")[0])
    assert np.array_equal(found.pixels, read(data).pixels)
    assert found.exif == exif_with(1)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["gray", "colour", "gray and alpha", "colour and alpha"])
def test_png_is_exact(again, kind, bits):
    pixels = smooth_pixels(channels=1 if "gray" in kind else 3)
    alpha = smooth_pixels()[..., 1] if "alpha" in kind else None
    if bits == 16:
        pytest.importorskip("imagecodecs")
        pixels = pixels.astype(np.uint16) * 251 + 3
        alpha = None if alpha is None else alpha.astype(np.uint16) * 251 + 5
    data = writing.encode(Photo(pixels, alpha, "PNG"), "PNG")[0]
    result = read(again(data, "picture.png")[0])
    assert result.pixels.dtype == pixels.dtype
    assert np.array_equal(result.pixels, pixels)
    assert (result.alpha is None) == (alpha is None)
    assert alpha is None or np.array_equal(result.alpha, alpha)


def interlaced():
    """A PNG of 5x3 gray pixels whose rows stand in seven passes."""
    import zlib

    pixels = (np.arange(15, dtype=np.uint8) * 17).reshape(3, 5)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
    passes += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for left, top, across, down in passes:
        part = pixels[top::down, left::across]
        if part.size:
            raw += b"".join(b"\0" + row.tobytes() for row in part)
    data = saved(Image.fromarray(pixels), "PNG")
    place = data.index(b"IDAT") - 4

    def chunk(kind, content):
        body = kind + content
        return len(content).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = chunk(b"IHDR", data[16:28] + b"\1")
    return (
        data[:8]
        + header
        + data[33:place]
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def palette(colours, **options):
    image = Image.fromarray(smooth_pixels()).quantize(colours)
    return saved(image, "PNG", **options)


@pytest.mark.parametrize(
    "data",
    [
        interlaced(),
        palette(200),
        palette(13, bits=4),
        palette(4, bits=2, transparency=bytes([0, 255, 90])),
        saved(Image.fromarray(smooth_pixels()).convert("1"), "PNG"),
        saved(Image.fromarray(smooth_pixels()), "PNG", transparency=(1, 2, 3)),
    ],
    ids=["interlaced", "palette", "4 bits", "2 bits and alpha", "1 bit", "transparent colour"],
)
def test_every_kind_of_png_is_read_as_by_the_program(again, data):
    found, wanted = read(again(data, "kind.png")[0]), read(data)
    assert np.array_equal(found.pixels, wanted.pixels)
    assert (found.alpha is None) == (wanted.alpha is None)
    assert wanted.alpha is None or np.array_equal(found.alpha, wanted.alpha)


def levels(height=40, width=56):
    """What the test's decoder gives for a JPEG."""
    y, x, channel = np.ogrid[:height, :width, :3]
    return ((x * 3 + y * 5 + channel * 40) % 256).astype(np.uint8)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_a_jpeg_is_compressed_as_it_was(again, subsampling):
    image = Image.fromarray(smooth_pixels())
    data = saved(image, "JPEG", quality=83, subsampling=subsampling)
    result = Image.open(io.BytesIO(again(data, "photo.jpg")[0]))
    source = Image.open(io.BytesIO(data))
    assert result.quantization == source.quantization
    assert [each[1:] for each in result.layer] == [each[1:] for each in source.layer]
    by_pillow = saved(Image.fromarray(levels()), "JPEG", quality=83, subsampling=subsampling)
    assert error_of(result) < 1.03 * error_of(Image.open(io.BytesIO(by_pillow)))


def error_of(image):
    """How far a picture is from what the test's decoder gave."""
    return np.sqrt(np.mean((np.asarray(image).astype(int) - levels()) ** 2))


def test_a_gray_jpeg_stays_one_of_gray(again):
    data = saved(Image.fromarray(smooth_pixels()[..., 0]), "JPEG", quality=90)
    result = Image.open(io.BytesIO(again(data, "gray.jpg")[0]))
    assert result.mode == "L"


def test_a_quality_that_is_asked_for_gives_all_colours(again):
    data = saved(Image.fromarray(smooth_pixels()), "JPEG", quality=50)
    result = Image.open(io.BytesIO(again(data, "photo.jpg", quality=98)[0]))
    wanted = Image.open(
        io.BytesIO(saved(Image.fromarray(levels()), "JPEG", quality=98, subsampling=0))
    )
    assert result.quantization == wanted.quantization
    assert result.layer == wanted.layer
    assert error_of(result) < 1.03 * error_of(wanted)


def test_noise_at_the_highest_quality_is_encoded(again):
    data = saved(Image.fromarray(smooth_pixels(64, 64)), "JPEG", quality=100, subsampling=0)
    result = Image.open(io.BytesIO(again(data, "photo.jpg")[0]))
    assert np.abs(np.asarray(result).astype(int) - levels(64, 64)).max() <= 2


def test_stripping_keeps_the_profile_alone(again):
    found = read(again(full_photo("JPEG"), "photo.jpg", strip=True)[0])
    assert found.icc_profile == PROFILE
    assert not (found.exif or found.xmp or found.photoshop or found.extended_xmp or found.text)


def test_another_format_carries_what_it_has_a_place_for(again, foreseen):
    data = full_photo("JPEG")
    result, notes = again(data, "photo.jpg", format="PNG")
    found, wanted = read(result), read(data)
    assert found.format == "PNG"
    assert (found.exif, found.icc_profile) == (wanted.exif, wanted.icc_profile)
    assert found.text == wanted.text
    assert found.dpi == pytest.approx(wanted.dpi, abs=0.02)
    assert "IPTC, extended XMP not written: PNG holds none" in notes
    notes = foreseen(data, "photo.jpg", format="WEBP")["notes"]
    assert "comment, resolution, IPTC, extended XMP not written: WebP holds none" in notes


def test_a_jpeg_carries_what_it_has_a_place_for_of_a_png(again, foreseen):
    data = full_photo("PNG")
    result, notes = again(data, "photo.png", format="JPEG")
    found, wanted = read(result), read(data)
    assert (found.exif, found.icc_profile) == (wanted.exif, wanted.icc_profile)
    assert found.text == {COMMENT: "hübsch"}
    assert found.dpi == pytest.approx(wanted.dpi, abs=0.02)
    assert "text not written: JPEG holds none" in notes
    notes = foreseen(data, "photo.png", format="WEBP")["notes"]
    assert "text, comment, resolution not written: WebP holds none" in notes


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_comment_of_every_kind_of_text_goes_into_a_jpeg(again, is_packed):
    info = PngInfo()
    info.add_text(COMMENT, "gr\xfcn", zip=is_packed)
    data = saved(Image.fromarray(smooth_pixels()), "PNG", pnginfo=info)
    result, notes = again(data, "photo.png", format="JPEG")
    assert read(result).text == {COMMENT: "gr\xfcn"}
    assert notes == []


def test_exif_that_is_too_large_for_a_jpeg_is_not_promised(page, tmp_path):
    exif = exif_with(1) + bytes(70_000)
    source, target = tmp_path / "large.png", tmp_path / "result"
    source.write_bytes(saved(Image.fromarray(smooth_pixels()), "PNG", exif=exif))
    told = written_again(page, source, target, format="JPEG")
    assert told["notes"] == ["EXIF not written: it is too large for a JPEG"]
    assert "EXIF" not in told["kept"]
    assert target.read_bytes()[6:10] == b"JFIF"
    assert "EXIF" in written_again(page, source, target)["kept"]


def exif_as_text(block):
    """EXIF as ImageMagick writes it into a PNG."""
    lines = [block.hex()[at : at + 72] for at in range(0, 2 * len(block), 72)]
    return "\n".join(["", "exif", f"{len(block):8}", *lines, ""])


@pytest.mark.parametrize("is_packed", [False, True])
def test_exif_in_the_text_of_a_png_is_read_as_by_the_program(again, is_packed):
    info = PngInfo()
    info.add_text("Raw profile type exif", exif_as_text(exif_with(6)), zip=is_packed)
    info.add_text("Author", "somebody")
    data = saved(Image.fromarray(smooth_pixels()), "PNG", pnginfo=info)
    found, wanted = read(again(data, "photo.png")[0]), read(data)
    assert found.pixels.shape == wanted.pixels.shape == (56, 40, 3)
    assert (found.exif, found.text) == (wanted.exif, wanted.text)
    assert found.exif == exif_with(1) and found.text == {"Author": "somebody"}


def test_damaged_exif_in_the_text_of_a_png_is_left_out_and_that_is_said(again):
    info = PngInfo()
    info.add_text("Raw profile type exif", "\nexif\n       3\nno hex")
    data = saved(Image.fromarray(smooth_pixels()), "PNG", pnginfo=info)
    result, notes = again(data, "photo.png")
    assert notes == ["EXIF left out: it is damaged"]
    assert not read(result).exif and not read(result).text


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("is_damaged", [False, True])
def test_what_is_kept_of_a_picture_does_not_hold_its_file(page, tmp_path, form, is_damaged):
    exif = b"Exif\0\0no header of any kind" if is_damaged else exif_with(1)
    pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    options = {"lossless": True} if form == "WEBP" else {}
    name = f"photo.{form.lower()}"
    photo = Image.fromarray(pixels)
    carried = {"exif": exif, "icc_profile": PROFILE, "xmp": XMP}
    if form == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode(), zip=is_damaged)
        carried = carried | {"pnginfo": info}
        del carried["xmp"]
    data = saved(photo, form, **carried, **options)
    (tmp_path / name).write_bytes(data)
    held = written_again(page, tmp_path / name, tmp_path / "result")["held"]
    assert len(PROFILE) < held < 20_000 < len(data)


def test_sixteen_bits_are_cut_to_eight_for_a_jpeg_and_that_is_said(again):
    pytest.importorskip("imagecodecs")
    pixels = smooth_pixels().astype(np.uint16) * 257
    data = writing.encode(Photo(pixels, format="PNG"), "PNG")[0]
    result, notes = again(data, "deep.png", format="JPEG")
    assert "16 bits a channel cut to 8: JPEG holds no more" in notes
    assert np.abs(read(result).pixels.astype(int) - smooth_pixels()).max() <= 12


def test_what_stands_behind_a_jpeg_is_left_out_and_that_is_said(again):
    data = saved(Image.fromarray(smooth_pixels()), "JPEG")
    result, notes = again(data + b"\0\0\0\x18ftypmp42" + bytes(99), "moving.jpg")
    assert notes == ["video of a motion photo left out"]
    assert b"ftyp" not in result


def with_a_flipped_bit(data):
    at = data.index(b"IDAT") + 300
    return data[:at] + bytes([data[at] ^ 8]) + data[at + 1 :]


REFUSED = {
    "animation.webp": (
        saved(
            Image.new("RGB", (8, 8)),
            "WEBP",
            save_all=True,
            append_images=[Image.new("RGB", (8, 8), 9)],
        ),
        "animations",
    ),
    "photo.tif": (saved(Image.new("RGB", (8, 8)), "TIFF"), "TIFF"),
    "photo.dng": (saved(Image.new("RGB", (8, 8)), "TIFF"), "camera RAW"),
    "photo.gif": (saved(Image.new("L", (8, 8)), "GIF"), "GIF"),
    "photo.heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
    "photo.cmyk.jpg": (saved(Image.new("CMYK", (8, 8)), "JPEG"), "CMYK"),
    "note.txt": (b"no picture", "no picture"),
    "empty.png": (b"", "empty"),
    "cut.png": (saved(Image.fromarray(smooth_pixels()), "PNG")[:900], "cut off"),
    "cut.jpg": (saved(Image.fromarray(smooth_pixels()), "JPEG")[:-40], "cut off"),
    "cut.webp": (saved(Image.fromarray(smooth_pixels()), "WEBP")[:-40], "cut off"),
    "flipped.png": (with_a_flipped_bit(saved(Image.fromarray(smooth_pixels()), "PNG")), "damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_read_is_refused_in_one_sentence(page, tmp_path, name):
    data, word = REFUSED[name]
    source, target = tmp_path / name, tmp_path / "result"
    source.write_bytes(data)
    told = written_again(page, source, target)
    assert word in told["error"]
    assert "\n" not in told["error"]
    assert not target.exists()


HEAD = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
TAIL = b"</rdf:RDF></x:xmpmeta>"
PACKETS = {
    "nothing": b'<rdf:Description xmlns:a="urn:a" a:b="c">text</rdf:Description>',
    "attributes": b'<rdf:Description xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/"\n'
    b'  hdrgm:Version=\'1.0\' rdf:about="" hdrgm:GainMapMax = "2 > 1"/>',
    "elements": b'<rdf:Description xmlns:Container="http://ns.google.com/photos/1.0/container/">'
    b"<Container:Directory><rdf:Seq><rdf:li><Container:Item/></rdf:li></rdf:Seq></Container:Directory>"
    b"<!-- <Container:Item> --></rdf:Description>",
    "an element without content": b'<rdf:Description xmlns:p="http://ns.apple.com/HDRGainMap/1.0/">'
    b"<p:HDRGainMapVersion/><p:Other></p:Other></rdf:Description>",
    "a camera": b'<rdf:Description xmlns:c="http://ns.google.com/photos/1.0/camera/" '
    b'c:MotionPhoto="1" c:HdrPlusMakernote="AA"/>',
    "another prefix of a name": b'<rdf:Description xmlns:c="urn:camera" c:MotionPhoto="1"/>',
    "damaged": b'<rdf:Description xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/"><h:a></rdf:Description>',
}


@pytest.mark.parametrize("name", PACKETS)
def test_xmp_loses_the_names_that_it_loses_in_the_program(again, name):
    packet = HEAD + PACKETS[name] + TAIL
    photo = Photo(smooth_pixels(), format="PNG", xmp=packet)
    found = read(again(writing.encode(photo, "PNG")[0], "named.png")[0]).xmp
    credit = found.rindex(b'<rdf:Description rdf:about="" xmlns:scotopic=')
    end = found.index(b"/>", credit) + 2
    assert found[:credit] + found[end:] == xmp_names.without_companions(packet)


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_depth_map_that_is_not_turned_is_left_out_as_by_the_program(again, orientation):
    depth = b'<rdf:Description xmlns:d="http://ns.google.com/photos/1.0/depthmap/" d:Near="2" '
    packet = HEAD + depth + b'xmlns:tiff="urn:t" tiff:Orientation="6"/>' + TAIL
    photo = Photo(smooth_pixels(), format="JPEG", exif=exif_with(orientation), xmp=packet)
    photo.extended_xmp = extended_xmp()
    data = writing.encode(photo, "JPEG")[0]
    result, notes = again(data, "depth.jpg")
    found, wanted = read(result), read(data)
    assert found.extended_xmp == wanted.extended_xmp
    assert (b"d:Near" in found.xmp) == (b"d:Near" in wanted.xmp) == (orientation == 1)
    assert b'tiff:Orientation="1"' in found.xmp
    assert tuple(notes) == wanted.notes


def test_damaged_exif_is_left_out_and_that_is_said(again):
    data = saved(Image.fromarray(smooth_pixels()), "JPEG", exif=b"Exif\0\0no header of any kind")
    result, notes = again(data, "damaged.jpg")
    assert read(result).exif is None
    assert notes == ["EXIF left out: it is damaged"]


def test_how_a_photo_was_taken_is_said_in_words(page, tmp_path):
    tags = Image.Exif()
    tags[0x010F], tags[0x0110] = "NIKON CORPORATION", "NIKON Z 6"
    inner, place = tags.get_ifd(0x8769), tags.get_ifd(0x8825)
    inner[0x829A], inner[0x829D] = IFDRational(1, 60), IFDRational(28, 10)
    inner[0x920A] = IFDRational(35)
    inner[0x8827], inner[0x9003], inner[0xA434] = 6400, "2024:05:01 20:15:03", "Nikkor  35 mm"
    place[1], place[2], place[3], place[4] = "N", (52.0, 30.0, 0.0), "E", (13.0, 20.0, 0.0)
    source = tmp_path / "photo.jpg"
    source.write_bytes(saved(Image.fromarray(smooth_pixels()), "JPEG", exif=tags))
    assert written_again(page, source, tmp_path / "result")["exif"] == {
        "camera": "NIKON Z 6",
        "lens": "Nikkor 35 mm",
        "taken": "2024-05-01 20:15:03",
        "exposure": "1/60 s",
        "aperture": "f/2.8",
        "focal_length": "35 mm",
        "iso": 6400,
        "place": True,
    }
