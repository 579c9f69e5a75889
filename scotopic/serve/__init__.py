"""The server: a page and an API on this machine, around `scotopic.jobs.one.enhance_bytes`."""
