"""The unit of work: one submission's cells and files in, its outputs out, as bytes.

No gradebook, no notebook, no shared state: so any `concurrent.futures.Executor` can spread it, and
whoever receives a result has to read JSON and nothing more. A pair of warm processes stands behind
each thread that grades.
"""

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

from course_utils.grading import CONFINED, sandbox
from course_utils.grading.wire import Channel, Malformed, too_large

NOT_ISOLATED = (
    "Answers run apart from the tests, with limits on time and memory, but not in a sandbox: here "
    "they can read your files and use the network. On Linux, installing bubblewrap mends it."
)
ROOT = (
    "Answers never run as root, and without a sandbox only root could read this Python "
    "environment: grade as an ordinary user, or install bubblewrap."
)
NO_FORK = "Answers and tests share a process on Windows: to keep them apart, grade in WSL."

_mine = threading.local()
_all, _lock = {}, threading.Lock()  # channel → the process behind it, which may have others
_starting = []  # the thread that tells processes what to get warm for, if there was one
_ready = []  # (settings, channel) of those that no thread has taken yet
_closed = [0]  # how often all were ended


def grade(settings, request):
    """Run a submission's cells and tests, apart from each other.

    Parameters
    ----------
    settings : str
        What the warm processes are started with, as JSON.
    request : bytes
        A message of `wire`: the job, the table of its files, which of them are the tests', and in
        the tail their contents.

    Returns
    -------
    bytes
        JSON: ``outputs`` of each of the job's cells, and ``lost``: cell → why its process was lost;
        or ``refused``: why this machine grades nothing.
    """
    chosen = json.loads(settings)
    if reason := refusal(chosen["require_sandbox"]):
        return json.dumps({"refused": reason}).encode()
    if size := too_large(request):
        return json.dumps({"refused": f"{size >> 20} MB are too much to grade at once"}).encode()
    closed = _closed[0]
    for new in (False, True):  # one may have died before: of a new one, it is this one's doing
        if _closed[0] != closed:
            return json.dumps({"refused": "grading was stopped"}).encode()
        try:
            channel = bench(settings, new=new)
            channel.send_bytes(request, timeout=60)
            return channel.receive_bytes(timeout=2 * chosen["limits"]["seconds"] + 60)[0]
        except (EOFError, OSError, Malformed) as error:
            close()  # nobody reads on in the middle of a message
            reason = f"the check process ended without a verdict, twice ({error})"
    return json.dumps({"refused": reason}).encode()


def refusal(require_sandbox):
    """Why this machine cannot grade, or None."""
    if not hasattr(os, "fork"):
        return NO_FORK
    if not sandboxed():
        if require_sandbox:
            return f"{NOT_ISOLATED} A sandbox is required, so nothing was graded."
        if os.getuid() == 0 and not readable_by_all():
            return ROOT
    return None


def bench(settings, *, new=False):
    """The channel to this thread's warm processes, which are started if need be."""
    key = os.getpid(), settings
    if getattr(_mine, "key", None) != key or is_dead(_mine.channel):
        close()
        _mine.channel, _mine.key = take(settings, new), key
        if getattr(_mine, "core", None) is not None:
            _mine.channel.send([_mine.core])
    return _mine.channel


def settings(chosen, course=None):
    """What the warm processes are started with, as JSON.

    Parameters
    ----------
    chosen : dict
        Traits of `ExecuteApart`, where they are not as `CONFINED` has them.
    course : path, optional
        The course folder, which answers never see.
    """
    chosen = CONFINED | chosen
    tree = {
        "require_sandbox": chosen["require_sandbox"],
        "withheld": chosen["withheld"],
        "allowed": ["course_utils.grading", *chosen["available"]],
        "modules": [path for name in chosen["available"] for path in paths(name)],
        "secret": [str(course)] if course else [],
        "limits": {
            "memory": chosen["memory"],
            "seconds": chosen["submission_timeout"],
            "file_size": chosen["file_size"],
            "processes": chosen["processes"],
        },
    }
    return json.dumps(tree)


def paths(name):
    """The files of a module of this package, relative to the package."""
    parts = name.split(".")[1:]
    return [f"{'/'.join(parts)}.py", "/".join(parts)] if parts else []


def start(count, settings):
    """Have processes for so many threads get warm now, to grade with these settings."""
    started()
    missing = count - len(_ready) if hasattr(os, "fork") else 0
    if missing <= 0:
        return
    channels = spawn(missing)

    def get_ready():  # while they start, it is tried whether there is a sandbox
        with contextlib.suppress(OSError):  # it has died
            tell(channels, settings)
        _ready.extend((settings, channel) for channel in channels)

    _starting[:] = [threading.Thread(target=get_ready)]
    _starting[0].start()


def take(settings, new):
    """The channel to processes that are warm already, or are started now."""
    started()
    while _ready and not new:
        with contextlib.suppress(IndexError):  # another thread was faster
            known, channel = _ready.pop()
            if known == settings and not is_dead(channel):
                return channel
            drop(channel)
    channels = spawn(1)
    tell(channels, settings)
    return channels[0]


def is_dead(channel):
    """Whether a channel is closed, or nobody is at its other end, which waits to be asked."""
    process = _all.get(channel)
    return process is None or process.poll() is not None or channel.ready(0)


def started():
    """Wait until all that `start` has begun can be taken."""
    for thread in list(_starting):
        thread.join()


def tell(channels, settings):
    channels[0].send({**json.loads(settings), "isolated": sandboxed()})


def spawn(count):
    """The channels to so many processes for checks, which start as one.

    It waits to be told over the first what to get warm for.
    """
    ours, theirs = zip(*(socket.socketpair() for _ in range(count)), strict=True)
    fds = [line.fileno() for line in theirs]
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "course_utils.grading.checks", *map(str, fds)], pass_fds=fds,
        env={**os.environ, **sandbox.THREADS, "MPLBACKEND": "agg"},
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    for line in theirs:
        line.close()
    channels = [*map(Channel, ours)]
    with _lock:
        _all.update(dict.fromkeys(channels, process))
    return channels


def keep_to(cores):
    """Keep the warm processes of this thread to the next of some cores.

    One of them always waits for the other, so on one core neither has to be woken from afar.
    """
    _mine.core = next(cores, None)


def close():
    """End this thread's warm processes."""
    if getattr(_mine, "key", None) is not None:
        owner, _mine.key = _mine.key[0], None
        if owner == os.getpid():
            drop(_mine.channel)
        else:
            _mine.channel.close()


def close_all():
    """End the warm processes of all threads, which give up what they are grading."""
    _closed[0] += 1
    started()
    _ready.clear()
    for process in set(_all.values()):
        process.terminate()
        process.wait()
    for channel in list(_all):
        drop(channel)


def drop(channel):
    """Close a channel; with its last one, what has started as one process ends."""
    with _lock:
        process = _all.pop(channel, None)
        last = process is not None and process not in _all.values()
    channel.close()
    if last:
        process.terminate()
        process.wait()


atexit.register(close_all)


def sandboxed():
    """Whether answers can be confined on this machine; tried once."""
    with _lock:
        if not hasattr(sandboxed, "answer"):
            sandboxed.answer = sandbox.works()
    return sandboxed.answer


def readable_by_all():
    """Whether an ordinary user could import from this Python environment."""
    return all(
        os.stat(folder).st_mode & 0o005 == 0o005
        for prefix in sandbox.prefixes()
        for folder in (Path(prefix), *Path(prefix).parents)
    )
