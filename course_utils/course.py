"""A course folder: where it begins, what it holds, and nbgrader run on it in this process."""

import re
import traceback
from pathlib import Path

from traitlets.config import PyFileConfigLoader

CONFIG = "nbgrader_config.py"


class CourseError(Exception):
    """A sentence for whoever typed the command: what is wrong and what to do."""


def find_root(start, *parts):
    """The nearest folder, from `start` upwards, that holds all of `parts`."""
    start = Path(start).resolve()
    for folder in (start, *start.parents):
        if all((folder / part).exists() for part in parts):
            return folder
    raise CourseError(
        f"no {' and '.join(parts)} in {start} or above it: change into the course's folder first."
    )


def load_config(root):
    """The configuration in `root`'s nbgrader_config.py, and no other of this machine's."""
    path = root / CONFIG
    try:
        return PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [f", line {frame.lineno}" for frame in frames if frame.filename == str(path)]
        reason = f"{type(error).__name__}: {error}"
        raise CourseError(f"{path} does not run{''.join(lines[-1:])}: {reason}") from None


def assignments(root):
    """Names of the folders in solutions/ that hold a notebook, sorted."""
    return sorted({notebook.parent.name for notebook in (root / "solutions").glob("*/*.ipynb")})


def choose(root, names):
    """`names`, or every assignment where none is given."""
    known = assignments(root)
    for name in names:
        if name not in known:
            raise CourseError(
                f"no assignment {name!r} in {root / 'solutions'}: "
                f"there is {', '.join(known) or 'none'}."
            )
    if not known:
        raise CourseError(f"no notebook in {root / 'solutions'}: put one in a folder of its own.")
    return list(names) or known


def run(converter, config, assignment, student="*"):
    """Run one of nbgrader's converters; a `CourseError` says why it stopped."""
    from nbgrader.coursedir import CourseDirectory  # seconds to import, which `course lab` saves
    from nbgrader.utils import capture_log

    directory = CourseDirectory(config=config, assignment_id=assignment, student_id=student)
    result = capture_log(converter(coursedir=directory, config=config, force=True))
    if not result["success"]:
        raise CourseError(_reason(result.get("log", "") + result["error"]))


def _reason(log):
    """What a log of nbgrader complains of, in one line: its last exception, else its last error."""
    raised = re.findall(r"^    ([A-Za-z][\w.]*): (.*)", log, re.MULTILINE)
    if raised:
        kind, message = raised[-1]
        message = re.split(r": ['\"]", message)[0]  # what is quoted is the file, all of it
        return f"{kind.rpartition('.')[2]}: {message}"
    errors = re.findall(r"^\[ERROR\] (.*)", log, re.MULTILINE)
    return errors[-1] if errors else log.strip().splitlines()[-1]
