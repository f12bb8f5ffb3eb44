"""IPython without a kernel: runs cells in this process and says what they print, show and raise."""

import ast
import base64
import contextlib
import functools
import io
import linecache
import re
import sys
import traceback
import warnings

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401

INTERNAL = "course_utils.grading"


class Compiler(CachingCompiler):
    """Names each cell's code by the cell."""

    label = "cell"

    def __init__(self):
        super().__init__()
        self.reset_compiler_flags()  # a cell is whole: what is never closed in it is an error

    def get_code_name(self, raw_code, transformed_code, number):
        return f"<{self.label}>"


class Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, **_):
        self.shell.flush()
        self.shell.emit(output("display_data", data=as_json(data), metadata=metadata or {}))

    def clear_output(self, wait=False):
        self.shell.emit(output("clear_output"))


class Hook(DisplayHook):
    def write_output_prompt(self):
        pass

    def write_format_data(self, format_dict, md_dict=None):
        self.shell.flush()
        count = self.shell.execution_count
        data = as_json(format_dict)
        self.shell.emit(
            output("execute_result", data=data, metadata=md_dict or {}, execution_count=count)
        )

    def finish_displayhook(self):
        pass


class Stream(io.TextIOBase):
    """sys.stdout or sys.stderr of a cell; small writes are gathered."""

    encoding = "utf-8"

    def __init__(self, shell, name):
        self.shell, self.name, self.text = shell, name, []
        self.length = 0

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self.text.append(text)
        self.length += len(text)
        if self.length > 8192:
            self.flush()
        return len(text)

    def flush(self):
        text, self.text, self.length = "".join(self.text), [], 0
        if text:
            self.shell.emit(output("stream", name=self.name, text=text))


class Shell(InteractiveShell):
    """`run` a cell; outputs go to `emit` as nbformat's dictionaries, in order."""

    emit = staticmethod(print)
    plots = True

    @classmethod
    def start(cls):
        config = Config()
        config.HistoryManager.enabled = False
        shell = cls.instance(
            config=config,
            compiler_class=Compiler,
            display_pub_class=Publisher,
            displayhook_class=Hook,
        )
        shell.out, shell.err = Stream(shell, "stdout"), Stream(shell, "stderr")
        shell.run_cell("pass")  # the first cell has IPython import the last of what it needs
        return shell

    def run(self, source, label):
        """Run a cell; returns the exception that ended it, or None."""
        self.compile.label = label
        self.failure = None
        result = self.run_cell(source, store_history=True)
        self.flush()
        self.value = result.result
        return self.failure or result.error_in_exec or result.error_before_exec

    def run_trusted(self, source, label):
        """The same of an instructor's cell: if it needs nothing of IPython, without asking it."""
        if not is_plain(source):
            return self.run(source, label)
        self.failure = self.value = None
        name, lines = f"<{label}>", lines_of(source)
        linecache.cache[name] = len(source), None, [f"{line}\n" for line in lines], name
        try:
            statements, last = compiled(source, label, self.compile.flags)
            with self.builtin_trap, self.display_trap:
                exec(statements, self.user_ns)
                if last:
                    self.value = eval(last, self.user_ns)
            if self.value is not None:
                self.displayhook.write_format_data(*self.display_formatter.format(self.value))
        except BaseException:
            self.showtraceback()
        self.flush()
        return self.failure

    def transform_cell(self, raw_cell):
        """Leave Python as it is, lines and all: IPython needs ten times as long to come to that."""
        return f"{raw_cell}\n" if is_python(raw_cell) else super().transform_cell(raw_cell)

    def should_run_async(self, raw_cell, **keywords):
        """Look before IPython compiles the cell to know."""
        perhaps = "await" in raw_cell or "async" in raw_cell
        return perhaps and super().should_run_async(raw_cell, **keywords)

    def flush(self):
        self.out.flush()
        self.err.flush()

    def enable_gui(self, gui=None):
        pass

    def enable_matplotlib(self, gui=None):
        return super().enable_matplotlib("inline") if self.plots else (None, "agg")

    def ask_exit(self):
        print("The rest of the notebook is graded all the same.")

    def showtraceback(self, exc_tuple=None, *_, **__):
        self.failure = (exc_tuple or sys.exc_info())[1]
        self.flush()
        self.emit(error(self.failure))

    def showsyntaxerror(self, *_, **__):
        self.showtraceback()

    showindentationerror = showsyntaxerror

    def _format_exception_for_storage(self, *_, **__):
        """For a history that nobody reads; IPython colours the source for it, in 50 ms."""
        return {}


