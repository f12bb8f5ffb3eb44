"""Every lecture and every solution runs from top to bottom in a fresh kernel.

A lecture must also print what is stored in it; a solution's outputs are not kept.
"""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

NBVAL = [
    sys.executable, "-m", "pytest", "--quiet", "--nbval-current-env",
    "--nbval-cell-timeout=120", f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitise.cfg'}",
    "-p", "no:cacheprovider", "--rootdir", str(ROOT), "-c", os.devnull,
]  # fmt: skip


@pytest.mark.parametrize(
    ("notebook", "mode"),
    [
        *((path, "--nbval") for path in sorted(ROOT.glob("lectures/*.ipynb"))),
        *((path, "--nbval-lax") for path in sorted(ROOT.glob("solutions/*/*.ipynb"))),
    ],
    ids=lambda value: value.stem if hasattr(value, "stem") else value[2:],
)
def test_notebook_runs_and_says_what_is_stored(notebook, mode):
    run = subprocess.run([*NBVAL, mode, str(notebook)], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
