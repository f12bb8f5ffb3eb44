"""What an nbgrader course gains with two lines in its nbgrader_config.py.

    from course_utils.grading import configure
    configure(c)

Every line of configuration that comes after them wins.
"""

import builtins
import os
import sysconfig
import warnings
from pathlib import Path

BUILTINS = vars(builtins).copy()  # for the grader's own use, whatever a test patches

BANKS = ("misconceptions.py", "alternatives.py")

# What answers may do, unless a course sets `c.ExecuteApart` otherwise; students' tools tell it too.
SECONDS = 30
WITHHELD = ("course_utils",)
AVAILABLE = tuple(f"course_utils.{name}" for name in ("data", "plotting", "widgets", "validation"))
CONFINED = {
    "require_sandbox": False,
    "withheld": list(WITHHELD),
    "available": list(AVAILABLE),
    "memory": 4 * 2**30,
    "submission_timeout": 600,
    "file_size": 64 * 2**20,
    "processes": 64,
}

# The folders `nbgrader zip_collect` walks are named by the learning platform, so the student is
# read from the path: a folder or an archive a student, Moodle's tail, or Blackboard's attempt.
HAND_INS = r"""(?x)
    .* [/\\]
    (?! (?:archive|extracted) [/\\] )                 # a file that nobody signed
    (?: [^/\\]*_ (?= [^/\\_]+ _attempt_ ) )?          # Blackboard puts the assignment first
    (?P<student_id> [^/\\]+? )
    (?: _attempt_ (?P<timestamp> [\d-]+ ) _
      | _\d+_assignsubmission_file_? [/\\]?           # Moodle
      | [/\\] )
    (?P<file_id> [^/\\]+? )
    (?: [ ]? \(\d+\) )?                               # what a browser adds to a second download
    \.ipynb $
"""


def configure(c):
    """Make `nbgrader` keep its secrets, survive copied cells, and know late days and zip files.

    Parameters
    ----------
    c : traitlets.config.Config
        The object of that name in any course's nbgrader_config.py.

    Notes
    -----
    Nothing here depends on this course: folder names and the exchange are left as they are.
    Penalties stay off until a course sets ``c.PenaltyPerDay.penalty_per_day``.
    """
    # nbgrader calls `alembic` by its name: let an environment that was not activated find its own.
    scripts, path = sysconfig.get_path("scripts"), os.environ.get("PATH", "")
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, path])

    # Nobody but the graders sees these, neither at release nor beside a graded notebook.
    c.CourseDirectory.ignore.extend(
        [*BANKS, ".DS_Store", ".graded.json", ".pytest_cache", ".ruff_cache"]
    )

    # Last of all a release notes down which cells it has, for `course doctor` and `course update`.
    c.GenerateAssignment.preprocessors.append("course_utils.doctor.manifest.RecordCells")

    # A submission is repaired, its answers run in a sandbox, and its tests run outside of it.
    c.Autograde.exporter_class = "course_utils.grading.repair.RepairingExporter"
    c.Autograde.sanitize_preprocessors = [
        "course_utils.grading.repair.RepairCells",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Autograde.autograde_preprocessors = [
        "course_utils.grading.execute.ExecuteApart",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]
    c.Execute.timeout = SECONDS
    c.Execute.shutdown_kernel = "immediate"  # nothing of a graded kernel is worth waiting for

    c.AssignLatePenalties.plugin_class = "course_utils.classroom.late.PenaltyPerDay"

    c.GenerateFeedback.preprocessors = [
        "course_utils.classroom.feedback.GetMarks",
        "course_utils.classroom.feedback.HideTests",
        "course_utils.classroom.feedback.HideMarkScheme",
        "course_utils.classroom.feedback.Summarise",
    ]
    c.GenerateFeedback.exporter_class = "course_utils.classroom.page.FeedbackExporter"
    c.FeedbackExporter.template_name = "feedback"
    templates = Path(__file__).parents[1] / "classroom/templates"
    c.FeedbackExporter.extra_template_basedirs = [str(templates)]
    c.FileNameCollectorPlugin.named_regexp = HAND_INS

    # nbgrader reads submissions after closing its session: harmless, once for every student.
    warnings.filterwarnings("ignore", message="Object of type <Submitted\\w+> not in session")
