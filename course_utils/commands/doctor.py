"""`course doctor`: what a student runs before handing a notebook in."""

import sys

from course_utils.course import CourseError
from course_utils.doctor import diagnose, report


def main(args):
    # A message may hold a letter that a Windows console or file has no place for.
    sys.stdout.reconfigure(errors="replace")
    show = progress if sys.stderr.isatty() else None
    try:
        findings = diagnose(args.notebook, progress=show)
    except KeyboardInterrupt:
        raise CourseError("stopped before the end.") from None
    finally:
        if show:
            print(end=f"\r{'':40}\r", file=sys.stderr)
    print(report(args.notebook, findings))
    return int(any(finding.level == "mend" for finding in findings))


def progress(number, total):
    """One line that is written over, so that a slow cell can be seen."""
    print(end=f"\rrunning cell {number} of {total} ", file=sys.stderr, flush=True)
