from pathlib import Path

import pytest

from scotopic.errors import InvalidValueError
from scotopic.evaluation.request import ModelRun, Request

FOLDER = Path("folder")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "nothing to evaluate"),
        ({"run": ModelRun(), "results": [FOLDER], "inputs": FOLDER}, "not both"),
        ({"run": ModelRun(), "references": FOLDER}, "a model needs a folder of inputs"),
        ({"run": ModelRun(sheet=True), "inputs": FOLDER}, "a contact sheet needs"),
        (
            {"run": ModelRun(exposure_from="reference"), "inputs": FOLDER},
            "needs a folder of references",
        ),
        ({"results": [FOLDER], "trained_on": [FOLDER]}, "needs a folder of references"),
    ],
)
def test_contradictory_and_incomplete_requests_are_refused(fields, message):
    with pytest.raises(InvalidValueError, match=message):
        Request(**fields)


def test_an_unknown_source_of_the_exposure_is_refused():
    with pytest.raises(
        InvalidValueError, match="automatic, unlimited, reference; not from 'guess'"
    ):
        ModelRun(exposure_from="guess")


def test_complete_requests_are_accepted():
    Request(results=[FOLDER])
    Request(run=ModelRun(), inputs=FOLDER)
    Request(run=ModelRun(sheet=True), inputs=FOLDER, references=FOLDER, trained_on=[FOLDER])
