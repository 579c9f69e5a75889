"""TIFF files with EXIF, made byte by byte."""

import struct

import numpy as np

ASCII, SHORT, LONG, UNDEFINED, LONG8 = 2, 3, 4, 7, 16
SIZES = {ASCII: 1, SHORT: 2, LONG: 4, UNDEFINED: 1, LONG8: 8}
EXIF, GPS, INTEROP, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
AUTHOR, LENS = "José Ñandú", "50mm ƒ/1.4"
TITLE = "夜の街"
FIRMWARE = b"Firmware Version 1.1.1\0"


def dark_pixels(height=24, width=40):
    """A dark picture without noise, uint8."""
    row = np.linspace(0, 60, width)
    return np.repeat(np.stack([row, row * 0.7, row[::-1] * 0.5], -1)[None], height, 0).astype("u1")


class Writer:
    """A file in memory, in a byte order; ``big`` for a BigTIFF."""

    def __init__(self, order="little", big=False):
        self.sign = "<" if order == "little" else ">"
        self.big = big
        mark = b"II" if order == "little" else b"MM"
        rest = ("HHHQ", 43, 8, 0, 0) if big else ("HI", 42, 0)
        self.data = bytearray(mark + self.packed(*rest))

    def packed(self, form, *numbers):
        return struct.pack(self.sign + form, *numbers)

    def put(self, part):
        """Where a part has been put."""
        self.data += bytes(len(self.data) % 2)
        place = len(self.data)
        self.data += part
        return place

    def value(self, kind, given):
        if isinstance(given, bytes):
            return given
        numbers = given if isinstance(given, (list, tuple)) else [given]
        return self.packed({SHORT: "H", LONG: "I", LONG8: "Q"}[kind] * len(numbers), *numbers)

    def directory(self, entries):
        """The place of a directory; entries are (tag, type, bytes or numbers)."""
        room, lines = 8 if self.big else 4, []
        for tag, kind, given in sorted(entries, key=lambda entry: entry[0]):
            stored = self.value(kind, given)
            count = len(stored) // SIZES[kind]
            if len(stored) > room:
                stored = self.packed("Q" if self.big else "I", self.put(stored))
            head = self.packed("HHQ" if self.big else "HHI", tag, kind, count)
            lines.append(head + stored.ljust(room, b"\0"))
        count = self.packed("Q" if self.big else "H", len(lines))
        return self.put(count + b"".join(lines) + bytes(room))

    def finish(self, first):
        at, form = (8, "Q") if self.big else (4, "I")
        self.data[at : at + struct.calcsize("=" + form)] = self.packed(form, first)
        return bytes(self.data)


def canon_note(writer, at):
    """Canon's MakerNote for an offset: its own offsets count from the start of the file."""
    values = at + 2 + 2 * 12 + 4
    lines = writer.packed("HHHII", 2, 7, ASCII, len(FIRMWARE), values)
    lines += writer.packed("HHII", 9, ASCII, 8, values + 24)
    return lines + bytes(4) + FIRMWARE.ljust(24, b"\0") + b"who she\0"


def photo_tiff(order="little", big=False, orientation=1, note_behind=0, more=()):
    """A TIFF as a camera writes it: texts that are not ASCII, and a MakerNote.

    Parameters
    ----------
    note_behind : int
        How many bytes stand before the MakerNote.
    more : entries of the first directory
    """
    writer, pixels = Writer(order, big), dark_pixels()
    strip = writer.put(pixels.tobytes())
    writer.put(bytes(note_behind))
    at = len(writer.data) + len(writer.data) % 2
    note = canon_note(writer, at)
    writer.put(note)
    offset = (LONG8, "Q") if big else (LONG, "I")
    interop = writer.directory([(1, ASCII, b"R98\0"), (2, UNDEFINED, b"0100")])
    encoding = "utf-16-le" if order == "little" else "utf-16-be"
    exif = [
        (0x9000, UNDEFINED, b"0232"),
        (0x9286, UNDEFINED, b"UNICODE\0" + TITLE.encode(encoding)),
        (0xA434, ASCII, LENS.encode() + b"\0"),
        (INTEROP, LONG, interop),
    ]
    place = writer.directory(exif)
    # The entry of the note leads to where it has been put, and has the form of any other.
    count_size = 8 if big else 2
    size = 20 if big else 12
    old = bytes(writer.data[place + count_size : place + count_size + 4 * size])
    entry = writer.packed("HHQQ" if big else "HHII", MAKER_NOTE, UNDEFINED, len(note), at)
    lines = sorted(
        [old[i : i + size] for i in range(0, len(old), size)] + [entry],
        key=lambda line: struct.unpack(writer.sign + "H", line[:2])[0],
    )
    head = writer.packed("Q" if big else "H", 5)
    place = writer.put(head + b"".join(lines) + bytes(8 if big else 4))
    gps = writer.directory([(1, ASCII, b"N\0")])
    main = [
        (256, SHORT, pixels.shape[1]),
        (257, SHORT, pixels.shape[0]),
        (258, SHORT, [8, 8, 8]),
        (259, SHORT, 1),
        (262, SHORT, 2),
        (0x010E, ASCII, TITLE.encode() + b"\0"),
        (0x010F, ASCII, b"Canon\0"),
        (0x0110, ASCII, b"Canon EOS 300D DIGITAL\0"),
        (273, *((LONG8, strip) if big else (LONG, strip))),
        (274, SHORT, orientation),
        (277, SHORT, 3),
        (278, SHORT, pixels.shape[0]),
        (279, LONG, pixels.nbytes),
        (0x013B, ASCII, AUTHOR.encode() + b"\0"),
        (0x8298, ASCII, "© 2026".encode("latin-1") + b"\0"),
        (EXIF, offset[0], place),
        (GPS, offset[0], gps),
        *more,
    ]
    return writer.finish(writer.directory(main))
