"""What a file carries beside pixels, as raw bytes: EXIF, XMP, IPTC, colour profiles."""
