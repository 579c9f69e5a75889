"""Where things lie that tests use."""

import shutil
import sys
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
BENCHMARKS, DOCS, SCRIPTS = ROOT / "benchmarks", ROOT / "docs", ROOT / "scripts"
DATA = ROOT.parent / "shared" / "data"
"""Real pictures, where they lie beside the project."""
COMMAND = shutil.which("scotopic", path=str(Path(sys.executable).parent))
"""The installed command."""
