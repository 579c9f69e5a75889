"""Arithmetic on pixels, in NumPy alone: the reference that other implementations are tested against."""
