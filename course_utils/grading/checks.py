"""The check process: runs what is trusted, the locked cells and the tests, and nothing else.

One process is kept warm here too, beside the warm process for answers. A submission is a fork of
each, joined by a socket. If anything but a test's own call goes wrong, both are thrown away and the
notebook is run once more without the cell that did it.
"""

import builtins
import collections
import contextlib
import copy
import json
import numbers
import operator
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import types
from itertools import compress, takewhile

import numpy as np

from course_utils.grading import BUILTINS as __builtins__  # noqa: F401
from course_utils.grading import sandbox, seeds
from course_utils.grading.answers import COMPUTING, MAX_DEPTH, MAX_PARKED, preload, quietly, share
from course_utils.grading.files import Beside, looks_for_files, put
from course_utils.grading.line import AnswerEnded, Answers
from course_utils.grading.names import (
    bindings,
    hidden_lines,
    imports,
    last_root,
    module,
    patched,
    rebound,
    shows,
    used,
    used_in_line,
)
from course_utils.grading.shell import Shell, compiled, is_plain, known, output
from course_utils.grading.standins import Remote, StandIn
from course_utils.grading.wire import KEYBOARD, STDIN, Channel, Malformed, Shared, pack, unpack

OUTPUT_A_SUBMISSION = 4 * 2**20  # well below what one message may hold
STUDENTS = ("answer", "shared")  # kinds of cells that are run in the answer process
GLANCE = 0.2  # seconds between two looks at how much memory is in use

THEIRS = (StandIn, Remote)  # what stays on the student's side
ARITHMETIC = {f"__{way}{name}__" for name in COMPUTING for way in ("", "r", "i")}
INPUT = builtins.input
CHANGED = ["The answer changed an argument in place.\n"]
ALTERED = ["The answer changed later what it had given.\n"]


class Lost(Exception):
    """The cell under way has cost the answer process its life."""


