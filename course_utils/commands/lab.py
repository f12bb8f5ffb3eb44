"""`course lab`: the course in JupyterLab."""

import os
import subprocess
import sys
from pathlib import Path

from course_utils.course import find_root

SETTINGS = Path(__file__).parents[1] / "jupyter"


def main(args):
    root = find_root(Path.cwd(), "assignments", "lectures")
    audience = SETTINGS / ("instructor" if args.instructor else "student")
    # What stands first on this path wins over the settings installed with the package.
    path = [str(audience), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(path)}
    try:
        return subprocess.call(
            [sys.executable, "-m", "jupyterlab", *args.jupyter], cwd=root, env=environment
        )
    except KeyboardInterrupt:  # JupyterLab has had its own, and has said what it does
        return 0
