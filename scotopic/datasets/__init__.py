"""Data sets of dark pictures and references: reading, verifying, finding scenes."""
