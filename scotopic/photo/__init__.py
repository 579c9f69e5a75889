"""A picture file and all that it carries: bytes to `Photo`, and `Photo` to bytes."""
