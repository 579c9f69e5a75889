"""Write niqe.json, values of scikit-video; see PROVENANCE.md.

    pip install scikit-video scipy && python tests/measures/golden/make_niqe.py

scikit-video 1.1.11 needs names that NumPy and SciPy have dropped since: they
are given here as they were.
"""

import json
import sys
from pathlib import Path

import numpy as np
import scipy
from PIL import Image


def imresize(array, size, interp, mode):
    """`scipy.misc.imresize` of SciPy 1.1 for a fraction and mode F."""
    image = Image.fromarray(array.astype(np.float32))
    half = tuple((np.array(image.size) * size).astype(int))
    return np.asarray(image.resize(half, Image.Resampling.BICUBIC))


np.float, np.int = float, int
sys.modules["scipy.misc"] = scipy.misc = type(sys)("scipy.misc")
scipy.misc.imresize = imresize

from skvideo.measure import niqe  # noqa: E402

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parent.parent)]
from test_measures import NIQE_CASES, drawn_pair  # noqa: E402

values = []
for case in NIQE_CASES:
    plane = drawn_pair(*case)[0] @ np.array([0.299, 0.587, 0.114])
    values.append({"case": case, "value": float(niqe(plane.astype(np.float32))[0])})
(FOLDER / "niqe.json").write_text(json.dumps(values, indent=1) + "\n")
