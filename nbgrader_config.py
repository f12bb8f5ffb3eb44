"""nbgrader's settings for this course: solutions/ is the source, assignments/ what students get."""

import os
from pathlib import Path

from course_utils.grading import configure

c = get_config()  # noqa: F821  (nbgrader supplies it)
configure(c)

root = Path(__file__).resolve().parent
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
# A student's file in this course is a notebook; a Python file beside a solution is the graders'.
c.CourseDirectory.ignore.append("*.py")

# For a class on one server, name a folder that all may write to.
c.Exchange.root = os.environ.get("COURSE_EXCHANGE", str(root / ".exchange"))

# The kernel's remarks on its own transport would otherwise stand between the lines of every run.
c.Execute.extra_arguments = ["--HistoryManager.hist_file=:memory:", "--IPKernelApp.log_level=50"]
