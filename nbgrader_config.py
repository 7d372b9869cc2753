"""nbgrader's configuration of the course: where things lie, and which steps grading takes."""

import os
import sysconfig
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets defines it when it reads this file)

root = Path(__file__).resolve().parent
grading = root / "grading"
# nbgrader runs its database's tool, alembic, by name: it lies beside nbgrader itself.
os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
# nbgrader makes its folders itself, but for the database's and the exchange's.
grading.mkdir(mode=0o700, exist_ok=True)  # marks are nobody else's business
(grading / "exchange").mkdir(parents=True, exist_ok=True)

# What the public may see lies in folders of its own; what belongs to a class is under grading/.
c.CourseDirectory.root = str(root)
c.CourseDirectory.course_id = "rnnref"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "assignments"
c.CourseDirectory.submitted_directory = "grading/submitted"
c.CourseDirectory.autograded_directory = "grading/autograded"
c.CourseDirectory.feedback_directory = "grading/feedback"
c.CourseDirectory.solution_directory = "grading/solution"
c.CourseDirectory.source_with_tests_directory = "grading/source_with_tests"
c.CourseDirectory.db_url = f"sqlite:///{grading / 'gradebook.db'}"
c.Exchange.root = str(grading / "exchange")
c.ExportPlugin.to = str(grading / "grades.csv")
c.NbGrader.logfile = ""

# nbgrader's own steps, but for these. Restore stands for DeduplicateIds and OverwriteCells: it
# gives back every cell that the instructor wrote. SandboxExecute stands for Execute: what the
# student wrote runs in a sandbox, the tests outside it. FlagForPerson and CleanFeedback are added.
# Before all that, set_aside takes what nbgrader must not copy out of a submission.
c.Autograde.pre_convert_hook = "rnnref.grader.preprocessors.set_aside"
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput",
    "rnnref.grader.preprocessors.Restore",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "rnnref.grader.preprocessors.SandboxExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "rnnref.grader.preprocessors.FlagForPerson",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# The formgrader shows submissions by this exporter.
c.HTMLExporter.preprocessors = ["rnnref.grader.preprocessors.CleanDisplay"]
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "rnnref.grader.preprocessors.CleanFeedback",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