class Check:
    """Runs one submission's notebook, in a fork made for it.

    First the student's cells, from top to bottom, so that no output of theirs can tell what a
    hidden test has handed over; then the tests, each with a copy of the answer process as it was
    when it had come to that place.
    """

    def __init__(self, job, lines, report, shell):
        self.job, self.report, self.shell = job, report, shell
        self.lines = [Channel(line) for line in lines]
        self.classes = Shared(shell.user_ns, job["classes"])
        self.answers = self.first = self.speak(0)
        self.space = shell.user_ns
        self.edges, self.folder = tuple(job["hidden_tests"]), os.getcwd()
        self.outputs = []
        self.last_answer, self.hidden, self.label = None, set(), None
        self.groups = parking(job["cells"])
        self.place = 0  # how many of the cells the answer process has run
        self.provided = {}
        self.size = self.printed = 0  # of what the tests and the student's code have put out
        self.told = False  # whether a hidden test has spoken with the answer since the checkpoint
        self.heard = False  # whether one ever has

    def speak(self, line):
        """Begin to speak with the answer process over one of the lines."""
        inputs = {KEYBOARD: self.input, STDIN: self.readline}
        answers = Answers(self.lines[line], self.job, self.classes, self.from_student, inputs)
        answers.before = self.offer_files
        return answers

    def offer_files(self):
        """What a test has written beside the notebook is there for the answer to read."""
        if new := self.beside.news():
            self.send_files(new)

    def send_files(self, files):
        gone = [name for name, data in files.items() if data is None]
        table, tail = pack({name: data for name, data in files.items() if data is not None})
        message = ["files", table, gone, self.job["classes"], self.folder]
        self.answers.channel.send(message, tail, timeout=60)

    def run(self, files, defused):
        self.beside = Beside(self.folder)
        self.send_files(files)
        self.defused = {int(index): reason for index, reason in defused.items()}
        for index, cell in enumerate(self.job["cells"]):
            if cell["kind"] in STUDENTS and not self.attempt(self.answer, index):
                return
            number = self.groups.get(index, MAX_PARKED)
            if number < MAX_PARKED and not self.attempt(self.park, index, number):
                return
        for index, cell in enumerate(self.job["cells"]):
            if cell["kind"] != "answer" and not (
                self.attempt(self.turn, index, self.groups.get(index))
                and self.attempt(getattr(self, cell["kind"]), index)
            ):
                return
        self.report.send(["end"])

    def attempt(self, step, index, *args):
        """Take a step with a cell, and report what came of it; False if that was the last."""
        self.report.send(["start", index])
        self.index, self.outputs = index, []
        try:
            step(self.job["cells"][index], self.defused.get(index), *args)
        except (EOFError, OSError, Malformed, TimeoutError, Lost) as error:
            reason = explain(error, self.job["cell_seconds"])
            if step != self.test or not self.alone(index):  # what is next to it is lost as well
                self.report.send(["lost", self.index, reason])
                return False
            self.answers.gone, self.outputs = reason, [ended(reason)]  # nobody else needs it
            self.report.send(["gone", index, reason])
        if step in (self.answer, self.test, self.forgeable):
            self.report.send(["outputs", index, self.outputs])
        return True

    def alone(self, index):
        """Whether no other cell speaks with the copy of the answer process that a test does."""
        cells = self.job["cells"]
        return cells[index]["kind"] == "test" and index in self.groups and (
            index + 1 == len(cells) or cells[index + 1]["kind"] in STUDENTS
        ) and self.place == index + 1  # fmt: skip

    def answer(self, cell, defused):
        """The student's own cell; of one that has killed a process what it defines, or nothing.

        A locked cell without points is run here as well: the student's code needs what it defines.
        """
        if not defused or defused[1] == 1:
            seconds = self.job["cell_seconds"]
            self.answers.run_cell(cell["source"], cell["label"], seconds, bool(defused))
        if defused:
            self.outputs.append(ended(defused[0]))

    def park(self, cell, defused, number):
        self.answers.park(number)

    def turn(self, cell, defused, number):
        """Ask the copy that was left at this place.

        Should tests go on with objects of earlier ones, theirs has to go on as well: it runs, with
        nobody listening, the cells that it has not seen.
        """
        self.last_answer = last(self.job["cells"], self.index, STUDENTS)
        if number is None:
            return
        group = takewhile(lambda one: one["kind"] not in STUDENTS,
                          self.job["cells"][self.index + (cell["kind"] in STUDENTS):])  # fmt: skip
        names = set().union(*(used(one["source"]) for one in [cell, *group]))
        kept = any(self.answers.holds(self.space.get(name), 0) for name in names)
        if number < MAX_PARKED and not kept:
            self.answers = self.speak(number + 1)
            self.answers.autopsy = lambda: self.first.status(number)
            try:
                self.answers.ping()
            except (EOFError, OSError):  # it only waited, so what ran last has done this
                before = last(self.job["cells"], self.index, ("test", "forgeable"), self.defused)
                if before is None:
                    self.answers.gone = "a cell has ended the process that was to answer"
                else:
                    self.index = before
                    raise
            self.told = False
        else:
            self.answers.on_output = bool  # it goes nowhere
            for index in range(self.place, self.index + 1):
                if self.job["cells"][index]["kind"] in STUDENTS:
                    self.answer(self.job["cells"][index], self.defused.get(index))
            self.outputs, self.answers.on_output = [], self.from_student
            self.answers.standing = False  # what is to be returned to is to include these cells
        self.place = self.index + 1

    def shared(self, cell, defused):
        """A locked cell without points, as the tests need it.

        What it prints and shows is the student's, who may have made what it shows.
        """
        self.trust(cell, refuse=self.answers.gone or (defused and defused[0]))
        if self.answers.ended and not (self.answers.restored or defused or self.answers.gone):
            raise Lost(self.answers.ended)
        self.outputs = []

    def forgeable(self, cell, defused):
        """A test that asks to be run among the student's names, where a student may forge it."""
        reason = self.answers.gone or (defused and defused[0])
        self.hidden = hidden_lines(cell["source"], self.edges)
        if self.hidden and not reason:  # the student's code can read them, and must not tell
            self.prepare(cell["source"])
        else:
            self.forget_hidden()
            self.answers.standing = False
        if (
            not reason
            and self.answers.run_cell(
                cell["source"], cell["label"], self.job["cell_seconds"], False
            )
            is not False
        ):
            reason = "the test failed in the student's own process"
        note = "This test ran in the student's own process: look at the answer as well.\n"
        self.outputs = [output("stream", name="stdout", text=note)]
        self.outputs += [ended(reason)] if reason else []

    def test(self, cell, defused):
        """A test: passed if it ran to its end here, and every answer that it asked for came."""
        if defused or self.answers.gone:
            self.outputs = [ended(self.answers.gone or defused[0])]
            return
        failure = self.trust(cell)
        if self.answers.ended:
            if not self.answers.restored:
                raise Lost(self.answers.ended)
            self.outputs = [ended(self.answers.ended)]
        elif failure is None:
            wrong = [ended(word) for word in (*self.excess(cell), *self.swallowed(cell))]
            if wrong:  # nbgrader looks at a result before it looks at an error
                kept = [item for item in self.outputs if item["output_type"] == "stream"]
                self.outputs = wrong + kept
        elif not any(item["output_type"] == "error" for item in self.outputs):
            self.outputs.append(ended(f"the test failed ({type(failure).__name__})"))
        for note in CHANGED * self.answers.changed + ALTERED * self.answers.altered:
            self.outputs.append(output("stream", name="stdout", text=note))

    def prepare(self, source):
        """Have a state of the answer's to return to, where one will be needed.

        A fork is what costs most here. So there is none before a cell has been lost, when the
        notebook is run once more, but for a hidden test with tests to follow that students see. A
        test that nothing follows needs none, and hidden tests that follow each other share one.
        """
        if shows(source, self.edges):
            self.forget_hidden()
        afresh = not (self.answers.standing and self.told) or self.holds()
        needed = self.defused or (self.hidden and self.seen_later())
        possible = self.answers.depth < MAX_DEPTH and not self.alone(self.index)
        if afresh and needed and possible:
            self.answers.checkpoint()
            self.told = False
        self.told |= bool(self.hidden)
        self.heard |= self.told

    def seen_later(self):
        """Whether another test of this copy of the answer process has code that students see."""
        group = takewhile(lambda one: one["kind"] not in STUDENTS,
                          self.job["cells"][self.index + 1:])  # fmt: skip
        return any(shows(one["source"], self.edges) for one in group)

    def forget_hidden(self):
        """Undo what hidden tests have told the answer, before it can be seen to say it again."""
        if self.told and self.answers.standing and not self.holds():
            self.answers.go_back()
        self.told = False

    def holds(self):
        """Whether a test that is to come uses something that the answer has made since."""
        cells = [
            cell
            for number, cell in enumerate(self.job["cells"])
            if cell["kind"] == "shared" or (number >= self.index and cell["kind"] == "test")
        ]
        names = set().union(*(used(cell["source"]) - rebound(cell["source"]) for cell in cells))
        return any(self.answers.holds(self.space.get(name)) for name in names)

    def excess(self, cell):
        """What is wrong with a partial credit, if anything is; nbgrader takes it as a plain float.

        What is no number, nbgrader would take for full points: so a test that ends with a value
        that the answer has made an array of, or an object, has to be told from one without a value,
        and from one that ends with what an answer gives: `model.fit(X, y)`.
        """
        value = self.shell.value
        number = isinstance(value, (numbers.Number, np.number)) and not isinstance(value, bool)
        if isinstance(value, THEIRS):
            computed = self.answers.operators & ARITHMETIC
        else:  # of NumPy or pandas
            computed = hasattr(value, "__array__") and not isinstance(value, (np.bool_, np.str_))
        if not number and (last_root(cell["source"]) in cell["surely"] or not computed):
            if any(is_number(item) for item in self.outputs):
                yield "the test ended with an object that looks like a number of points"
            return
        try:
            if isinstance(value, THEIRS):
                raise TypeError
            credit = float(value if np.ndim(value) == 0 else value.item())
        except (TypeError, ValueError, OverflowError):
            yield "the test was to end with a number of points, and the answer made it another"
            return
        for item in self.outputs:
            if item["output_type"] == "execute_result":
                item["data"]["text/plain"] = repr(credit)
        if not 0 <= credit <= cell["points"]:
            yield f"the test gave {credit:g} of {cell['points']:g} points"

    def swallowed(self, cell):
        """What a stand-in has refused, where the test has caught that and gives all its points.

        It was meant to catch what the answer raises.
        """
        value = self.shell.value
        some = isinstance(value, numbers.Number) and not isinstance(value, bool)
        if self.answers.refused and not (some and value < cell["points"]):
            yield self.answers.refused

    def trust(self, cell, refuse=None):
        """Run a trusted cell with stand-ins for what is the student's; returns what it raised."""
        answers, space = self.answers, self.space
        answers.begin(self.job["cell_seconds"])
        self.hidden = hidden_lines(cell["source"], self.edges)
        self.label = f"<{cell['label']}>"
        asks = [bool(used(statement) & {*cell["surely"]}) for statement in cell["given"]]
        for statement in compress(cell["given"], map(operator.not_, asks)):
            self.provide(statement)
        theirs = {*cell["surely"], *(name for name in cell["maybe"] if name not in space)}
        theirs -= {name for name in theirs - set(cell["surely"]) if self.provide(module(name))}
        before = {name: space.pop(name) for name in theirs if name in space}
        answers.ended = refuse
        bound = {}
        if not refuse:
            self.prepare(cell["source"])
        with contextlib.suppress(AnswerEnded):
            if theirs and not refuse:
                bound = answers.names(theirs)
            if looks(cell) and not refuse:
                self.beside.take(answers.written())
        space.update(bound)
        for statement in compress(cell["given"], asks):
            self.provide(statement)
        given = {name for statement in cell["given"] for name, _ in bindings(statement)}
        start = {**{name: space[name] for name in given if name in space}, **bound}
        modules = [(module, dict(vars(module))) for module in self.modules(cell["source"])]
        environment = dict(os.environ) if "environ" in cell["source"] else {}
        answers.rebound = lambda: (
            self.rebound(start) | self.patched(modules) | self.set_in(environment)
        )
        own = rebound(cell["source"])
        data = {
            name: copy.deepcopy(value)
            for name, value in bound.items()
            if name not in own and not isinstance(value, THEIRS) and same(value, value)
        }
        files = looks(cell)
        answers.after = lambda: self.refresh(data, bound, files)
        answers.excuses = lambda error: self.made_by_test(error, cell["source"])
        signal.setitimer(signal.ITIMER_REAL, self.job["cell_seconds"] + 2)
        failure = self.shell.run_trusted(cell["source"], cell["label"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        answers.rebound = answers.after = dict
        kept = {name for name, _ in bindings(cell["source"])}  # of the test's own: `f = old`
        for name, value in bound.items():
            if space.get(name) is value and name not in kept:
                del space[name]
        for name, value in before.items():
            space.setdefault(name, value)
        return failure

    def refresh(self, data, bound, files):
        """What the student's functions have given names and files, the test's are given too."""
        if files:
            self.answers.changed |= self.beside.take(self.answers.written())
        for name, value in (self.answers.names(data) if data else {}).items():
            if not same(value, data[name]) and self.space.get(name) is bound[name]:
                self.space[name] = bound[name] = value
                data[name] = copy.deepcopy(value)

    def rebound(self, start):
        """Names that the student's code has as well and that the test has deleted or rebound.

        What the test would see in one namespace, as it tries who calls whom: nothing, an object of
        the student's, a mock, or a function that students can read.
        """
        found = {}
        for name, value in start.items():
            now = self.space.get(name, start)
            if now is value:
                continue
            code = None if isinstance(now, THEIRS) else getattr(now, "__code__", None)
            if now is start:
                found[name] = []
            elif isinstance(now, THEIRS) or type(now).__module__ == "unittest.mock":
                found[name] = [now]
            elif isinstance(code, types.CodeType) and code.co_filename == self.label:
                found |= {} if code.co_firstlineno in self.hidden else {name: [now]}
        return found

    def modules(self, source):
        """The modules that a test may put something of its own into, and the notebook as one."""
        for name in patched(source):
            first, *rest = name.split(".")
            found = self.space.get(first, sys.modules.get(name))
            for part in rest if first in self.space else ():
                found = getattr(found, part, None)
            if type(found) is types.ModuleType and \
                    found.__name__.partition(".")[0] not in self.job["withheld"]:  # fmt: skip
                yield found

    def patched(self, modules):
        """What the test has put in the place of a library's: a mock, say, for `random.randint`.

        Of the notebook itself what stands in the way of a builtin: `def print(*args)`.
        """
        found = {}
        for place, before in modules:
            now, own = vars(place), place.__name__ == "__main__"
            if same_values(now, before):
                continue
            for name in {**before, **now}:
                value = now.get(name)
                meant = name == "argv" if place is sys else \
                    hasattr(builtins, name) and name != "input" and \
                    (callable(value) or name not in now) if own else \
                    name in before and not name.startswith("_") and \
                    type(value) is not types.ModuleType  # fmt: skip
                if meant and value is not before.get(name):
                    whole = name if own else f"{place.__name__}.{name}"
                    found[whole] = [value] if name in now else []
        return found

    def set_in(self, before):
        """What the test has set in its environment, whose other variables are nobody's business."""
        set_now = {name: value for name, value in (os.environ if before else before).items()
                   if before.get(name) != value}  # fmt: skip
        return {"os.environ": [set_now]} if set_now else {}

    def made_by_test(self, error, source):
        """Whether an error comes from a statement that asks no answer: `1 / 0`, or a `raise`."""
        *_, (frame, number) = traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename != self.label or isinstance(error, AssertionError):
            return False
        names = used_in_line(source, number)
        return all(hasattr(builtins, name) and name not in self.space for name in names)

    def input(self, prompt):
        """What the test has in the place of the keyboard, if anything, answers the student's."""
        ask = self.space.get("input", builtins.input)
        if isinstance(ask, THEIRS) or (ask is INPUT and sys.stdin is sys.__stdin__):
            raise EOFError("nobody is here to answer: the notebook is being graded")
        return str(ask(prompt))

    def readline(self):
        """The same of what is in the place of `sys.stdin`."""
        return "" if sys.stdin is sys.__stdin__ else str(sys.stdin.readline())

    def provide(self, statement):
        """Run a statement of the instructor's once, which names what tests use; say if it ran."""
        if statement not in self.provided:
            try:
                exec(compile(statement, "<given>", "exec"), self.space)
            except BaseException:  # what it names may then be the student's to define
                self.provided[statement] = False
            else:
                self.provided[statement] = bool(statement)
        return self.provided[statement]

    def out_of_time(self, *_):
        self.answers.ended = "the test took too long"
        raise AnswerEnded(self.answers.ended)

    def emit(self, item):
        """An output of a trusted cell; of a failure what instructors need to see.

        What a hidden check says stays: feedback keeps it from students.
        """
        if item["output_type"] == "error":
            failure = self.shell.failure
            theirs = getattr(failure, "answers", None)
            if self.in_hidden(failure.__traceback__):
                if theirs is not None:
                    item = ended("the answer failed in a hidden test")
                elif not isinstance(failure, AssertionError):  # a library's words on values
                    item = ended(f"a hidden test failed ({type(failure).__name__})")
            elif theirs:
                item["traceback"][-1:-1] = theirs
        if item["output_type"] == "stream":  # a warning of the test's own is no failure
            item = {**item, "name": "stdout"}
        self.size += len(json.dumps(item))
        if self.size > OUTPUT_A_SUBMISSION:  # of points and errors the beginning is enough
            item = shorten(item)
        if item is not None and item["output_type"] != "clear_output":
            self.outputs.append(item)

    def from_student(self, item):
        """Something that the student's code printed or showed: to the student's own cell."""
        item = known(item)
        if item is None:
            return
        own = self.job["cells"][self.index]["kind"] in (*STUDENTS, "forgeable")
        if not own and item["output_type"] == "stream" and self.catches(item["name"]):
            getattr(sys, item["name"]).write(item["text"])
            return
        self.printed += len(json.dumps(item))
        if self.printed > OUTPUT_A_SUBMISSION:
            return
        if item["output_type"] == "clear_output":
            if own:
                self.outputs.clear()
        elif own:
            self.outputs.append(item)
        elif self.last_answer is not None and not self.heard:
            self.report.send(["more", self.last_answer, item])

    def catches(self, name):
        """Whether the test has something in the place of a stream, to look at what is written."""
        return getattr(sys, name) is not (self.shell.out if name == "stdout" else self.shell.err)

    def in_hidden(self, tb):
        """Whether an error came by a line of the test that students do not see."""
        return any(
            frame.f_code.co_filename == self.label and number in self.hidden
            for frame, number in traceback.walk_tb(tb)
        )


def same(one, other):
    """Whether two values are data, and the same."""
    try:
        return pickle.dumps(one) == pickle.dumps(other)
    except Exception:  # a stand-in is among them
        return False


def same_values(one, other):
    """Whether two dictionaries have the very same values."""
    return len(one) == len(other) and all(map(operator.is_, one.values(), other.values()))


def is_number(item):
    """Whether nbgrader would read points in an output."""
    try:
        float(item["data"]["text/plain"])
    except (KeyError, ValueError):
        return False
    return item["output_type"] == "execute_result"


def shorten(item):
    """What has to be kept of a test's output for its points and its reason; None of any other."""
    if item["output_type"] == "execute_result":
        return {**item, "data": {"text/plain": item["data"].get("text/plain", "")[:1000]}}
    if item["output_type"] == "error":
        lines = [line[:1000] for line in item["traceback"][-20:]]
        return {**item, "evalue": item["evalue"][:1000], "traceback": lines}
    return None


def ended(reason):
    """The error output of a cell that did not come to its end."""
    return output("error", ename="AnswerEnded", evalue=reason, traceback=[f"AnswerEnded: {reason}"])


def explain(reason, seconds):
    if isinstance(reason, Lost):
        return str(reason)
    if isinstance(reason, TimeoutError):
        return f"not done within {seconds:g} s"
    if isinstance(reason, Malformed):
        return "the answer process sent what cannot be read"
    return "the process was killed: out of time or memory, crashed, or ended by the code itself"


def looks(cell):
    """Whether a test may look for a file that an answer has written."""
    return cell["kind"] == "test" and looks_for_files(cell["source"])


def last(cells, index, kinds, without=()):
    """The number of the last cell before one that is of one of these kinds; or None."""
    places = range(index - 1, -1, -1)
    return next((n for n in places if cells[n]["kind"] in kinds and n not in without), None)


def parking(cells):
    """Where a copy of the answer process is to be left, and the number of each.

    Tests that follow each other share one, and so does a locked cell that asks for an answer.
    """
    groups, standing = {}, False
    for index, cell in enumerate(cells):
        standing = standing and cell["kind"] not in STUDENTS
        asks = cell["kind"] != "answer" and (cell["surely"] or cell["maybe"] or looks(cell))
        if not standing and (asks or cell["kind"] == "forgeable"):
            groups[index], standing = len(groups), True
    return groups


def answering(settings, count):
    """Start what becomes so many warm processes for answers; returns it, and a line to each."""
    # The system counts processes and keeps keys by user: none of it is another submission's.
    settings["user"] = sandbox.USER + os.getpid() % 5000 * sandbox.USERS
    ours, theirs = zip(*(socket.socketpair() for _ in range(count)), strict=True)
    fds = [line.fileno() for line in theirs]
    script = "import sys; sys.path.insert(0, sys.argv.pop()); " \
             "from course_utils.grading import answers; import json; " \
             "answers.main(json.loads(sys.argv[1]), json.loads(sys.argv[2]))"  # fmt: skip
    run = [sys.executable, "-I", "-c", script, json.dumps(fds), json.dumps(settings),
           str(sandbox.PACKAGE.parent)]  # fmt: skip
    if settings["isolated"]:
        run = [*sandbox.command(settings["modules"], settings["secret"]), *run]
    for line in ours if hasattr(socket, "SO_PASSCRED") else ():
        line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # of all that comes, whose it is
    environment = {**sandbox.environment(),
                   "MPLBACKEND": "module://matplotlib_inline.backend_inline"}  # fmt: skip
    process = subprocess.Popen(
        run, env=environment, pass_fds=fds, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for line in theirs:
        line.close()
    return process, ours


class Bench:
    """Two warm processes side by side; grades one submission at a time."""

    def __init__(self, control, settings, shell):
        self.control, self.settings, self.shell = control, settings, shell
        self.shell.plots = False
        self.warm = None  # the number of the process at the other end

    def keep_to(self, core):
        """Keep to one core, on which one of the two always waits for the other."""
        for pid in (0, self.find_warm()):
            with contextlib.suppress(OSError):  # it has ended
                os.sched_setaffinity(pid, {core})

    def find_warm(self):
        if self.warm is None:
            self.warm = sandbox.sender(self.control)
        return self.warm

    def grade(self, job, files, own_files):
        """Outputs of every cell, and why cells were lost: `{"outputs": […], "lost": {…}}`."""
        self.prepare(job)
        deadline = time.monotonic() + job["seconds"]
        defused, losses, suspects, told = {}, collections.Counter(), {}, None
        while True:
            outputs, lost, gone, asked = self.attempt(job, files, own_files, defused, deadline)
            if told:  # by what a test before has left somewhere, a cell could now say more
                outputs = [
                    new if cell["kind"] not in STUDENTS
                    else [*old, ended(defused[str(index)][0])] if str(index) in defused else old
                    for index, (cell, old, new)
                    in enumerate(zip(job["cells"], told, outputs, strict=True))
                ]  # fmt: skip
            elif asked:
                told = outputs
            if lost is None:
                break
            index, reason = lost
            losses[index] += 1
            before = last(job["cells"], index, ("test",), set(map(int, defused)))
            if losses[index] == 2 and before is not None:
                # Without that cell it ended all the same, so the test before may have done it.
                del defused[str(index)]
                suspects[index] = str(before)
                defused[str(before)] = reason, 1
            else:
                defused.pop(suspects.pop(index, None), None)
                defused[str(index)] = reason, losses[index]
            if losses[index] > 3 or time.monotonic() > deadline:
                break
        lost = {index: reason for index, (reason, _) in defused.items()} | gone
        return {"outputs": outputs, "lost": lost}

    def prepare(self, job):
        """Import and read once for a class what each fork would."""
        known = compiled.cache_info().currsize, preload.cache_info().currsize
        if any("pandas" in statement for statement in job["preload"]):
            preload("import pandas")  # answers may give tables
        for cell in job["cells"]:
            if cell["kind"] != "answer":
                for statement in set().union(*map(imports, [*cell["given"], cell["source"]])):
                    preload(statement)
                if is_plain(cell["source"]):
                    with contextlib.suppress(SyntaxError):  # then running it will say so
                        compiled(cell["source"], cell["label"], self.shell.compile.flags)
                rebound(cell["source"])
                patched(cell["source"])
                last_root(cell["source"])
                looks_for_files(cell["source"])
                shows(cell["source"], tuple(job["hidden_tests"]))
                for statement in [*cell["given"], cell["source"]]:
                    used(statement)
                    bindings(statement)
        if known != (compiled.cache_info().currsize, preload.cache_info().currsize):
            share()

    def attempt(self, job, files, own_files, defused, deadline):
        """Run the notebook once.

        Returns the outputs so far, the (index, reason) of a loss that has ended it, the reasons of
        those that have not, and whether a test has begun.
        """
        outputs = [[] for _ in job["cells"]]
        for cell, items in zip(job["cells"], outputs, strict=True):
            if cell["kind"] in ("test", "forgeable"):  # until there is evidence
                items.append(ended("not run: the notebook did not get this far in its time"))
        self.find_warm()
        count = 1 + min(len(parking(job["cells"])), MAX_PARKED)
        ours, theirs = zip(*(socket.socketpair() for _ in range(count)), strict=True)
        socket.send_fds(
            self.control, [json.dumps(job["preload"]).encode()], [line.fileno() for line in theirs]
        )
        for line in theirs:
            line.close()
        if not self.control.recv(1):
            raise RuntimeError("the warm process for answers is gone")
        reports, reporting = socket.socketpair()
        with tempfile.TemporaryDirectory() as folder:
            pid = os.fork()
            if pid == 0:
                reports.close()
                self.control.close()
                self.check(job, files, own_files, defused, ours, reporting, folder)
            for sock in (reporting, *ours):
                sock.close()
            try:
                gone, self.asked = {}, False
                lost = self.follow(Channel(reports), job, outputs, gone, deadline)
            finally:
                quietly(os.kill, pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                reports.close()
                self.control.sendall(b"x")
                self.control.recv(1)
        return outputs, lost, gone, self.asked

    def follow(self, reports, job, outputs, gone, deadline):
        index = 0
        while True:
            patience = min(2 * job["cell_seconds"] + 10, deadline - time.monotonic())
            end = time.monotonic() + patience
            while not reports.ready(min(GLANCE, patience)) and time.monotonic() < end:
                if sandbox.holds_more(self.warm, self.settings["limits"]["memory"]):
                    return index, "the answer's processes together used up the memory"
            try:
                (kind, *rest), _ = reports.receive(timeout=max(patience, 0.01))
            except (EOFError, OSError, TimeoutError, Malformed) as reason:
                return index, explain(reason, job["cell_seconds"])
            if kind == "start":
                index = rest[0]
                self.asked |= job["cells"][index]["kind"] in ("test", "forgeable")
            elif kind == "outputs":
                outputs[rest[0]] = rest[1]
            elif kind == "more":
                outputs[rest[0]].append(rest[1])
            elif kind == "gone":
                gone[str(rest[0])] = rest[1]
            elif kind == "lost":
                return rest
            else:
                return None

    def check(self, job, files, own_files, defused, lines, reporting, folder):
        """In a fork: be the check process of one submission."""
        try:
            sandbox.die_with_parent()
            memory = self.settings["limits"]["memory"]  # what an answer makes of a test's numbers
            sandbox.limit(memory=memory, seconds=None, file_size=None, processes=None)
            os.chdir(folder)
            tempfile.tempdir = folder
            for name, data in own_files.items():
                put(folder, name, data)
            sys.path.insert(0, folder)
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            sys.stdout, sys.stderr = self.shell.out, self.shell.err
            check = Check(job, lines, Channel(reporting), self.shell)
            signal.signal(signal.SIGALRM, check.out_of_time)
            self.shell.emit = check.emit
            check.run(files, defused)
        finally:
            os._exit(0)


def main(controls):
    """Be a process for each of `controls`, and grade one job after the other for its other end."""
    sandbox.die_with_parent()
    channels = [Channel(socket.socket(fileno=control)) for control in controls]
    shell = Shell.start()
    seeds.watch()
    with contextlib.suppress(EOFError, BrokenPipeError):  # until the other end is closed
        settings, _ = channels[0].receive()
        _process, controls = answering(settings, len(channels))
        lines = [*zip(channels, controls, strict=True)]
        share()
        channel, control = lines[sandbox.split(lines)]
        bench = Bench(control, settings, shell)
        while True:
            (job, *more), tail = channel.receive()
            if isinstance(job, int):
                bench.keep_to(job)
            else:
                channel.send(bench.grade(job, *(unpack(table, tail) for table in more)))


if __name__ == "__main__":
    main([*map(int, sys.argv[1:])])
