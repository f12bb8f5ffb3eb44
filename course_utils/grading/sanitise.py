"""What nbgrader does to a submission before it runs, where its own way would stop the class."""

from nbgrader.preprocessors import DeduplicateIds


class DisarmCopies(DeduplicateIds):
    """Of a cell and its copies the last one counts; the others become ordinary cells.

    nbgrader leaves an empty ``nbgrader`` entry on a copy, takes that for metadata of an old format
    two steps later, and stops grading: the student, and everybody whose name comes after.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if cell.metadata.get("nbgrader") == {}:
            del cell.metadata["nbgrader"]
        return cell, resources
