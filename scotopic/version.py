"""The version of scotopic."""

__version__ = "0.1.0"
