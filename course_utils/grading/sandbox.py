"""What confines an answer: a bubblewrap for the warm process, then namespaces and limits a fork.

The bubblewrap shows the Python environment, read-only, and nothing else of the host; it has no
network. Each submission is a fork inside it with process, IPC, network and mount namespaces of its
own, a private /tmp, no calls for memory that cannot be counted, and, where the grader is root, a
user of its own.
"""

import contextlib
import ctypes
import errno
import os
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import sysconfig
from pathlib import Path

with contextlib.suppress(ModuleNotFoundError):  # Windows has none, and runs no answer apart
    import fcntl
    import resource

PACKAGE = Path(__file__).parents[1]
NEEDED = ("__init__.py", "grading/__init__.py", "grading/answers.py", "grading/files.py",
          "grading/links.py", "grading/sandbox.py", "grading/shell.py", "grading/tables.py",
          "grading/wire.py")  # fmt: skip
SYSTEM = ("/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/bin", "/lib", "/lib64", "/bin",
          "/usr/share/fonts", "/usr/share/zoneinfo", "/etc/fonts", "/etc/ld.so.cache",
          "/etc/alternatives", "/etc/localtime")  # fmt: skip
HOME = "/submission"  # private to a submission, as are /dev/shm and, if it can be, /tmp

USER = 60000  # the first of those that answers run as where the grader is root
USERS = 10_000  # for each of its warm processes, of which a submission after the other takes one
THREADS = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}

CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 0x1
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x8, 0x4000, 0x40000
KEYCTL_JOIN_SESSION_KEYRING = 1
# By their numbers: shmget, memfd_create and memfd_secret; semget, msgget and mq_open; unshare and
# setns, mount, fsopen and move_mount, as a mount or a namespace of one's own is memory too; and
# sched_setaffinity, as others compute on the next core.
REFUSED = {
    "x86_64": (0xC000003E, (29, 319, 447, 64, 68, 240, 272, 308, 165, 430, 429, 203)),
    "aarch64": (0xC00000B7, (194, 279, 447, 190, 186, 180, 97, 268, 40, 430, 429, 122)),
}
CLONE, CLONE3, CLONE_NEW = {"x86_64": 56, "aarch64": 220}, 435, 0x7E020000  # all namespaces
PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38


def environment():
    """The variables that an answer sees: nothing of the grader's own."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": HOME,
        "TMPDIR": HOME,
        "LANG": "C.UTF-8",
        "USER": "student",
        "MPLCONFIGDIR": f"{HOME}/.matplotlib",
        "IPYTHONDIR": f"{HOME}/.ipython",
        "NBGRADER_EXECUTION": "autograde",
        "PYTHONHASHSEED": "0",
        **THREADS,
    }


def command(modules, secret):
    """bubblewrap's command line, to be followed by what runs in it.

    Parameters
    ----------
    modules : list of str
        Files of this package, relative to it, that an answer may read.
    secret : list of path
        Folders that stay out even where they lie inside the Python environment.
    """
    binds = [path for path in SYSTEM if os.path.exists(path)]
    for prefix in prefixes():
        if prefix in ("/usr", "/usr/local"):  # which may hold an exchange
            binds += [f"{prefix}/{part}" for part in ("bin", "lib") if os.path.exists(prefix)]
        else:
            binds.append(prefix)
    binds += {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    args = ["bwrap", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    args += ["--unshare-cgroup-try", "--hostname", "answer", "--die-with-parent", "--new-session"]
    if os.getuid():
        args += ["--unshare-user"]
    else:  # enough to make a fork's namespaces and to give up being root there
        args += ["--cap-drop", "ALL"]
        for name in ("SYS_ADMIN", "NET_ADMIN", "SETUID", "SETGID", "KILL", "CHOWN"):
            args += ["--cap-add", f"CAP_{name}"]
    args += ["--tmpfs", "/tmp", "--tmpfs", HOME]
    for path in sorted(set(binds), key=len):
        for parent in reversed(Path(path).parents):  # which an ordinary user has to pass
            args += ["--perms", "0755", "--dir", str(parent)]
        args += ["--ro-bind", path, path]
    for path in secret:
        if any(Path(path).is_relative_to(bind) for bind in binds):
            args += ["--tmpfs", str(path), "--remount-ro", str(path)]
    for parent in reversed(PACKAGE.parents):
        args += ["--perms", "0755", "--dir", str(parent)]
    args += ["--perms", "0755", "--tmpfs", str(PACKAGE)]
    for name in dict.fromkeys((*NEEDED, *modules)):
        if (PACKAGE / name).exists():
            args += ["--ro-bind", str(PACKAGE / name), str(PACKAGE / name)]
    args += ["--remount-ro", str(PACKAGE), "--dev", "/dev", "--proc", "/proc"]
    for path in font_lists():
        args += ["--ro-bind-try", str(path), f"{HOME}/.matplotlib/{path.name}"]
    for path in ("/dev", "/tmp", "/"):
        args += ["--remount-ro", path]
    args += ["--chdir", "/"]
    return args


def prefixes():
    """The folders of this Python environment."""
    return {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}


def font_lists():
    """Where Matplotlib has noted which fonts there are: it takes long to look for them again."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "matplotlib")
    return Path(os.environ.get("MPLCONFIGDIR") or cache).glob("fontlist-*.json")


