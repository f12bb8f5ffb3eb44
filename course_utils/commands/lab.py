"""`course lab`: the course in JupyterLab."""

import os
from pathlib import Path

from jupyterlab.labapp import LabApp

from course_utils.course import find_root

SETTINGS = Path(__file__).parents[1] / "jupyter"


def main(args):
    os.chdir(find_root(Path.cwd(), "assignments", "lectures"))
    # What stands first on this path wins over the settings installed with the package.
    audience = SETTINGS / ("instructor" if args.instructor else "student")
    others = filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(audience), *others])
    LabApp.launch_instance(args.jupyter)
    return 0
