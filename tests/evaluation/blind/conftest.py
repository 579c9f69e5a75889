import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Folders of two photos of 96x64 and of three methods' results, by name."""
    rng = np.random.default_rng(0)
    names = {"dark": 1, "twice": 2, "thrice": 3, "noisy": 0}
    for name in names:
        (tmp_path / name).mkdir()
    for photo in ("1", "2"):
        pixels = rng.integers(0, 80, (64, 96, 3), dtype=np.uint8)
        for name, gain in names.items():
            made = gain * pixels if gain else rng.integers(0, 256, pixels.shape, dtype=np.uint8)
            Image.fromarray(made).save(tmp_path / name / f"{photo}.png")
    return {name: tmp_path / name for name in names}


@pytest.fixture
def results(photos):
    return [photos["twice"], photos["thrice"], photos["noisy"]]
