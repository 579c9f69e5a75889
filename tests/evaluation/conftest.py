import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folders(tmp_path):
    """Folders of two dark pictures and of their references, eight times as bright."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        coarse = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
        high = np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))
        for kind, pixels in (("low", high // 8), ("high", high)):
            (tmp_path / kind).mkdir(exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / kind / f"{name}.png")
    return tmp_path / "low", tmp_path / "high"
