"""`course release`: assignments/, what students get, made from solutions/."""

import shutil
import tempfile
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions

from course_utils.course import CONFIG, CourseError, choose, find_root, load_config, run

# What an assignment may bring along beside its notebooks.
DATA = (".csv", ".json", ".npz", ".png", ".svg", ".txt")

SECRETS = (
    ClearSolutions().begin_solution_delimeter,
    ClearHiddenTests().begin_test_delimeter,
    ClearMarkScheme().begin_mark_scheme_delimeter,
)


def generate(root, names, folder):
    """Generate the release of each assignment into `folder`, without a gradebook."""
    config = load_config(root)
    config.CourseDirectory.release_directory = str(folder)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    for name in names:
        try:
            run(GenerateAssignment, config, name)
        except CourseError as error:
            raise CourseError(f"solutions/{name} cannot be released: {error}") from None
    return folder


def files(folder):
    """Every file below `folder` that is not a tool's own, as sorted paths relative to it."""
    return sorted(
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not is_debris(path.relative_to(folder))
    )


def is_debris(path):
    """Whether a tool left it behind: a hidden file or folder, or Python's cache."""
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def leaks(folder):
    """What students should not get, one line for each file of `folder` that holds it."""
    found = []
    for path in files(folder):
        if path.suffix not in (".ipynb", *DATA):
            found.append(f"{path}: not a notebook, and not data or a picture")
        if path.suffix == ".ipynb":
            text = (folder / path).read_text(encoding="utf-8")
            found += [f"{path}: holds {secret}" for secret in SECRETS if secret in text]
    return found


def differences(released, generated):
    """Paths whose bytes differ between two folders, or that stand in one of them only."""
    return [
        path
        for path in sorted({*files(released), *files(generated)})
        if not (released / path).is_file()
        or not (generated / path).is_file()
        or (released / path).read_bytes() != (generated / path).read_bytes()
    ]


def stale(root, names, scratch):
    """Differences between assignments/ and what solutions/ gives now; `CourseError` on a leak."""
    generate(root, names, scratch)
    if found := leaks(scratch):
        raise CourseError(f"the release would leak: {'; '.join(found)}.")
    return [
        Path(name) / path
        for name in names
        for path in differences(root / "assignments" / name, scratch / name)
    ]


def main(args):
    root = find_root(Path.cwd(), CONFIG, "solutions")
    names = choose(root, args.assignment)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        changed = stale(root, names, scratch)
        if not args.check:
            for path in changed:
                copy(scratch / path, root / "assignments" / path)
    for path in changed:
        print(f"assignments/{path}{' is not what solutions/ gives' if args.check else ''}")
    if not changed:
        print(f"{', '.join(names)}: up to date")
    return int(bool(changed and args.check))


def copy(source, target):
    """Put `source` in the place of `target`; where there is no source, remove it."""
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    else:
        target.unlink()
