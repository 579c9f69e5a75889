"""The installed command, on real files."""

import contextlib
import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from places import COMMAND, DOCS, SCRIPTS

import scotopic
from scotopic.commands.common import size
from scotopic.jobs import record
from scotopic.photo import reading

assert COMMAND, "the command is not installed beside this Python"


def run(*arguments, data=None):
    command = [COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, input=data, check=False)


def enhance(*arguments, data=None):
    return run("enhance", *arguments, data=data)


@pytest.fixture(scope="module")
def dark():
    coarse = np.random.default_rng(0).integers(0, 50, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path, dark):
    made = tmp_path / "in"
    (made / "deeper").mkdir(parents=True)
    dark.save(made / "a.jpg")
    dark.save(made / "a.png")
    dark.save(made / "deeper" / "ünï cødé.png")
    (made / "notes.txt").write_text("no picture")
    return made


def test_one_file_is_written_beside_its_source_and_never_over_another(tmp_path, dark):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    source = tmp_path / "a.jpg"
    dark.save(source, exif=exif, icc_profile=b"profile" * 20)
    result = enhance(source, "--json")
    assert result.returncode == 0, result.stderr
    entry = json.loads(result.stdout)
    assert entry["gain_range"][0] >= 1 and entry["target"].endswith("a_enhanced.jpg")
    with Image.open(tmp_path / "a_enhanced.jpg") as made:
        assert made.size == dark.size[::-1]
        assert (made.getexif()[0x0112], made.getexif()[0x010F]) == (1, "Maker")
        assert made.info["icc_profile"] == b"profile" * 20
        assert b"scotopic" in made.info["xmp"]
    again = enhance(source)
    assert again.returncode == 1 and b"exists already; use --overwrite" in again.stderr
    assert enhance(source, "--overwrite", "--strip").returncode == 0
    with Image.open(tmp_path / "a_enhanced.jpg") as made:
        assert not made.getexif() and "xmp" not in made.info
        assert made.info["icc_profile"] == b"profile" * 20


def test_a_folder_is_mirrored(folder, tmp_path):
    result = enhance(folder, "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    made = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.*"))
    assert made == [record.NAME, "a.jpg", "a.png", "deeper/ünï cødé.png"]


def test_two_names_that_collide_are_both_kept(folder, tmp_path):
    result = enhance(folder, "-o", tmp_path / "out", "--format", "webp", "-q")
    assert result.returncode == 0 and result.stderr == b""
    made = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert made == [record.NAME, "a.png.webp", "a.webp", "deeper"]


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_on_a_terminal_the_rate_is_shown(folder, tmp_path):
    import pty

    # The bar makes no estimate before a second is over.
    hasty = "import time; now = time.time; time.time = lambda: 1000 * now()"
    command = [sys.executable, "-c", f"{hasty}; from scotopic.cli import main; main()"]
    terminal, end = pty.openpty()
    subprocess.run([*command, "enhance", folder, "-o", tmp_path / "out"], stderr=end, check=True)
    os.close(end)
    shown = b""
    # On Linux what is over ends with an error.
    with open(terminal, "rb", 0) as screen, contextlib.suppress(OSError):
        while some := screen.read(1000):
            shown += some
    assert b"pictures per minute  [" in shown


def test_results_in_the_folder_are_not_sources(folder):
    assert enhance(folder).returncode == 0
    assert enhance(folder, "--overwrite").returncode == 0
    assert len(list(folder.rglob("*_enhanced*"))) == 3
    assert not list(folder.rglob("*_enhanced_enhanced*"))


def test_standard_input_to_standard_output(dark):
    buffer = io.BytesIO()
    dark.save(buffer, "PNG")
    result = enhance("-", "-o", "-", data=buffer.getvalue())
    assert result.returncode == 0
    assert reading.read(result.stdout).pixels.shape == (120, 160, 3)
    refused = enhance("-", data=b"text")
    assert refused.returncode == 1 and refused.stderr.count(b"\n") == 1
    assert refused.stderr.startswith(b"scotopic: standard input: ")


def test_standard_input_goes_into_files_and_folders_too(dark, tmp_path):
    buffer = io.BytesIO()
    dark.save(buffer, "JPEG")
    assert enhance("-", "-o", tmp_path / "a.png", data=buffer.getvalue()).returncode == 0
    assert enhance("-", "-o", f"{tmp_path}/out/", data=buffer.getvalue()).returncode == 0
    with Image.open(tmp_path / "a.png") as made, Image.open(tmp_path / "out/picture.jpg") as other:
        assert (made.format, other.format) == ("PNG", "JPEG")
    again = enhance("-", "-o", tmp_path / "a.png", data=buffer.getvalue())
    assert again.returncode == 1 and b"a.png: exists already" in again.stderr


