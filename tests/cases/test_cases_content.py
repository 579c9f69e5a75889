"""What is in a file decides its format, whatever it is called."""

import io
import subprocess
import sys

import pytest
from cases_kinds import KINDS, dark
from PIL import Image
from sample_files import saved

import scotopic
from scotopic.photo import formats

COMMAND = (sys.executable, "-m", "scotopic", "enhance")


def run(*arguments, data=None):
    """The command's standard error; it must succeed."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stderr.decode()


def format_of(path):
    return formats.of_content(path.read_bytes()).name


@pytest.mark.parametrize(
    ("name", "kind", "wanted", "form"),
    [
        ("a.jfif", "JPEG", "a.jfif", "JPEG"),
        ("a.JPE", "JPEG", "a.JPE", "JPEG"),
        ("a.mpo", "JPEG, two pictures", "a.jpg", "JPEG"),
        ("a.apng", "PNG, animated", "a.apng", "PNG"),
        ("a.dib", "BMP", "a.dib", "BMP"),
        ("a.jxl", "JPEG XL", "a.jxl", "JPEGXL"),
        ("a.jp2", "JPEG 2000", "a.jp2", "JPEG2000"),
        ("a.j2k", "JPEG 2000, codestream", "a.jp2", "JPEG2000"),
    ],
)
def test_a_folder_has_pictures_of_all_usual_suffixes(tmp_path, name, kind, wanted, form):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / name).write_bytes(KINDS[kind]())
    said = run(source, "-o", output)
    assert "not a picture" not in said
    assert [path.name for path in output.glob("[!.]*")] == [wanted]
    assert format_of(output / wanted) == form


@pytest.mark.parametrize("called", ["a.jpg", "a.png", "a.unknown", "a"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG, RGBA", "WebP", "TIFF", "GIF", "BMP", "JPEG XL"])
def test_a_result_has_the_format_of_the_content_and_a_name_that_says_so(tmp_path, called, kind):
    source = tmp_path / called
    source.write_bytes(KINDS[kind]())
    made = scotopic.enhance(source, output=tmp_path / "out" / "")
    assert format_of(made) == format_of(source)
    assert formats.of_path(made).name == format_of(source)


def test_pictures_whose_names_lie_are_both_kept(tmp_path):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "a.jpg").write_bytes(KINDS["PNG, RGB"]())
    (source / "a.png").write_bytes(KINDS["PNG, RGB"]())
    outcomes = list(scotopic.enhance_folder(source, output))
    assert len({outcome.target for outcome in outcomes}) == 2
    assert {format_of(outcome.target) for outcome in outcomes} == {"PNG"}


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG, RGB", "WebP", "JPEG XL", "HEIC, 8 bits, 3 channels"]
)
def test_a_picture_on_standard_input_gets_the_name_of_its_format(tmp_path, kind):
    data = KINDS[kind]()
    run("-", "-o", f"{tmp_path}/out/", data=data)
    (made,) = (tmp_path / "out").glob("[!.]*")
    form = formats.of_result(formats.of_content(data).name)
    assert made.name == f"picture{form.suffixes[0]}" and format_of(made) == form.name


def test_a_name_that_is_asked_for_decides_the_format(tmp_path):
    source = tmp_path / "a.jpg"
    source.write_bytes(KINDS["PNG, RGB"]())
    made = scotopic.enhance(source, output=tmp_path / "b.jfif")
    assert format_of(made) == "JPEG"


def test_an_avif_file_that_is_said_to_be_of_no_kind_is_read():
    data = saved(Image.fromarray(dark()), "AVIF").replace(b"ftypavif", b"ftypmif1", 1)
    made = scotopic.enhance(data)
    with Image.open(io.BytesIO(made)) as image:
        assert (image.format, image.size) == ("AVIF", (56, 40))


def test_a_pipe_is_not_emptied_to_look_at_its_format(tmp_path):
    (tmp_path / "a.jpg").write_bytes(KINDS["JPEG"]())
    made = tmp_path / "made.jpg"
    script = f"{' '.join(COMMAND)} <(cat '{tmp_path}/a.jpg') -o '{made}'"
    subprocess.run(["bash", "-c", script], check=True, capture_output=True)
    assert format_of(made) == "JPEG"
