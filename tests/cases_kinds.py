"""Files of every kind that is read, made by other programs than scotopic."""

import io
import zlib

import numpy as np
from PIL import Image
from sample_files import saved, smooth_pixels


def dark(channels=3, height=40, width=56):
    """A dark picture, (height, width, channels), uint8."""
    return smooth_pixels(height, width, channels) // 5


def chunk(kind, content):
    """A chunk of a PNG."""
    check = zlib.crc32(kind + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + kind + content + check


def heif(bits, channels):
    """A HEIC file of so many bits and channels."""
    import pillow_heif

    pixels = np.concatenate([dark(), dark(1)], axis=-1)[..., :channels]
    name = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    buffer = io.BytesIO()
    if bits == 8:
        pixels = pixels[..., 0] if channels == 1 else pixels
        pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer, quality=90)
        return buffer.getvalue()
    usual = pillow_heif.options.SAVE_HDR_TO_12_BIT
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    try:
        mode = "I;16" if channels == 1 else f"{name};16"
        deep = (pixels.astype(np.uint16) * 257).tobytes()
        pillow_heif.from_bytes(mode, pixels.shape[1::-1], deep).save(buffer, quality=90)
    finally:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = usual
    return buffer.getvalue()


def tiff(pixels, **options):
    """A TIFF file by tifffile."""
    import tifffile

    buffer = io.BytesIO()
    usual = {"photometric": "rgb" if pixels.ndim == 3 else "minisblack", "metadata": None}
    tifffile.imwrite(buffer, pixels, **{**usual, **options})
    return buffer.getvalue()


def _deep():
    return dark().astype(np.uint16) * 257


def _codec(name, pixels, **options):
    import imagecodecs

    return bytes(getattr(imagecodecs, f"{name}_encode")(pixels, **options))


def _pillow(form, mode="RGB", **options):
    image = Image.fromarray(dark()).convert(mode)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(smooth_pixels(channels=1)[..., 0]))
    return saved(image, form, **options)


def _moving(form):
    others = [Image.fromarray(dark()[::-1])]
    return saved(Image.fromarray(dark()), form, save_all=True, append_images=others, duration=90)


def _light(pixels):
    return (pixels / 255).astype(np.float32)


KINDS = {
    "JPEG": lambda: _pillow("JPEG"),
    "JPEG, gray": lambda: _pillow("JPEG", "L"),
    "JPEG, CMYK": lambda: _pillow("JPEG", "CMYK"),
    "JPEG, progressive": lambda: _pillow("JPEG", progressive=True),
    "JPEG, two pictures": lambda: _moving("MPO"),
    **{
        f"PNG, {mode}": lambda mode=mode: _pillow("PNG", mode)
        for mode in ("RGB", "RGBA", "L", "LA", "P", "1")
    },
    "PNG, 16 bits": lambda: _codec("png", _deep()),
    "PNG, 16 bits, gray": lambda: saved(Image.fromarray(_deep()[..., 0]), "PNG"),
    "PNG, 16 bits, alpha": lambda: _codec("png", np.dstack([_deep(), _deep()[..., 0]])),
    "PNG, animated": lambda: _moving("PNG"),
    "WebP": lambda: _pillow("WEBP"),
    "WebP, alpha": lambda: _pillow("WEBP", "RGBA"),
    "WebP, lossless": lambda: _pillow("WEBP", lossless=True),
    "WebP, animated": lambda: _moving("WEBP"),
    "AVIF": lambda: _pillow("AVIF"),
    "AVIF, alpha": lambda: _pillow("AVIF", "RGBA"),
    "AVIF, animated": lambda: _moving("AVIF"),
    "GIF": lambda: _pillow("GIF", "P"),
    "GIF, animated": lambda: _moving("GIF"),
    "BMP": lambda: _pillow("BMP"),
    "BMP, gray": lambda: _pillow("BMP", "L"),
    "DIB": lambda: _pillow("DIB"),
    "TIFF": lambda: tiff(dark()),
    "TIFF, gray": lambda: tiff(dark(1)[..., 0]),
    "TIFF, LZW": lambda: _pillow("TIFF", compression="tiff_lzw"),
    "TIFF, 16 bits": lambda: tiff(_deep()),
    "TIFF, 16 bits, big-endian": lambda: tiff(_deep(), byteorder=">"),
    "TIFF, 16 bits, gray": lambda: tiff(_deep()[..., 0]),
    "TIFF, 16 bits, planes": lambda: tiff(np.moveaxis(_deep(), -1, 0), planarconfig="separate"),
    "TIFF, 16 bits, tiles": lambda: tiff(_deep(), tile=(16, 16)),
    "TIFF, BigTIFF": lambda: tiff(dark(), bigtiff=True),
    "TIFF, float32": lambda: tiff(_light(dark())),
    "TIFF, float16": lambda: tiff(_light(dark()).astype(np.float16)),
    "TIFF, float64, gray": lambda: tiff(_light(dark(1)[..., 0]).astype(np.float64)),
    "TIFF, int16": lambda: tiff(dark().astype(np.int16) * 128),
    "TIFF, int16, gray": lambda: tiff(dark(1)[..., 0].astype(np.int16) * 128),
    **{
        f"HEIC, {bits} bits, {channels} channels": lambda bits=bits, channels=channels: heif(
            bits, channels
        )
        for bits in (8, 10, 12)
        for channels in (1, 3, 4)
    },
    "JPEG XL": lambda: _codec("jpegxl", dark(), level=90),
    "JPEG XL, lossless, alpha": lambda: _codec(
        "jpegxl", np.dstack([dark(), dark(1)]), lossless=True
    ),
    "JPEG XL, gray, 10 bits": lambda: _codec(
        "jpegxl", _deep()[..., 0] >> 6, bitspersample=10, lossless=True
    ),
    "JPEG XL, 16 bits": lambda: _codec("jpegxl", _deep(), lossless=True),
    "JPEG XL, float32": lambda: _codec("jpegxl", _light(dark())),
    "JPEG 2000": lambda: _codec("jpeg2k", dark(), codecformat="jp2"),
    "JPEG 2000, codestream": lambda: _codec("jpeg2k", dark(), codecformat="j2k"),
    "JPEG 2000, gray": lambda: _codec("jpeg2k", dark(1)[..., 0], codecformat="jp2"),
    "JPEG 2000, alpha": lambda: _codec("jpeg2k", np.dstack([dark(), dark(1)]), codecformat="jp2"),
    "JPEG 2000, 12 bits": lambda: _codec(
        "jpeg2k", _deep() >> 4, codecformat="jp2", bitspersample=12
    ),
    "PPM": lambda: _pillow("PPM"),
    "TGA": lambda: _pillow("TGA"),
}
"""Makers of a dark file of each kind, by what people call it."""