@functools.lru_cache(1024)
def is_python(source):
    """Whether a cell is plain Python; one line may be a command too, as `pwd`."""
    if "\n" in source.strip():
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
            return True
    return False


def lines_of(source):
    """The lines of a cell as Python counts them."""
    return re.split(r"\r\n|\r|\n", source)


def is_plain(source):
    """Whether a cell is Python that IPython would run as any interpreter does."""
    words = "await", "async", "__future__", ";"  # which IPython may take for: don't show it
    return is_python(source) and not any(word in source for word in words)


@functools.lru_cache(1024)
def compiled(source, label, flags=0):
    """A plain cell's statements, and its last one apart if it is an expression, as code."""
    name = f"<{label}>"
    tree = ast.parse(source, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    return compile(tree, name, "exec", flags, True), last and compile(
        ast.Expression(last.value), name, "eval", flags, True
    )


def output(kind, **fields):
    return {"output_type": kind, **fields}


def known(item):
    """An output of a known form, of text that can be written, whatever is sent as one; else None.

    Pictures' metadata and what is not text, as widgets have it, is left out.
    """
    kind = item.get("output_type") if isinstance(item, dict) else None
    if kind == "stream" and item.get("name") in ("stdout", "stderr"):
        return output(kind, name=item["name"], text=text(item.get("text")))
    if kind == "error":
        lines = item.get("traceback")
        lines = [text(line) for line in lines[:100]] if isinstance(lines, list) else []
        return output(
            kind, ename=text(item.get("ename")), evalue=text(item.get("evalue")), traceback=lines
        )
    if kind in ("display_data", "execute_result") and isinstance(item.get("data"), dict):
        data = {mime: text(value) for mime, value in item["data"].items() if isinstance(value, str)}
        return output(kind, data=data)
    return output(kind) if kind == "clear_output" else None


def text(value):
    """A string without halves of characters, which no file could hold; of other values nothing."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def as_json(data):
    """A bundle of representations, pictures as base64."""
    return {
        mime: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for mime, value in data.items()
    }


def error(exception, message=None):
    """An exception as a cell's output: where in the cells it arose, in few lines."""
    lines = []
    for frame, number in traceback.walk_tb(exception.__traceback__):
        internal = frame.f_globals.get("__name__", "").startswith(INTERNAL)
        if not internal and "IPython" not in frame.f_code.co_filename:
            lines.append(place(frame.f_code, number))
    lines = lines if len(lines) <= 20 else [*lines[:10], "...", *lines[-10:]]
    kind = type(exception).__name__
    if message is None:
        message = say(exception)
    if isinstance(exception, SyntaxError):
        lines += traceback.format_exception_only(exception)[:-1]
    return output("error", ename=kind, evalue=message, traceback=[*lines, f"{kind}: {message}"])


def place(code, number):
    """A line of a function, as a traceback tells it."""
    line = linecache.getline(code.co_filename, number).strip()
    return f"{code.co_filename}, line {number}, in {code.co_name}\n    {line}"


def say(exception, limit=2000):
    """An exception's message, whatever its class makes of `str`."""
    try:
        return str(exception)[:limit]
    except Exception:
        return ""


def definitions(source):
    """What of a cell only defines: imports, functions, classes and names for literals."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return "\n".join(
        ast.unparse(node) for node in tree.body if isinstance(node, kinds) or is_literal(node)
    )


def is_literal(node):
    if not isinstance(node, ast.Assign):
        return False
    try:
        ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
