"""Errors as data."""

import pickle

import pytest

from scotopic import errors
from scotopic.errors import Parameter, ScotopicError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type)]
KINDS = [kind for kind in KINDS if issubclass(kind, ScotopicError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_through_pickle_whole(kind):
    error = kind("it exists", path="a/b.png", remedy=Parameter("overwrite"))
    for told in (error, pickle.loads(pickle.dumps(error))):
        assert type(told) is kind
        assert str(told) == "a/b.png: it exists; pass overwrite=True"
        assert (told.message, told.path, told.remedy.name) == ("it exists", "a/b.png", "overwrite")


def test_a_path_is_given_once():
    error = ScotopicError("damaged:\n twice").about("a.png")
    assert str(error) == "a.png: damaged: twice"
    assert str(error.about("b.png")) == "a.png: damaged: twice"


def test_errors_are_what_python_calls_them():
    assert issubclass(errors.InvalidValueError, ValueError)
    assert issubclass(errors.TargetExistsError, FileExistsError)
    assert issubclass(errors.MissingFileError, FileNotFoundError)
    assert issubclass(errors.MissingPackageError, ImportError)


@pytest.mark.parametrize(
    "remedy",
    [
        Parameter("overwrite"),
        Parameter("memory", 209885888, "Enhancer"),
        Parameter("format", "png to Enhancer"),
    ],
)
def test_a_parameter_is_read_as_it_is_written(remedy):
    assert Parameter.read(str(remedy)) == remedy


@pytest.mark.parametrize("text", ["", "name a folder instead", "pass the token", "pass a=b"])
def test_other_remedies_are_read_as_none(text):
    assert Parameter.read(text) is None
