"""What is in a film and in its result: streams, times, colours, by ffprobe."""

import numpy as np
import pytest
import video_streams as streams

from scotopic.errors import TargetExistsError
from scotopic.video import containers
from scotopic.video.one import enhance_film
from scotopic.video.settings import VideoSettings

BUILT = {"encoder", "major_brand", "minor_version", "compatible_brands"}


@pytest.fixture(scope="session")
def enhanced(film, enhancer, tmp_path_factory):
    """Source, result and outcome of a case, made once."""
    folder, made = tmp_path_factory.mktemp("results"), {}

    def run(name):
        if name not in made:
            source = film(name)
            suffix = containers.suffix_of_result(source)
            target = folder / f"{name}{suffix}"
            outcome = enhance_film(enhancer, source, target, VideoSettings())
            made[name] = source, target, outcome
        return made[name]

    return run


def differences(source, result, *passed_over):
    """What ffprobe says of one and not of the other."""
    before, after = streams.said(source), streams.said(result)
    names = {name for name in before | after if before.get(name) != after.get(name)}
    ours = ("encoder", "brand", "minor_version", *passed_over)
    return {name for name in names if not any(part in name for part in ours)}


ALIKE = [
    "two_audio",
    "two_audio_mkv",
    "subtitles",
    "subtitles_mp4",
    "chapters",
    "chapters_mp4",
    "rotated",
    "variable_rate",
    "variable_rate_mkv",
    "ten_bits",
    "ten_bits_h264",
    "odd_size",
    "odd_size_444",
    "anamorphic",
    "anamorphic_mp4",
    "late_audio",
    "late_pictures",
    "edit_list",
    "cover",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALIKE)
def test_a_result_is_in_everything_like_its_source(enhanced, name):
    source, target, outcome = enhanced(name)
    # The sum of packets' lengths, and so the length of a stream of Matroska, is its muxer's.
    # Of the film at a variable rate, ffmpeg wrote a length that ends before its last frame.
    by_muxer = target.suffix in (".mkv", ".webm") or name == "variable_rate"
    passed_over = ("duration",) if by_muxer else ()
    assert differences(source, target, *passed_over) == set()
    assert outcome.notes == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ALIKE, "truncated", "truncated_mp4", "prores", "avi"])
def test_the_packets_of_copied_streams_are_identical(enhanced, name):
    source, target, _ = enhanced(name)
    told = list(streams.copied(source, target))
    assert bool(told) == (name != "ten_bits_h264")
    assert all("identical" in line for line in told)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*ALIKE, "truncated", "truncated_mp4", "no_audio", "prores"])
def test_the_stamps_of_the_pictures_are_exact(enhanced, name):
    source, target, _ = enhanced(name)
    before, after = streams.stamps(source), streams.stamps(target)
    assert len(before) > 20
    assert before == after


@pytest.mark.slow
@pytest.mark.parametrize("name", ["late_audio", "late_pictures", "edit_list", "two_audio"])
def test_pictures_and_sound_stay_together(enhanced, name):
    source, target, _ = enhanced(name)
    starts = [streams.stamps(path)[0] - streams.stamps(path, "a:0")[0] for path in (source, target)]
    assert starts[0] == pytest.approx(starts[1], abs=0.0005)


@pytest.mark.slow
def test_a_film_is_brighter_and_shows_the_same(enhanced):
    import av

    source, target, _ = enhanced("two_audio")
    with av.open(str(source)) as one, av.open(str(target)) as other:
        for before, after in zip(one.decode(video=0), other.decode(video=0), strict=True):
            first, second = (frame.to_ndarray(format="gray") for frame in (before, after))
            assert second.mean() > 1.3 * first.mean()
            assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("truncated", "it ends early"),
        ("truncated_mp4", "it ends early"),
        ("damaged", "it ends early"),
        ("stamps_back", "6 frames had no stamp or one that does not rise"),
        ("odd_size_mjpeg", "161x91, and are 162x92"),
        ("odd_size_mjpeg", "were MJPEG, and are encoded as h264"),
        ("prores", "were PRORES, and are encoded as h264"),
    ],
)
def test_what_is_not_as_it_was_is_said(enhanced, name, note):
    _, target, outcome = enhanced(name)
    assert any(note in each for each in outcome.notes)
    assert len(streams.stamps(target)) == outcome.made.frames > 20


@pytest.mark.slow
def test_stamps_that_do_not_rise_cost_no_frame(enhanced):
    source, target, _ = enhanced("stamps_back")
    before, after = streams.stamps(source), streams.stamps(target)
    assert len(before) == len(after) == 50
    assert after == sorted(set(after))
    assert sum(one != other for one, other in zip(before, after, strict=True)) <= 8
    assert after[-1] == before[-1]


@pytest.mark.slow
def test_other_containers_become_matroska(enhanced):
    source, target, outcome = enhanced("other_container")
    assert (source.suffix, target.suffix, outcome.format) == (".ts", ".mkv", "Matroska")
    before, after = streams.stamps(source), streams.stamps(target)
    assert np.abs(np.subtract(before, after)).max() < 0.001


@pytest.mark.slow
def test_a_time_code_is_kept(enhanced):
    _, target, outcome = enhanced("no_audio")
    assert "01:00:00:00" in streams.said(target).values()
    assert outcome.notes == ()


@pytest.mark.slow
def test_a_stream_that_does_not_fit_is_said(film, enhancer, tmp_path):
    target = tmp_path / "result.mp4"
    outcome = enhance_film(enhancer, film("subtitles"), target, VideoSettings())
    left_out = [note for note in outcome.notes if "does not fit into MP4" in note]
    assert len(left_out) == 3  # SubRip, ASS, and the attachment
    assert all("Matroska (.mkv)" in note for note in left_out)
    assert [kind for _, kind in streams.kinds(target)] == ["video", "audio"]


def test_a_file_that_is_there_is_not_replaced(film, enhancer, tmp_path):
    target = tmp_path / "result.mp4"
    target.write_bytes(b"mine")
    with pytest.raises(TargetExistsError):
        enhance_film(enhancer, film("plain"), target, VideoSettings())
    assert target.read_bytes() == b"mine"
    assert [path.name for path in tmp_path.iterdir()] == ["result.mp4"]


def test_a_film_does_not_take_its_own_place(film, enhancer):
    source = film("plain")
    before = source.read_bytes()
    with pytest.raises(ValueError, match="its own source"):
        enhance_film(enhancer, source, source, VideoSettings(overwrite=True))
    assert source.read_bytes() == before


@pytest.mark.slow
def test_a_preview_is_reduced(film, enhancer, tmp_path):
    import video_clips

    large = tmp_path / "large.mp4"
    picture = video_clips.picture("1280x720", seconds=0.4)
    video_clips.ffmpeg(*picture, "-c:v", "libx264", "-preset", "ultrafast", str(large))
    outcome = enhance_film(enhancer, large, tmp_path / "a.mp4", VideoSettings(preview=True))
    assert outcome.made.size == (640, 360)
    said = streams.said(tmp_path / "a.mp4")
    assert (said["#0 width"], said["#0 height"]) == ("640", "360")
    assert streams.stamps(large) == streams.stamps(tmp_path / "a.mp4")