def works():
    """Whether bubblewrap is installed and a fork inside it gets its own namespaces."""
    if not sys.platform.startswith("linux") or not shutil.which("bwrap"):
        return False
    script = "import runpy,sys; runpy.run_path(sys.argv[1])['probe']()"
    run = [*command([], []), sys.executable, "-I", "-c", script, __file__]
    try:
        done = subprocess.run(run, capture_output=True, timeout=30, env=environment(), check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def probe():
    """Isolate one fork; exits with 0 if that worked."""
    pid = isolate()
    if pid == 0:
        try:
            settle(USER)
        finally:
            ready = os.getpid() == 1 and os.getuid() and os.access(HOME, os.W_OK)
            os._exit(0 if ready and os.access(os.__file__, os.R_OK) else 1)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def isolate():
    """Fork into new process, IPC, network and mount namespaces; returns as `os.fork` does.

    One `clone` does both, so that nothing has to stand between the two and wait.
    """
    spaces = CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWNS
    ids = os.getuid(), os.getgid()
    spaces |= CLONE_NEWUSER if ids[0] else 0
    call = CLONE[os.uname().machine], spaces | signal.SIGCHLD, 0, 0, 0, 0
    python = ctypes.PyDLL(None, use_errno=True)
    python.PyOS_BeforeFork()
    pid = python.syscall(*map(ctypes.c_long, call))
    if pid:
        python.PyOS_AfterFork_Parent()
        _check(pid < 0)
        return pid
    python.PyOS_AfterFork_Child()
    if ids[0]:
        for file, number in zip(("uid_map", "gid_map"), ids, strict=True):
            if file == "gid_map":
                Path("/proc/self/setgroups").write_text("deny")
            Path(f"/proc/self/{file}").write_text(f"{number} {number} 1")
    return pid


def settle(user, *, size=256 * 2**20):
    """In the fork: its own mounts and user, and no way back."""
    die_with_parent()
    _mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
    options = f"size={size},mode=1777".encode()
    places = [HOME, "/dev/shm"]
    if not any(path.startswith("/tmp/") for path in (*prefixes(), str(PACKAGE))):  # else read-only
        places.append("/tmp")
    for path in places:
        _mount(b"tmpfs", path.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options)
    _mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV)
    _mount(b"devpts", b"/dev/pts", b"devpts", MS_NOSUID | MS_NOEXEC, b"newinstance,ptmxmode=0666")
    with contextlib.suppress(OSError), socket.socket() as one:  # nobody is there but the answer
        fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    if os.getuid() == 0:
        give_up_root(user)
    else:
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        _check(libc().capset(header, (ctypes.c_uint32 * 6)()))
    _check(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    refuse_calls()
    die_with_parent()  # a change of user has undone it


def refuse_calls():
    """Take away calls by which an answer could take what no limit counts, and leave its core."""
    architecture, calls = REFUSED.get(os.uname().machine, (0, ()))
    load, equal, least, some, end = 0x20, 0x15, 0x35, 0x45, 0x06  # what a step of the filter does
    refuse, allow = (end, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM), (end, 0, 0, SECCOMP_RET_ALLOW)
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), refuse]  # calls of other kinds
    steps += [(load, 0, 0, 0), (least, 0, 1, 0x40000000), refuse]
    for call in calls:
        steps += [(equal, 0, 1, call), refuse]
    steps += [(equal, 0, 1, CLONE3), (end, 0, 0, SECCOMP_RET_ERRNO | errno.ENOSYS)]  # then `clone`
    steps += [(equal, 0, 3, CLONE.get(os.uname().machine, 0)), (load, 0, 0, 16)]
    steps += [(some, 0, 1, CLONE_NEW), refuse]
    code = b"".join(struct.pack("HBBI", *step) for step in [*steps, allow])
    kept = ctypes.create_string_buffer(code)
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(kept))
    if calls:
        libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0)


