"""Other programs, which tests read results with."""

import json
import shutil
import subprocess

import pytest

EXIFTOOL, EXIV2 = shutil.which("exiftool"), shutil.which("exiv2")
needs_exiftool = pytest.mark.skipif(EXIFTOOL is None, reason="exiftool is not here")
needs_exiv2 = pytest.mark.skipif(EXIV2 is None, reason="exiv2 is not here")


def told_by_exiftool(path, *tags):
    """Tags of a file by exiftool, as texts, by the names of their groups and their own."""
    command = [EXIFTOOL, "-json", "-G1", "-a", *[f"-{tag}" for tag in tags], str(path)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)[0]
    del told["SourceFile"]
    return told


def told_by_exiv2(path, group):
    """Lines of exiv2 on the tags of a group, and what it complains of."""
    done = subprocess.run([EXIV2, "-pa", str(path)], check=False, capture_output=True)
    lines = [
        line.split()
        for line in done.stdout.decode(errors="replace").splitlines()
        if line.startswith(group)
    ]
    return lines, done.stderr.decode(errors="replace")
