"""What the server gives out is what the command writes."""

import hashlib
import io
import json
import subprocess
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from places import COMMAND
from sample_files import PROFILE, encoded, exif_with, saved, smooth_pixels
from server_process import MEMORY, SAMPLE, form, parts_of

from scotopic.photo import formats, reading
from scotopic.photo.photo import Photo

DARK = smooth_pixels() // 4
EXIF = exif_with(6)


def pictures():
    dark, deep = Image.fromarray(DARK), DARK.astype(np.uint16) * 257
    return {
        "jpeg.jpg": saved(dark, "JPEG", exif=EXIF, icc_profile=PROFILE, quality=88),
        "plain.png": saved(dark, "PNG", dpi=(300, 300)),
        "deep.png": encoded(Photo(deep, exif=EXIF), "PNG"),
        "webp.webp": saved(dark, "WEBP", exif=EXIF),
        "gray.jpg": saved(dark.convert("L"), "JPEG"),
        "scan.tif": encoded(Photo(deep, format="TIFF", exif=EXIF), "TIFF"),
        "alpha.png": saved(dark.convert("RGBA"), "PNG"),
        "moving.gif": saved(
            dark, "GIF", save_all=True, append_images=[dark.rotate(90)], duration=80
        ),
        "sample.png": SAMPLE.read_bytes(),
    }


SETTINGS = {
    "plain": {},
    "asked": {"ev": "0.5", "balance": "0.3", "strength": "0.8", "quality": "70", "strip": "true"},
    "webp": {"exposure": "0.4", "format": "webp"},
}


@pytest.fixture(scope="module", params=SETTINGS)
def written(request, tmp_path_factory):
    """Fields, and for each picture the name and the digest of what the command writes."""
    folder = tmp_path_factory.mktemp("pictures")
    given = pictures()
    for name, data in given.items():
        (folder / name).write_bytes(data)
    fields = SETTINGS[request.param]
    options = [
        f"--{key}" if value == "true" else f"--{key}={value}" for key, value in fields.items()
    ]
    command = [COMMAND, "enhance", folder, "--memory", str(MEMORY), "--jobs", "1", "-q", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    results = {path for path in folder.iterdir() if path.name not in given}
    assert len(results) == len(given)
    return fields, {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in results}


def test_the_bytes_are_those_that_the_command_writes(server, written):
    fields, wanted = written
    made = {}
    for name, data in pictures().items():
        status, headers, body = server.post("/v1/enhance", data, name, **fields)
        assert status == 200, body
        outcome = json.loads(unquote(headers["Scotopic-Report"]))
        assert outcome["status"] == "enhanced" and outcome["source"] == name
        made[outcome["target"]] = hashlib.sha256(body).hexdigest()
        assert f'filename="{outcome["target"]}"' in headers["Content-Disposition"]
        assert headers["Content-Type"] == formats.FORMATS[outcome["format"]].media_type
    assert made == wanted


def test_metadata_comes_back(server):
    _, _, body = server.post("/v1/enhance", pictures()["jpeg.jpg"], "a.jpg")
    photo = reading.read(body)
    assert photo.exif and bytes(range(256)) in photo.exif
    assert photo.icc_profile == PROFILE


def test_who_accepts_a_form_gets_the_file_and_its_report_as_parts(server):
    data, accept = pictures()["plain.png"], {"Accept": "multipart/form-data"}
    _, headers, body = server.post("/v1/enhance", data, headers=accept)
    parts = parts_of(headers, body)
    assert list(parts) == ["file", "report"]
    assert parts["file"] == ("image/png", server.post("/v1/enhance", data)[2])
    assert json.loads(parts["report"][1])["target"] == "a_enhanced.png"


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("Nacht für zwei.png", "Nacht für zwei_enhanced.png"),
        ("../../etc/cron.d/x.png", "x_enhanced.png"),
        ("C:\\\\photos\\\\x.png", "x_enhanced.png"),
        ("a.jpg", "a_enhanced.png"),
        ("", "picture_enhanced.png"),
        ("x" * 300 + ".png", "x" * 242 + "_enhanced.png"),
    ],
)
def test_the_result_has_the_name_that_the_command_would_give_it(server, name, wanted):
    _, headers, _ = server.post("/v1/enhance", pictures()["plain.png"], name)
    assert json.loads(unquote(headers["Scotopic-Report"]))["target"] == wanted
    assert headers["Content-Disposition"].endswith(
        "filename*=UTF-8''" + wanted.replace("ü", "%C3%BC").replace(" ", "%20")
    )


def test_every_format_that_is_written_has_a_media_type():
    assert all(
        row.media_type.startswith("image/") for row in formats.FORMATS.values() if row.is_written
    )


def test_a_chunked_body_without_a_length_is_read(server):
    body, told = form(pictures()["plain.png"])
    pieces = (body[at : at + 1000] for at in range(0, len(body), 1000))
    status, _, made = server.ask("/v1/enhance", "POST", pieces, told)
    assert status == 200
    with Image.open(io.BytesIO(made)) as image:
        assert image.size == (56, 40)
