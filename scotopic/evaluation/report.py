"""The HTML report: one file with tables, plots and a viewer for pictures."""

from __future__ import annotations

import html
import json
import math
from importlib import resources
from typing import Any

from scotopic.evaluation import records
from scotopic.evaluation.columns import columns
from scotopic.evaluation.evaluate import Evaluation
from scotopic.evaluation.gallery import Gallery
from scotopic.evaluation.request import Request
from scotopic.version import __version__

_EXPOSED = {
    "automatic": "",
    "unlimited": " at the exposure that it predicts, without limits",
    "reference": " at the mean level of the reference, which it is given",
}


def html_report(request: Request, evaluation: Evaluation) -> str:
    """One HTML file that needs no other file and no network.

    Parameters
    ----------
    request : Request
        With `page` set; otherwise the report shows no pictures.
    evaluation : Evaluation
        What came of the request.
    """
    template = resources.files("scotopic.evaluation").joinpath("report.html")
    page = template.read_text(encoding="utf-8")
    # "<" is escaped, so that no name of a file can end the element of the data.
    data = json.dumps(_content(evaluation), allow_nan=False).replace("<", "\\u003c")
    page = page.replace("{{version}}", __version__)
    page = page.replace("{{protocol}}", html.escape(_protocol(request, evaluation)))
    return page.replace("{{data}}", data)


def _content(evaluation: Evaluation) -> dict[str, Any]:
    scores = [score for scores in evaluation.scores.values() for score in scores]
    return {
        "methods": {
            name: {
                **records.summary_record(name, method),
                "pictures": [records.picture_record(name, score) for score in method.scores],
                "gallery": _gallery(method.gallery),
            }
            for name, method in evaluation.methods.items()
        },
        "differences": list(records.difference_records(evaluation)),
        "labels": {column.key: [column.label, column.digits] for column in columns(scores)},
        "warnings": evaluation.warnings(),
        "failures": [str(failure.error) for failure in evaluation.failures],
    }


def _gallery(gallery: Gallery) -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name,
            "value": entry.value if math.isfinite(entry.value) else None,
            "views": entry.views,
        }
        for entry in gallery.entries
    ]


def _protocol(request: Request, evaluation: Evaluation) -> str:
    if request.run:
        exposed = _EXPOSED[request.run.exposure_from]
        what = f"the results of {request.run.model} for {request.inputs}{exposed}"
    else:
        what = f"the results in {', '.join(evaluation.methods)}"
    against = f"against {request.references}" if request.references else "without references"
    return (
        f"Scores of {what}, {against}. Results are scored as saved, with 8 bits unless noted. "
        "PSNR is computed over all pixels and channels. SSIM is that of Wang et al. 2004, the "
        "mean of the channels. GT-mean scores are computed after the result is scaled to the "
        "mean gray of the reference. Intervals are by bootstrap over the pictures."
    )
