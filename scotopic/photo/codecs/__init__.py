"""Decoders and encoders of single formats, where Pillow alone does not do."""
