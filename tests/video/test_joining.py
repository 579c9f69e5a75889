"""Times of packets, of which a file's length follows."""

from fractions import Fraction
from types import SimpleNamespace

import pytest

from scotopic.video.containers import CONTAINERS
from scotopic.video.joining import _timed
from scotopic.video.segments import Packet

BY_NAME = {container.name: container for container in CONTAINERS}


def timed(stamps, container, end=None, step=512):
    """Times and durations of frames that were encoded in this order of showing."""
    packets = [Packet(stamp, step, index == 0, b"x") for index, stamp in enumerate(stamps)]
    store = SimpleNamespace(stamps=lambda: packets, packets=lambda: packets)
    film = SimpleNamespace(rate=Fraction(12800, step), time_base=Fraction(1, 12800))
    made = _timed(store, film, end, BY_NAME[container])
    return [(each.dts, each.packet.pts, each.packet.duration) for each in made]


def length(packets):
    """What MP4 has as a stream's length: by the times of decoding, as FFmpeg's movenc.c."""
    return packets[-1][0] - packets[0][0] + packets[-1][2]


ORDERS = [
    [0, 512, 1024, 1536],
    [0, 1536, 1024, 512],
    [0, 2048, 1024, 512, 1536],
    [0, 1024, 512, 2048, 1536],
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("held", [0, 100, 256, 5000])
@pytest.mark.parametrize("container", ["MP4", "QuickTime"])
def test_a_stream_is_as_long_as_its_source_whatever_is_decoded_last(order, held, container):
    end = max(order) + 512 + held
    packets = timed(order, container, end)
    assert length(packets) == end
    assert max(pts + duration for _, pts, duration in packets) == end


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("container", list(BY_NAME))
def test_times_of_decoding_rise_and_are_before_those_of_showing(order, container):
    packets = timed(order, container, max(order) + 700)
    times = [dts for dts, _, _ in packets]
    assert times == sorted(set(times))
    assert all(dts <= pts for dts, pts, _ in packets)


def test_in_matroska_each_frame_lasts_until_the_next_is_shown():
    packets = timed([0, 2048, 1024, 512, 1536], "Matroska", 3000)
    assert {pts: duration for _, pts, duration in packets} == {
        0: 512,
        512: 512,
        1024: 512,
        1536: 512,
        2048: 952,
    }
