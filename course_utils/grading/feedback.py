"""Feedback that tells students what went wrong, and keeps tests and mark schemes for next year.

Only the course's own cells are searched: whatever a student typed stays as it is.
"""

from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from nbgrader.utils import is_locked, is_task


class HideTests(ClearHiddenTests):
    """Clear hidden tests, and the tracebacks that quote them: of an error its last line stays."""

    def preprocess_cell(self, cell, resources, cell_index):
        if not is_locked(cell):
            return cell, resources
        before = cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.source != before:
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


class HideMarkScheme(ClearMarkScheme):
    """Clear mark schemes from the tasks that are graded by hand."""

    def preprocess_cell(self, cell, resources, cell_index):
        if not is_task(cell):
            return cell, resources
        return super().preprocess_cell(cell, resources, cell_index)
