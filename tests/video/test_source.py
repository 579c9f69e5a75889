"""Films that are read: what they are like, which are refused, and stamps that only rise."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from scotopic.errors import MissingFileError, UnreadableError
from scotopic.video import source

BASE = Fraction(1, 1000)
STREAM = SimpleNamespace(
    time_base=BASE, average_rate=Fraction(25), guessed_rate=None, base_rate=None
)


def mended(*stamps):
    """Stamps after those of decoded frames, and what was met."""
    reader = source.Reader(None, STREAM)
    frames = [SimpleNamespace(pts=pts, dts=None, is_corrupt=False) for pts in stamps]
    reader.decoded = lambda: iter(frames)
    return [stamp for stamp, _ in reader.frames()], reader.met


def test_stamps_that_rise_stay_as_they_are():
    stamps, met = mended(7, 40, 43, 1000, 60_000)
    assert stamps == [7, 40, 43, 1000, 60_000]
    assert met == source.Met()


def test_after_a_stamp_that_does_not_rise_all_others_are_exact():
    stamps, met = mended(0, 40, 200, 120, 160, 240, 280)
    assert stamps == [0, 40, 200, 205, 210, 240, 280]
    assert met.moved == 2


def test_a_missing_stamp_comes_one_step_later():
    stamps, met = mended(0, None, 80, 80)
    assert stamps == [0, 40, 80, 85]
    assert met.moved == 2


def test_a_film_without_any_stamp_runs_at_its_rate():
    stamps, _ = mended(None, None, None)
    assert stamps == [0, 40, 80]


def test_stamps_that_begin_anew_go_on():
    stamps, met = mended(5000, 5040, 0, 40, 80)
    assert stamps == [5000, 5040, 5080, 5120, 5160]
    assert (met.joints, met.moved) == (1, 0)
    assert list(met.notes()) == ["the stamps begin anew in 1 places, and were made to go on"]


def test_what_was_met_is_told_in_sentences():
    met = source.Met(undecodable=3, damaged=2, interlaced=1, unread=1)
    told = " ".join(met.notes())
    for part in ("3 packets", "2 frames are damaged", "1 frames are marked", "1 times"):
        assert part in told


def test_a_film_is_described(film):
    found = source.probe(str(film("ten_bits")))
    assert (found.width, found.height, found.bits, found.chroma) == (192, 108, 10, "420")
    assert (found.codec, found.rate, found.frames) == ("hevc", 25, 50)
    assert (found.colours.matrix, found.colours.primaries, found.colours.transfer) == (1, 1, 1)


def test_the_chroma_of_a_film_is_told(film):
    assert source.probe(str(film("odd_size_444"))).chroma == "444"
    assert source.probe(str(film("prores"))).chroma == "422"
    assert source.probe(str(film("plain"))).chroma == "420"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("hdr", "PQ"), ("interlaced", "interlaced"), ("no_frames", "not a film that can be read")],
)
def test_what_is_not_enhanced_is_refused_in_one_line(film, name, reason):
    path = str(film(name))
    with pytest.raises(UnreadableError) as caught:
        source.probe(path)
    assert reason in str(caught.value)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_film_is_refused(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"no film at all" * 100)
    with pytest.raises(UnreadableError, match="not a film that can be read"):
        source.probe(str(path))
    path.write_bytes(b"")
    with pytest.raises(UnreadableError, match="not a film that can be read"):
        source.probe(str(path))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(MissingFileError, match="no such file"):
        source.probe(str(tmp_path / "film.mp4"))


def test_a_picture_is_sent_to_the_other_command(tmp_path):
    from PIL import Image

    path = tmp_path / "picture.png"
    Image.new("RGB", (64, 48)).save(path)
    with pytest.raises(UnreadableError, match="scotopic enhance is for pictures"):
        source.probe(str(path))


def test_a_sound_alone_has_no_pictures(film, tmp_path):
    import video_clips

    film("plain")
    path = tmp_path / "sound.mkv"
    video_clips.ffmpeg(*video_clips.tone(), "-c:a", "flac", str(path))
    with pytest.raises(UnreadableError, match="has no moving pictures"):
        source.probe(str(path))
