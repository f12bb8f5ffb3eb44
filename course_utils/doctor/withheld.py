"""What an answer imports that the grader does not let it have, read from its text."""

import ast

from course_utils.grading import names


def references(source, rules):
    """Withheld modules that a cell uses → the names that it gives them.

    Examples
    --------
    >>> from course_utils.doctor.manifest import Manifest
    >>> text = "%matplotlib inline\\nfrom course_utils import data, kernels as k"
    >>> references(text, Manifest())
    {'course_utils.kernels': {'k'}}
    """
    taken = {}
    for path, name in imports(names.parse(source)):
        if module := withheld(path, rules):
            taken.setdefault(module, set()).update({name} - {""})
    return taken


def imports(tree):
    """Dotted paths that are imported or reached through an import, each with its name here."""
    packages = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                packages[alias.asname or first] = alias.name if alias.asname else first
                yield alias.name, alias.asname or first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield f"{node.module}.{alias.name}", alias.asname or alias.name
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func):
            for argument in node.args:  # importlib.import_module("...")
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield argument.value, ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):  # import course_utils; course_utils.kernels.gaussian
            first, _, rest = ast.unparse(node).partition(".")
            if first in packages:
                yield f"{packages[first]}.{rest}", ""


def withheld(path, rules):
    """The module that a dotted path leads to, if the grader withholds it; else nothing."""
    package = next((package for package in rules.withheld if within(path, package)), None)
    allowed = (*rules.available, "course_utils.doctor")
    if package is None or any(within(path, each) for each in allowed):
        return ""
    if path == package and any(within(each, package) for each in allowed):
        return ""
    return ".".join(path.split(".")[: package.count(".") + 2])


def within(path, package):
    return path == package or path.startswith(f"{package}.")
