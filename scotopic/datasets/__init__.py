"""Known data sets of dark pictures and references: verified, and split by scene."""
