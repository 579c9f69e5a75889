"""The Python interface: the same kind comes back that was given."""

import inspect
import io
import os
import pickle
import re
import threading

import numpy as np
import pytest
from PIL import Image
from places import DOCS

import scotopic
from scotopic import Enhancer, Outcome
from scotopic.photo import reading


@pytest.fixture(scope="module")
def dark():
    coarse = np.random.default_rng(0).integers(0, 50, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((80, 60), Image.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def wanted(dark):
    return scotopic.enhance(np.asarray(dark))


@pytest.fixture
def png(dark, tmp_path):
    dark.save(tmp_path / "a.png")
    return tmp_path / "a.png"


def pixels_of(data):
    return reading.read(data).pixels


def format_of(path):
    return reading.read(path).format


def test_every_public_name_can_be_had_is_listed_and_is_documented():
    documented = set(re.findall(r"^## `(\w+)", (DOCS / "api.md").read_text(), re.MULTILINE))
    assert documented == set(scotopic.__all__) - {"__version__"}
    assert list(scotopic.__all__) == sorted(scotopic.__all__)
    for name in scotopic.__all__:
        assert getattr(scotopic, name) is not None
    assert set(scotopic.__all__) <= set(dir(scotopic))
    with pytest.raises(AttributeError, match="nonesuch"):
        scotopic.nonesuch  # noqa: B018


def test_an_array_comes_back_as_an_array(dark, wanted):
    assert wanted.dtype == np.uint8 and wanted.mean() > 2 * np.asarray(dark).mean()


def test_an_array_of_a_subclass_or_of_the_other_byte_order_is_taken_as_an_array(dark):
    gray = np.asarray(dark)[..., 0]
    plain = scotopic.enhance(gray)
    assert np.array_equal(scotopic.enhance(gray.view(np.matrix)), plain)
    assert np.array_equal(scotopic.enhance(np.ma.array(gray)), plain)
    deep = gray.astype(np.uint16) * 257
    for order in "<>":
        made = scotopic.enhance(deep.astype(f"{order}u2"))
        assert made.dtype == f"{order}u2" and np.array_equal(made, scotopic.enhance(deep))


def test_an_array_with_alpha_keeps_it(dark, wanted):
    alpha = np.full((60, 80, 1), 255, np.uint8)
    alpha[:2, :3] = 200
    made = scotopic.enhance(np.concatenate([np.asarray(dark), alpha], axis=-1))
    assert np.abs(made[..., :3].astype(int) - wanted).max() <= 2
    assert np.array_equal(made[..., 3:], alpha)


def test_an_image_comes_back_as_an_image(dark, wanted):
    image = scotopic.enhance(dark)
    assert isinstance(image, Image.Image) and np.array_equal(np.asarray(image), wanted)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_is_like_bytes_comes_back_as_bytes(png, wanted, kind):
    made = scotopic.enhance(kind(png.read_bytes()))
    assert isinstance(made, bytes) and np.array_equal(pixels_of(made), wanted)


def test_a_file_object_comes_back_as_one(png, wanted):
    with png.open("rb") as file:
        made = scotopic.enhance(file, format="webp", quality=100)
    assert isinstance(made, io.BytesIO)
    assert format_of(made.getvalue()) == "WEBP"


def test_a_path_comes_back_as_the_path_of_the_new_file(png, wanted):
    made = scotopic.enhance(png)
    assert made == png.with_name("a_enhanced.png")
    assert np.array_equal(pixels_of(made.read_bytes()), wanted)
    with pytest.raises(FileExistsError, match="pass overwrite=True"):
        scotopic.enhance(png)
    assert scotopic.enhance(str(png), overwrite=True) == made


def test_a_path_can_be_written_where_and_as_one_likes(png, tmp_path):
    assert scotopic.enhance(png, output=tmp_path / "b.jpg", quality=80) == tmp_path / "b.jpg"
    assert format_of(tmp_path / "b.jpg") == "JPEG"
    made = scotopic.enhance(png, output=f"{tmp_path}/new/", format="tiff")
    assert made == tmp_path / "new" / "a.tif" and format_of(made) == "TIFF"
    with pytest.raises(scotopic.InvalidValueError, match="jxr"):
        scotopic.enhance(png, output=tmp_path / "b.jxr")


def test_bytes_of_heic_become_jpeg_as_its_files_do(tmp_path):
    pillow_heif = pytest.importorskip("pillow_heif", reason="HEIC needs pillow-heif")
    image = Image.new("RGB", (64, 48), (20, 15, 10))
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer)
    assert format_of(scotopic.enhance(buffer.getvalue())) == "JPEG"
    (tmp_path / "a.heic").write_bytes(buffer.getvalue())
    assert scotopic.enhance(tmp_path / "a.heic").name == "a_enhanced.jpg"


def test_what_does_not_fit_the_kind_is_refused(dark, png):
    for wrong in (
        {"picture": np.asarray(dark), "output": "a.png"},
        {"picture": np.asarray(dark), "format": "png"},
        {"picture": dark, "quality": 90},
        {"picture": png.read_bytes(), "overwrite": True},
        {"picture": png, "exposure": 2},
        {"picture": png, "output": ""},
        {"picture": "", "exposure": 0.4},
        {"picture": io.StringIO(str(png))},
        {"picture": png, "max_megapixels": 0},
    ):
        with pytest.raises(ValueError):
            scotopic.enhance(**wrong)
    with pytest.raises(scotopic.ScotopicError, match="int"):
        scotopic.enhance(3)
    with pytest.raises(scotopic.ScotopicError, match="folder"):
        scotopic.enhance(png.parent)
    with pytest.raises(FileNotFoundError, match="absent.png"):
        scotopic.enhance(png.with_name("absent.png"))
    with pytest.raises(scotopic.UnreadableError):
        scotopic.enhance(b"text")


def test_a_picture_over_the_limit_says_what_to_pass(tmp_path):
    Image.new("L", (1100, 1000)).save(tmp_path / "a.png")
    with pytest.raises(scotopic.TooLargeError, match="pass max_megapixels=2") as caught:
        scotopic.enhance(tmp_path / "a.png", max_megapixels=1)
    remedy = caught.value.remedy
    assert scotopic.enhance(tmp_path / "a.png", **{remedy.name: remedy.value}).exists()


def test_progress_of_an_array_rises_to_one(dark):
    told = []
    scotopic.enhance(np.asarray(dark), progress=told.append)
    assert told and told == sorted(told) and told[-1] == 1


def test_errors_of_the_callers_callback_go_through_as_they_are(dark, png):
    class StopError(Exception):
        pass

    def stop(share):
        raise StopError

    for picture in (np.asarray(dark), dark, png, png.read_bytes()):
        with pytest.raises(StopError):
            scotopic.enhance(picture, progress=stop)
    assert not png.with_name("a_enhanced.png").exists()


@pytest.mark.parametrize(
    "wrong", [{"memory": "1G"}, {"memory": 0}, {"threads": 0}, {"threads": "2"}]
)
def test_an_enhancer_checks_what_it_is_given(wrong):
    with pytest.raises(scotopic.InvalidValueError):
        Enhancer(**wrong)


def test_progress_rises_to_one(png):
    told = []
    scotopic.enhance(png, progress=told.append, enhancer=Enhancer(memory=2**28))
    assert told == sorted(told) and told[-1] == 1 and 0 <= told[0] <= 1


def test_a_folder_gives_an_outcome_for_each_picture(dark, tmp_path):
    (tmp_path / "in" / "deep").mkdir(parents=True)
    dark.save(tmp_path / "in" / "a.jpg")
    dark.save(tmp_path / "in" / "deep" / "b.png")
    (tmp_path / "in" / "c.png").write_bytes(b"no picture")
    told = []

    def run():
        outcomes = scotopic.enhance_folder(
            tmp_path / "in", tmp_path / "out", jobs=2, progress=lambda *counts: told.append(counts)
        )
        return list(outcomes)

    first = run()
    assert all(isinstance(outcome, Outcome) for outcome in first)
    assert [outcome.status for outcome in first] == ["enhanced", "failed", "enhanced"]
    assert isinstance(first[1].error, scotopic.UnreadableError)
    assert first[2].target == tmp_path / "out" / "deep" / "b.png"
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert [outcome.status for outcome in run()] == ["skipped", "failed", "skipped"]
    with pytest.raises(FileNotFoundError):
        scotopic.enhance_folder(tmp_path / "nowhere")
    for wrong in ({"jobs": -1}, {"jobs": "x"}, {"output": ""}, {"ev": 99}):
        with pytest.raises(scotopic.InvalidValueError):
            scotopic.enhance_folder(tmp_path / "in", **wrong)


def test_a_folder_that_cannot_be_read_has_an_outcome_too(tmp_path, monkeypatch):
    (tmp_path / "locked").mkdir()
    scandir = os.scandir

    def guarded(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    (outcome,) = scotopic.enhance_folder(tmp_path)
    assert outcome.status == "failed" and isinstance(outcome.error, scotopic.AccessError)
    assert outcome.source == str(tmp_path / "locked")


def test_an_enhancer_goes_through_pickle(dark, wanted):
    again = pickle.loads(pickle.dumps(Enhancer(memory=2**30)))
    assert again.memory == 2**30
    assert np.array_equal(scotopic.enhance(np.asarray(dark), enhancer=again), wanted)


def test_an_enhancer_is_a_context_and_serves_many_threads(dark, wanted):
    made = []
    with Enhancer() as enhancer:
        threads = [
            threading.Thread(
                target=lambda: made.append(enhancer.enhance_array(np.asarray(dark))[0])
            )
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(made) == 6 and all(np.array_equal(one, wanted) for one in made)


def test_models_are_described():
    found = {model["name"]: model for model in scotopic.models()}
    assert len(found["standard"]["sha256"]) == 64
    assert found["mirnet"]["file"] is None


@pytest.mark.parametrize("function", [scotopic.enhance, scotopic.enhance_folder])
def test_the_documentation_has_every_argument_with_its_default(function):
    page = (DOCS / "api.md").read_text()
    (told,) = re.findall(rf"^`{function.__name__}\(([^`]*)\)`", page, re.MULTILINE)
    names = inspect.signature(function).parameters.values()
    written = [p.name if p.default is p.empty else f"{p.name}={p.default}" for p in names]
    assert [one for one in re.split(r",\s+", told) if one != "*"] == written


def test_the_examples_in_the_documentation_run():
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "api.md").read_text(), re.DOTALL)
    assert len(blocks) == 6
    for block in blocks:
        exec(compile(block, "api.md", "exec"), {})
