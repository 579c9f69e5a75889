"""Write ms_ssim.json: values of another implementation; see PROVENANCE.md."""

import json
import sys
from pathlib import Path

import tensorflow as tf

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parent.parent)]
from test_measures import CASES, drawn_pair  # noqa: E402

values = []
for case in CASES:
    first, second = (tf.constant(x[None] / 255.0) for x in drawn_pair(*case))
    values.append({"case": case, "value": float(tf.image.ssim_multiscale(first, second, 1.0)[0])})
(FOLDER / "ms_ssim.json").write_text(json.dumps(values, indent=1) + "\n")
