"""The `course` command: what can be typed, and which module in `commands` does it."""

import argparse
import importlib
import sys
from pathlib import Path

from traitlets import TraitError

from course_utils import __version__
from course_utils.course import CONFIG, CourseError

TEACH = {"rich", "hatchling"}  # the packages of the extra "teach" that are imported
UNREAD = "rfc3987_syntax"  # jsonschema takes a second to read it, for a format of no notebook's


def build_parser():
    """Every command with its arguments."""
    parser = argparse.ArgumentParser(
        prog="course",
        description="From linear models to neural networks: take the course, or teach it.",
        epilog="Exit codes: 0 done; 1 looked, and it is not as it should be; 2 could not be done.",
    )
    parser.add_argument("--version", action="version", version=f"course {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True
    )

    lab = commands.add_parser(
        "lab",
        help="open the course in JupyterLab",
        description="Open the course in JupyterLab, as a student sees it. "
        "Further options go to JupyterLab, such as --no-browser or --port=8889.",
    )
    lab.add_argument("--instructor", action="store_true", help="with the menus for grading")

    doctor = commands.add_parser(
        "doctor",
        help="look a notebook over before it is handed in",
        description="Say what is to be mended in a notebook before it is handed in: cells that are "
        "missing, copied or changed, exercises without an answer, visible checks that fail, errors "
        "and slow cells in a fresh kernel. The file is only read. Exits with 1 if something is to "
        "be mended.",
    )
    doctor.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="an assignment's .ipynb")

    update = commands.add_parser(
        "update",
        help="move your work into a corrected release of the assignment",
        description="Write your answers and your own cells into a newer release of the assignment. "
        "The notebook as it was stays beside it, as NAME.before-update.ipynb.",
    )
    update.add_argument("notebook", type=Path, metavar="NOTEBOOK", help="with your work in it")
    update.add_argument("released", type=Path, metavar="RELEASED", help="as it is handed out now")

    demo = commands.add_parser(
        "demo",
        help="grade a made-up class from start to finish",
        description="Generate an assignment, collect a made-up class, grade it, write its feedback "
        "and its gradebook, all in a scratch folder. Exits with 1 if a score is not the known one.",
    )
    demo.add_argument("assignment", nargs="?", help="its folder in solutions/ (default: the first)")
    demo.add_argument(
        "--folder", type=Path, help="an empty folder to work in (default: a temporary one)"
    )

    grade = commands.add_parser(
        "grade",
        help="grade a class, answers and tests apart",
        description="Grade what a class has handed in. What did not change since it was graded is "
        "not graded again, and a run that was stopped goes on where it was. "
        "Exits with 1 if a submission could not be graded.",
    )
    grade.add_argument("assignment", help="its folder among the instructor's notebooks")
    grade.add_argument(
        "--jobs", type=int, metavar="N", help="submissions at a time (default: one a core)"
    )
    grade.add_argument(
        "--student", action="append", metavar="ID", help="only this student; may be repeated"
    )
    grade.add_argument("--force", action="store_true", help="grade what did not change, too")
    grade.add_argument(
        "--scheduler", metavar="ADDRESS", help="of a Dask cluster, which grades instead"
    )
    grade.add_argument(
        "--require-sandbox", action="store_true", help="refuse to grade where there is no sandbox"
    )

    release = commands.add_parser(
        "release",
        help="make assignments/ from solutions/",
        description="Make assignments/ from solutions/. A file that would not change is not "
        "touched, and nothing is written while one of the notebooks is at fault.",
    )
    release.add_argument(
        "assignment", nargs="*", help="its folder in solutions/ (default: all of them)"
    )
    release.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if something would change"
    )

    bundle = commands.add_parser(
        "bundle",
        help="zip what students get: nothing of solutions/ or tests/",
        description="Write one zip with the lectures, the assignments, the package as a wheel and "
        "a page on how to start. Refuses if assignments/ is out of date or holds a solution.",
    )
    bundle.add_argument(
        "--output", type=Path, metavar="FILE.zip", help="default: dist/course.zip in the course"
    )

    report = commands.add_parser(
        "report",
        help="how a class did: scores, hardest checks, answers that are the same",
        description="Write what the gradebook knows of an assignment, as tables, a picture and a "
        "page: how the scores are spread, which checks were hard, which answers are the same.",
    )
    report.add_argument("assignment", help="its name in the gradebook")
    report.add_argument(
        "--folder", type=Path, help="where to (default: reports/ASSIGNMENT in the course)"
    )
    return parser


def main(argv=None):
    """Run the command; return its exit code."""
    parser = build_parser()
    args, rest = parser.parse_known_args(argv)
    if rest and args.command != "lab":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    args.jupyter = rest
    if args.command != "lab":
        sys.modules.setdefault(UNREAD, None)
    try:
        return importlib.import_module(f"course_utils.commands.{args.command}").main(args)
    except CourseError as error:
        message = str(error)
    except TraitError as error:
        message = f"{CONFIG}: {error}"
    except ModuleNotFoundError as error:
        if error.name not in TEACH:
            raise
        message = f"{error.name} is not installed: pip install 'course-utils[teach]'"
    print(f"course {args.command}: {message}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