def part_with_parent():
    """Share no place in a file, and no key of the kernel's, with what this is a fork of."""
    if not sys.platform.startswith("linux"):
        return
    for number in map(int, os.listdir("/proc/self/fd")):
        with contextlib.suppress(OSError):
            if stat.S_ISREG(os.fstat(number).st_mode):
                copy = os.open(f"/proc/self/fd/{number}", os.O_RDONLY)
                os.lseek(copy, os.lseek(number, 0, os.SEEK_CUR), os.SEEK_SET)
                os.dup2(copy, number)
                os.close(copy)
    if keyctl := {"x86_64": 250, "aarch64": 219}.get(os.uname().machine):
        libc().syscall(keyctl, KEYCTL_JOIN_SESSION_KEYRING, None)


def give_up_root(user):
    """An answer never runs as root, with or without a sandbox."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def limit(memory, seconds, file_size, processes):
    """Resource limits of this process and of each of its children."""
    for name, value in (
        ("RLIMIT_AS", memory),
        ("RLIMIT_CPU", seconds),
        ("RLIMIT_FSIZE", file_size),
        ("RLIMIT_NPROC", processes),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NOFILE", 256),
    ):
        if value is not None and hasattr(resource, name):
            _, hard = resource.getrlimit(getattr(resource, name))
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with contextlib.suppress(ValueError, OSError):  # macOS has no limit on memory
                resource.setrlimit(getattr(resource, name), (value, value))


def die_with_parent():
    if sys.platform.startswith("linux"):
        libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def open_to_others(yes):
    """Whether processes of the same user may look into this one's memory, and write there."""
    libc().prctl(PR_SET_DUMPABLE, int(yes), 0, 0, 0)


def adopt_orphans():
    """Make this process the parent of whatever its descendants leave behind (Linux only)."""
    if sys.platform.startswith("linux"):
        libc().prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_children():
    """Kill all that descend from this process, which has adopted their orphans."""
    while children := _children(os.getpid()):
        for pid in children:
            try:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            except (ProcessLookupError, ChildProcessError):
                pass


def split(lines):
    """Become a process for each of several lines, or stay the one that there is.

    Parameters
    ----------
    lines : list of tuple
        What each of them alone may use: sockets and channels, which the others close.

    Returns
    -------
    int
        Which of them this process is. Where there are several, the first waits for all and exits.
    """
    if len(lines) == 1:
        return 0
    for number in range(len(lines)):
        if os.fork() == 0:
            die_with_parent()
            for other in (*lines[:number], *lines[number + 1 :]):
                for line in other:
                    line.close()
            return number
    for line in (line for own in lines for line in own):
        line.close()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    sys.exit()


def announce(line):
    """Make the first byte over a line tell the other end which process this is: see `sender`."""
    line.sendall(b"!")


def sender(line):
    """The process that has announced itself at the other end, in this one's numbers, or 0."""
    _, told, *_ = line.recvmsg(1, socket.CMSG_SPACE(12))
    return struct.unpack("3i", told[0][2])[0] if told else 0


def holds_more(pid, limit):
    """Whether a process and its descendants hold more memory than so many bytes; Linux can tell.

    What forks share is counted once for each at first, and exactly if that were too much.
    """
    members = family(pid)
    return all(sum(map(count, members)) > limit for count in (_resident, _proportional))


def family(pid):
    found = [pid]
    for member in found:
        with contextlib.suppress(OSError):
            for tasks in Path(f"/proc/{member}/task").iterdir():
                found += map(int, (tasks / "children").read_text().split())
    return found


def _resident(pid):
    """Bytes in memory that are in no file: a process's own, and what it shares with others."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    kinds = "RssAnon:", "RssShmem:"
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(kinds))


def _proportional(pid):
    """The same, each page divided by the number of processes that share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # not ours to see
        return _resident(pid)
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:"))


def _children(parent):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            found.append(int(folder.name))
    return found


def libc():
    return ctypes.CDLL(None, use_errno=True)


def _mount(source, target, kind, flags, options=None):
    _check(libc().mount(source, target, kind, ctypes.c_ulong(flags), options))


def _check(failed):
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
