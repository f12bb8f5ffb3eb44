"""`course bundle`: one zip with everything that students need, and nothing that they must not see.

The same checkout gives the same bytes: names are sorted, times and permissions are fixed.
"""

import io
import tempfile
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from course_utils.commands.release import SECRETS, files, stale
from course_utils.course import CONFIG, CourseError, choose, find_root

FOLDER = "course"  # what the zip unpacks to
README = Path(__file__).with_name("bundle_readme.md")
EDITABLE = "-e .[teach]"  # how environment.yml names the package in a checkout


def main(args):
    root = find_root(Path.cwd(), CONFIG, "solutions")
    output = args.output or root / "dist" / "course.zip"
    if output.suffix != ".zip":
        raise CourseError(f"--output {output}: expected a name that ends in .zip.")
    with tempfile.TemporaryDirectory() as scratch:
        names = choose(root, [])
        if changed := stale(root, names, Path(scratch)):
            raise CourseError(
                f"assignments/{changed[0]} is not what solutions/ gives: "
                "run `course release` first."
            )
        wheel = build_wheel(root, scratch)
        members = contents(root, names, wheel)
    if found := sorted(name for name, data in members.items() if holds_secret(name, data)):
        raise CourseError(f"{found[0]} holds a solution, a hidden test or a mark scheme.")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(archive(members))
    print(f"{output}: {len(members)} files, {output.stat().st_size / 1e6:.1f} MB")
    return 0


def build_wheel(root, folder):
    """Build course_utils as a wheel into `folder`, in this process and without a network."""
    (wheel,) = WheelBuilder(str(root)).build(directory=str(folder), versions=["standard"])
    return Path(wheel)


def contents(root, names, wheel):
    """What the zip holds: path to bytes."""
    text = (root / "environment.yml").read_text(encoding="utf-8")
    if EDITABLE not in text:
        raise CourseError(f"environment.yml: expected a line `{EDITABLE}` to put the wheel in.")
    readme = README.read_text(encoding="utf-8").format(wheel=wheel.name)
    members = {
        "README.md": readme.encode(),
        "environment.yml": text.replace(EDITABLE, f"./{wheel.name}").encode(),
        wheel.name: wheel.read_bytes(),
    }
    for name in ("LICENSE", "constraints.txt"):
        members[name] = (root / name).read_bytes()
    for folder in (Path("lectures"), *(Path("assignments") / name for name in names)):
        for path in files(root / folder):
            members[(folder / path).as_posix()] = (root / folder / path).read_bytes()
    return members


def holds_secret(name, data):
    """Whether a file, or a file in a wheel, holds the marker that opens a secret."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            return any(holds_secret(inner, wheel.read(inner)) for inner in wheel.namelist())
    return any(secret.encode() in data for secret in SECRETS)


def archive(members):
    """The zip's bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        for name in sorted(members):
            entry = zipfile.ZipInfo(f"{FOLDER}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            bundle.writestr(entry, members[name])
    return buffer.getvalue()
