"""Measures of pictures: arrays in, a number out."""
