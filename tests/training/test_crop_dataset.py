import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="training needs keras")

from sample_files import exif_with

from scotopic.errors import InvalidValueError, UnreadableError
from scotopic.training import crop_dataset
from scotopic.training.losses import psnr


@pytest.fixture
def paths(tmp_path):
    """Six pairs whose reference is the dark picture plus 100, and all pixels differ."""
    made = []
    for kind, level in (("low", 0), ("high", 100)):
        (tmp_path / kind).mkdir()
        for index in range(6):
            plane = np.arange(40 * 48).reshape(40, 48) % 97 + level
            picture = np.stack([plane, np.full_like(plane, index + level), plane], -1)
            Image.fromarray(picture.astype(np.uint8)).save(tmp_path / kind / f"{index}.png")
        made.append(sorted((tmp_path / kind).iterdir()))
    return made


def check_batches(batches, sizes):
    assert [len(low) for low, _ in batches] == sizes
    for low, high in batches:
        low, high = np.asarray(low), np.asarray(high)
        assert low.shape[1:] == (32, 32, 3) and low.dtype == np.float32
        assert np.allclose(high - low, 100 / 255), "crops of the two are aligned"
    seen = [round(float(low[0, 0, 1]) * 255) for lows, _ in batches for low in np.asarray(lows)]
    assert sorted(seen) == list(range(6)), "each picture once an epoch"
    return seen


def test_crops_are_aligned_and_drawn_anew_each_epoch(paths):
    dataset = crop_dataset.CropDataset(*paths, crop=32, batch_size=4, seed=1)
    epochs = []
    for _ in range(2):
        epochs.append([dataset[index] for index in range(len(dataset))])
        check_batches(epochs[-1], [4, 2])
        dataset.on_epoch_end()
    assert not np.array_equal(epochs[0][0][0], epochs[1][0][0])
    again = crop_dataset.CropDataset(*paths, crop=32, batch_size=4, seed=1)
    assert np.array_equal(again[0][0], epochs[0][0][0])


def test_it_is_a_tensorflow_dataset_where_there_is_one(paths):
    tf = pytest.importorskip("tensorflow", reason="tensorflow is not installed")
    dataset = crop_dataset.get_dataset(*paths, crop=32, batch_size=4, seed=1)
    assert isinstance(dataset, tf.data.Dataset)
    first, second = ([(a.numpy(), b.numpy()) for a, b in dataset] for _ in range(2))
    orders = [check_batches(epoch, [4, 2]) for epoch in (first, second)]
    again = crop_dataset.get_dataset(*paths, crop=32, batch_size=4, seed=1)
    assert np.array_equal(first[0][0], next(iter(again))[0].numpy())
    assert orders[0] != orders[1] or not np.array_equal(first[0][0], second[0][0])


def test_keras_fits_on_it_where_tensorflow_is_absent(paths, monkeypatch):
    if keras.backend.backend() == "tensorflow":
        pytest.skip("stands for backends without TensorFlow")
    monkeypatch.setattr(crop_dataset.importlib.util, "find_spec", lambda name: None)
    dataset = crop_dataset.get_dataset(*paths, crop=32)
    assert isinstance(dataset, crop_dataset.CropDataset)
    network = keras.Sequential([keras.layers.Conv2D(3, 1, kernel_initializer="zeros")])
    network.compile(optimizer=keras.optimizers.Adam(0.02), loss="mae", metrics=[psnr])
    history = network.fit(dataset, epochs=8, verbose=0).history
    assert history["psnr"][-1] > history["psnr"][0] + 3


def test_bad_lists_are_refused_and_named(paths):
    low, high = paths
    with pytest.raises(InvalidValueError, match="6 dark pictures, but 5 references"):
        crop_dataset.get_dataset(low, high[:-1])
    with pytest.raises(InvalidValueError, match="no pictures were given"):
        crop_dataset.get_dataset([], [])
    with pytest.raises(
        InvalidValueError, match=r"0\.png: not a pair, since the name of .*1\.png differs"
    ):
        crop_dataset.get_dataset(low[:2], high[1::-1])
    with pytest.raises(InvalidValueError, match=r"0\.png: a crop of 41 does not fit 48x40"):
        crop_dataset.get_dataset(low, high, crop=41)
    Image.new("RGB", (50, 40)).save(high[3])
    with pytest.raises(InvalidValueError, match=r"3\.png: .*differ in size: 48x40 and 50x40"):
        crop_dataset.get_dataset(low, high, crop=32)
    high[3].write_bytes(b"no picture")
    with pytest.raises(UnreadableError, match=r"3\.png"):
        crop_dataset.get_dataset(low, high, crop=32)


def test_a_file_cut_short_is_named_when_it_is_read(paths):
    low, high = paths
    low[2].write_bytes(low[2].read_bytes()[:-200])
    with pytest.raises(UnreadableError, match=r"2\.png"):
        crop_dataset.load_data(low[2], high[2], 32, np.random.default_rng(0))


def test_sizes_are_compared_upright(paths):
    low, high = ([part[0].with_suffix(".jpg")] for part in paths)
    Image.open(paths[0][0]).transpose(Image.Transpose.ROTATE_90).save(
        low[0], exif=exif_with(6), quality=100, subsampling=0
    )
    Image.open(paths[1][0]).save(high[0], quality=100, subsampling=0)
    (lows, highs), *_ = crop_dataset.CropDataset(low, high, crop=40)
    assert np.abs(highs - lows - 100 / 255).mean() < 0.05, "the pictures are turned upright"
    Image.open(paths[0][0]).save(low[0], exif=exif_with(6))
    with pytest.raises(InvalidValueError, match="differ in size: 40x48 and 48x40"):
        crop_dataset.CropDataset(low, high, crop=32)
