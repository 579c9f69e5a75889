"""Films that tests share, made with ffmpeg; all of it is skipped without PyAV or ffmpeg."""

import pytest

pytest.importorskip("av", reason="PyAV (extra video) is missing")
import video_clips

from scotopic.enhancer import Enhancer


@pytest.fixture(scope="session")
def enhancer():
    with Enhancer("fast", threads=1) as made:
        yield made


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """The path of a film by the name of its case, made when it is first asked for."""
    if not video_clips.is_possible():
        pytest.skip("ffmpeg is missing")
    folder, made = tmp_path_factory.mktemp("films"), {}

    def path(name):
        if name not in made:
            place = folder / name
            place.mkdir()
            made[name] = getattr(video_clips, name)(place)
        return made[name]

    return path
