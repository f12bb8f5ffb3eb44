"""Files beside a notebook: what a test writes is there for the answer, and the other way round."""

import contextlib
import functools
import os
import re
import shutil
import stat
import sys
from pathlib import Path, PurePosixPath

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401

MAX_FILE = 16 * 2**20  # bytes of a file that crosses, and of all that an answer writes in a call
MAX_ALL = 4 * MAX_FILE  # of all that an answer writes for tests
A_FILE = 2**14  # what each of them costs, however small: so there are a few thousand at most
MOST = 2000  # files that are looked at
# Words of a test that may look for a file.
LOOKING = re.compile(
    r"\b(open|os|Path|glob|shutil|sqlite3|tempfile|read_\w+|load\w*|genfromtxt|fromfile|imread)\b"
)
# What a test can read without running what is in it: so no modules, and nothing pickled.
READABLE = re.compile(
    r"\.(txt|csv|tsv|jsonl?|md|log|dat|out|html|xml|svg|png|jpe?g|gif|bmp|pdf|np[yz]|db|sqlite3?|"
    r"zip|gz|wav|xlsx)", re.IGNORECASE
)  # fmt: skip


@functools.lru_cache(1024)
def looks_for_files(source):
    """Whether a test may look for a file that an answer has written."""
    return LOOKING.search(source) is not None


def states(folder, without=()):
    """The files in a folder and in those within it: name → when it was written, and its size.

    A folder within is a name that ends with a slash.
    """
    folders, found = [(folder, "")], {}
    for place, prefix in folders:
        with os.scandir(place) as entries:
            for entry in entries:
                state, name = entry.stat(follow_symlinks=False), prefix + entry.name
                if stat.S_ISREG(state.st_mode):
                    found[name] = state.st_mtime_ns, state.st_size
                elif stat.S_ISDIR(state.st_mode) and entry.path not in without:
                    found[f"{name}/"] = None
                    folders.append((entry.path, f"{name}/"))
                if len(found) > MOST:
                    return found
    return found


def news(folder, old, found):
    """What has been written since: name → bytes, or None if it is gone."""
    new, left = {name: None for name in old if name not in found}, MAX_FILE
    for name, state in found.items():
        if name not in old or old[name] != state:
            left -= state[1] if state else 0
            with contextlib.suppress(OSError):  # it is gone again, or not to be read
                if left >= 0:
                    new[name] = Path(folder, name).read_bytes() if state else b""
    return new


def put(folder, name, data):
    """Write or delete a file, or make a folder, of which the name ends with a slash."""
    path = Path(folder, name)
    if data is None:
        shutil.rmtree(path) if name.endswith("/") else path.unlink(missing_ok=True)
        return
    (path if name.endswith("/") else path.parent).mkdir(parents=True, exist_ok=True)
    if not name.endswith("/"):
        path.write_bytes(data)


def refuse_pickles(event, _):
    """From where there is a file of an answer's, nothing is unpickled that could run something."""
    if event == "pickle.find_class":
        raise PermissionError("a test that finds files of the answer's cannot unpickle objects")


class Beside:
    """The folder where a test is run."""

    def __init__(self, folder):
        self.folder = folder
        self.without = {str(path) for path in Path(folder).rglob("*") if path.is_dir()}
        self.given = {str(path.relative_to(folder)).casefold() for path in Path(folder).rglob("*")}
        self.seen = states(folder, self.without)  # wherever a test goes later
        self.theirs, self.left = set(), MAX_ALL

    def news(self):
        """What the test has written since this was last asked."""
        found = states(self.folder, self.without)
        old, self.seen = self.seen, found
        new = news(self.folder, old, found) if found != old else {}
        self.theirs.difference_update(new)
        return new

    def take(self, files):
        """Put there what an answer has written or deleted, but for what the course has given.

        Returns whether it was something that the test had written.
        """
        changed = False
        for name, data in files.items():
            path = Path(self.folder, name)
            with contextlib.suppress(OSError, ValueError):  # of a name that none can have
                old = path.read_bytes() if path.is_file() else None
                self.left -= len(data or b"") + A_FILE
                if data != old and self.left >= 0 and self.is_harmless(name):
                    self.theirs or sys.addaudithook(refuse_pickles)
                    put(self.folder, name, data)
                    changed |= old is not None and name not in self.theirs
                    self.theirs.add(name)
        self.seen = states(self.folder, self.without)
        return changed

    def is_harmless(self, name):
        """Whether an answer may write a file of that name."""
        path, file = PurePosixPath(name), not name.endswith("/")
        return (
            len(path.parts) <= 9 and str(path) == name.removesuffix("/")
            and str(path).casefold() not in self.given
            and (not file or READABLE.fullmatch(path.suffix))
            and not path.is_absolute() and ".." not in path.parts
            and not any(Path(self.folder, place).is_symlink() for place in (path, *path.parents))
        )  # fmt: skip
