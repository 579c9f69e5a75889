import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from scotopic import metrics, photo
from scotopic.enhancer import Enhancer


@pytest.fixture(scope="module")
def dark():
    coarse = np.random.default_rng(0).integers(0, 50, (12, 16, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((700, 530), Image.Resampling.BICUBIC))


def run(*arguments, data=None):
    command = [sys.executable, "-m", "scotopic", "enhance", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, input=data, check=False)


def test_tiles_joined_are_the_picture_whole(dark):
    whole, one = Enhancer().enhance_array(dark)
    parts, many = Enhancer(memory=1).enhance_array(dark)
    assert one.tiles == 1 < many.tiles
    assert np.abs(whole.astype(int) - parts).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (17, 33, 3), (40, 50)])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_any_size_and_type_comes_back_the_same(shape, kind):
    scale = 1 if kind == np.float32 else np.iinfo(kind).max
    picture = (np.random.default_rng(1).random(shape) * 0.2 * scale).astype(kind)
    result, report = Enhancer().enhance_array(picture)
    assert (result.shape, result.dtype) == (picture.shape, picture.dtype)
    assert report.gain >= 1


def test_no_strength_gives_the_picture_back(dark):
    assert np.array_equal(Enhancer().enhance_array(dark, strength=0)[0], dark)


def test_command_keeps_profile_and_exif_and_never_overwrites(tmp_path, dark):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    source = tmp_path / "a.jpg"
    Image.fromarray(dark).save(source, exif=exif, icc_profile=b"profile" * 20)
    result = run(source, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["automatic"]["gain"] >= 1
    with Image.open(tmp_path / "a_enhanced.jpg") as made:
        assert made.size == dark.shape[:2]
        assert (made.getexif()[0x0112], made.getexif()[0x010F]) == (1, "Maker")
        assert made.info["icc_profile"] == b"profile" * 20
    again = run(source)
    assert again.returncode == 1 and b"exists" in again.stderr


def test_sixteen_bits_stay_sixteen(tmp_path):
    pixels = np.random.default_rng(2).integers(0, 9000, (40, 50, 3), dtype=np.uint16)
    for form in ("PNG", "TIFF"):
        data = photo.encode(photo.Photo(pixels), form)
        assert np.array_equal(photo.read(data).pixels, pixels)


@pytest.mark.parametrize(
    "name, content", [("a.jpg", b""), ("b.jpg", b"no picture"), ("c.jpg", None)]
)
def test_bad_input_gets_one_line(tmp_path, dark, name, content):
    path = tmp_path / name
    if content is None:
        Image.fromarray(dark).save(path)
        content = path.read_bytes()[:3000]
    path.write_bytes(content)
    result = run(path)
    assert result.returncode == 1
    assert result.stderr.count(b"\n") == 1 and name.encode() in result.stderr
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_bad_calls_get_one_line(tmp_path):
    for arguments in (
        (tmp_path,),
        (tmp_path / "x.png", "--model", "nothing"),
        (tmp_path / "x.png", "--exposure", "2"),
    ):
        result = run(*arguments)
        assert result.returncode == 2 and result.stderr.count(b"\n") == 1


def test_enhancing_imports_no_training_framework(tmp_path, dark):
    source = tmp_path / "a.png"
    Image.fromarray(dark).save(source)
    code = (
        "import sys; from scotopic.cli import main\n"
        f"try: main(['enhance', {str(source)!r}, '-q'])\n"
        "except SystemExit: pass\n"
        "print({'keras', 'torch', 'tensorflow', 'jax'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_convention_psnr_and_ssim_are_scikit_images():
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    a, b = np.random.default_rng(3).integers(0, 256, (2, 40, 50, 3), dtype=np.uint8)
    assert metrics.psnr(a, b) == pytest.approx(peak_signal_noise_ratio(a, b), abs=1e-9)
    theirs = structural_similarity(
        a, b, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert metrics.ssim(a, b) == pytest.approx(theirs, abs=1e-6)