def test_the_same_input_gives_the_same_bytes(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    made = [enhance(tmp_path / "a.png", "-o", "-").stdout for _ in range(2)]
    assert made[0] == made[1] and made[0]


@pytest.mark.parametrize("fault", ["empty", "text", "cut", "absent"])
def test_a_bad_file_gets_one_line_and_the_rest_goes_on(tmp_path, dark, fault):
    path = tmp_path / "bad.jpg"
    dark.save(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    content = {"empty": b"", "text": b"some text", "cut": whole[: len(whole) // 2]}.get(fault)
    if content is not None:
        path.write_bytes(content)
    result = enhance(path, tmp_path / "good.jpg", "-q")
    assert result.returncode == 1
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 2 and "bad.jpg" in lines[0] and "1 of 2" in lines[1]
    made = {p.name for p in tmp_path.iterdir()}
    assert made - {"bad.jpg"} == {"good.jpg", "good_enhanced.jpg"}


def test_one_pixel_is_a_picture(tmp_path):
    Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "a.png")
    assert enhance(tmp_path / "a.png").returncode == 0
    assert reading.read(tmp_path / "a_enhanced.png").pixels.shape == (1, 1, 3)


def test_a_target_that_cannot_be_written(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    (tmp_path / "file").write_text("in the way")
    result = enhance(tmp_path / "a.png", "-o", tmp_path / "file" / "b.png")
    assert result.returncode == 1 and result.stderr.count(b"\n") == 1
    assert {p.name for p in tmp_path.iterdir()} == {"a.png", "file"}


BAD_CALLS = {
    "unknown model": ("{picture}", "--model", "nonesuch"),
    "broken model": ("{picture}", "--model", "{broken}"),
    "exposure": ("{picture}", "--exposure", "2"),
    "exposure and ev": ("{picture}", "--exposure", "0.3", "--ev", "1"),
    "strength": ("{picture}", "--strength", "-1"),
    "format": ("{picture}", "--format", "doc"),
    "provider": ("{picture}", "--provider", "abacus"),
    "two into one": ("{picture}", "{picture}", "-o", "{out}"),
    "json and picture": ("{picture}", "-o", "-", "--json"),
    "no suffix": ("{picture}", "--suffix", ""),
    "unknown ending": ("{picture}", "-o", "{out}.jxr"),
    "typing error": ("{picture}", "-o", "night.jpgg"),
    "name and format": ("{picture}", "-o", "{out}", "--format", "jpg"),
    "read only format": ("{picture}", "-o", "night.heic"),
    "watch without folder": ("{folder}", "--watch"),
    "two from standard input": ("-", "{picture}"),
    "dry run as json": ("{picture}", "--dry-run", "--json"),
    "bright by a network that predicts none": (
        *("{picture}", "--skip-bright"),
        *("--model", "mirnet_small_lol"),
    ),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_a_bad_call_gets_one_line_and_code_two(tmp_path, dark, name):
    places = {
        "picture": tmp_path / "a.png",
        "folder": tmp_path / "empty",
        "broken": tmp_path / "broken.onnx",
        "out": tmp_path / "o.png",
    }
    places["folder"].mkdir()
    places["broken"].write_bytes(b"no network")
    dark.save(places["picture"])
    before = sorted(os.listdir(tmp_path))
    result = enhance(*(part.format(**places) for part in BAD_CALLS[name]))
    assert result.returncode == 2
    assert result.stderr.count(b"\n") == 1 and result.stderr.startswith(b"scotopic: ")
    assert sorted(os.listdir(tmp_path)) == before


def test_memory_is_a_size(tmp_path, dark):
    for wrong in ("lots", "-1G", "0", "1X", "1.2.3G", "nan"):
        result = enhance(tmp_path / "a.png", "--memory", wrong)
        assert result.returncode == 2 and b"512M" in result.stderr


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("512M", 2**29),
        ("1.5g", 3 * 2**29),
        ("1GB", 2**30),
        ("1GiB", 2**30),
        ("2kb", 2048),
        ("7", 7),
    ],
)
def test_sizes_are_read_as_people_write_them(text, wanted):
    assert size(text) == wanted


def test_an_empty_path_is_refused_wherever_it_stands(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    for arguments in (("",), (tmp_path / "a.png", ""), (tmp_path / "a.png", "-o", "")):
        result = enhance(*arguments)
        assert result.returncode == 2 and b"the path is empty" in result.stderr
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_dash_with_a_folder_before_it_is_a_file_and_not_standard_input(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    (tmp_path / "-").mkdir()
    dark.save(tmp_path / "-" / "b.png")
    command = [COMMAND, "enhance", "./-", "-o", "out"]
    subprocess.run(command, cwd=tmp_path, stdin=subprocess.DEVNULL, check=True)
    assert (tmp_path / "out" / "b.png").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is full")
def test_a_full_standard_output_ends_in_one_line(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    with open("/dev/full", "wb") as full:
        command = [COMMAND, "enhance", tmp_path / "a.png", "-o", "-"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1 and b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


def test_a_dry_run_says_what_exists_already(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    dark.save(tmp_path / "a_enhanced.png")
    told = enhance(tmp_path / "a.png", "--dry-run").stdout.decode()
    assert told.rstrip().endswith("a_enhanced.png (exists already)")
    assert "exists" not in enhance(tmp_path / "a.png", "--dry-run", "--overwrite").stdout.decode()


def test_a_folder_without_pictures_is_a_failure_and_not_a_wrong_call(tmp_path):
    result = enhance(tmp_path)
    assert result.returncode == 1 and b"no pictures in this folder" in result.stderr


def test_an_output_that_ends_with_a_slash_is_a_folder(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    assert enhance(tmp_path / "a.png", "-o", f"{tmp_path}/new.jpg/").returncode == 0
    assert (tmp_path / "new.jpg" / "a.png").exists()


def test_tracebacks_are_printed_when_asked_for_and_the_rest_goes_on(tmp_path, dark):
    dark.save(tmp_path / "b.png")
    (tmp_path / "a.png").write_bytes(b"no picture")
    result = enhance(tmp_path, "-vv", "-o", tmp_path / "out")
    assert result.returncode == 1 and b"Traceback" in result.stderr
    assert (tmp_path / "out" / "b.png").exists()
    assert b"Traceback" not in enhance(tmp_path / "a.png").stderr


def test_file_times_are_given_to_results_when_asked(tmp_path, dark):
    dark.save(tmp_path / "a.png")
    os.utime(tmp_path / "a.png", (1_000_000_000, 1_100_000_000))
    assert enhance(tmp_path / "a.png", "--keep-times").returncode == 0
    assert (tmp_path / "a_enhanced.png").stat().st_mtime == 1_100_000_000
    assert enhance(tmp_path / "a.png", "--overwrite").returncode == 0
    assert (tmp_path / "a_enhanced.png").stat().st_mtime > 1_200_000_000


def test_pictures_over_the_limit_are_refused_and_named(tmp_path):
    Image.new("L", (1100, 1000)).save(tmp_path / "large.png")
    refused = enhance(tmp_path / "large.png", "--max-megapixels", "1")
    assert refused.returncode == 1 and b"large.png: 1.1 megapixels" in refused.stderr
    assert b"use --max-megapixels" in refused.stderr


def test_the_version_is_told():
    assert run("--version").stdout.decode().strip().endswith(scotopic.__version__)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete_as_the_documentation_says(shell):
    assert f"_SCOTOPIC_COMPLETE={shell}_source scotopic" in (DOCS / "cli.md").read_text()
    environment = {**os.environ, "_SCOTOPIC_COMPLETE": f"{shell}_source"}
    told = subprocess.run([COMMAND], capture_output=True, env=environment, check=False).stdout
    assert b"_scotopic_completion" in told


def test_the_page_of_commands_is_up_to_date():
    code = "import sys; sys.path.insert(0, sys.argv[1]); import docs_commands; print(docs_commands.text(), end='')"
    done = subprocess.run([sys.executable, "-c", code, SCRIPTS], capture_output=True, check=True)
    assert done.stdout.decode() == (DOCS / "cli.md").read_text(), "run: make docs"


def test_the_demo_says_what_it_wrote(tmp_path):
    command = [sys.executable, SCRIPTS / "demo", DOCS / "sample_dark.png"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "pixels" in done.stdout and "mean level" in done.stdout
    assert len(list((tmp_path / "demo").iterdir())) == 1
