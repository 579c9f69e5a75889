"""Write ciede2000.json: values of another implementation; see PROVENANCE.md."""

import json
import sys
from pathlib import Path

import colour

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parent.parent)]
from test_measures import CASES, drawn_pair  # noqa: E402

WHITE = colour.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]


def to_lab(picture):
    """CIELAB of 8-bit sRGB."""
    return colour.XYZ_to_Lab(colour.sRGB_to_XYZ(picture / 255), WHITE)


values = []
for case in CASES:
    first, second = map(to_lab, drawn_pair(*case))
    difference = colour.delta_E(first, second, method="CIE 2000").mean()
    values.append({"case": case, "value": float(difference)})
(FOLDER / "ciede2000.json").write_text(json.dumps(values, indent=1) + "\n")
