"""The fence around a decoder: once it is closed, this process opens nothing, starts nothing and reaches nobody.

Two rails, both kept by the kernel and neither ever taken down again. No further descriptor can be had (RLIMIT_NOFILE
of 0), so no file, socket or pipe beyond those that are open; that holds everywhere. On Linux a filter of system calls
(seccomp) refuses what needs no descriptor, or would lift the limit: starting programs and processes, signals to others,
tracing, memory that processes share by a number, changing files by their names, the machine itself (its clock, its
kernel, its power), and every call newer than Linux 5.0, which answers as that kernel would. Neither asks for
privileges, and the superuser is held as well.

The list names what is refused, not what is allowed: a C library that starts to use another call for its memory or its
locks goes on working. What was measured is in docs/decisions/0030-decoder-fence.md.

Not here: memory, time and sizes, which are limits of the whole child (`ingest.isolation.child`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38  # linux/prctl.h
SECCOMP_MODE_FILTER = 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # linux/seccomp.h; the number of the error goes into the lower half
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # linux/bpf_common.h: operations on 32 bits
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets into seccomp_data; the lower half of an argument
CLONE_THREAD = 0x00010000
FIRST_COMMON = 424
"""From Linux 5.1 on new system calls have one number everywhere; a library has to do without them anyway."""
X32 = 0x40000000
"""The same calls once more, for programs of 32-bit pointers on x86-64."""

# machine -> (what the kernel calls it, linux/audit.h; column in the tables of calls)
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

# Allowed by their first argument: a thread of this process may start, and one of its own may be sent a signal, by which
# a C library aborts.
CLONE, TGKILL = (56, 220), (234, 131)

# name: (number on x86-64, on AArch64); 64-bit ARM has no calls without a folder's descriptor.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None),
    "openat": (257, 56),
    "creat": (85, None),
    "open_by_handle_at": (304, 265),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "msgget": (68, 186),
    "setrlimit": (160, 164),
    "prlimit64": (302, 261),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "link": (86, None),
    "linkat": (265, 37),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "truncate": (76, 45),
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "mount": (165, 40),
    "umount2": (166, 39),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "setns": (308, 268),
    "acct": (163, 89),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "kexec_load": (246, 104),
    "init_module": (175, 105),
    "delete_module": (176, 106),
    "iopl": (172, None),
    "ioperm": (173, None),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "syslog": (103, 116),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
}


def close() -> None:
    """Close the fence around this process, for good. What it needs has to be imported and open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    machine = MACHINES.get(platform.machine())
    if sys.platform == "linux" and machine is not None:
        _install(program(*machine, own_pid=os.getpid()))


def program(architecture: int, column: int, *, own_pid: int) -> bytes:
    """The filter of one machine: instructions of the kernel's packet filter, eight bytes each."""
    lines = [
        _line(LOAD, ARCHITECTURE),
        _line(EQUAL, architecture, yes=1),
        _line(RETURN, REFUSE | errno.EPERM),  # a call in another machine's dialect
        _line(LOAD, NUMBER),
        *_rule(AT_LEAST, X32, errno.EPERM),
        *_rule(AT_LEAST, FIRST_COMMON, errno.ENOSYS),
    ]
    for numbers in REFUSED.values():
        number = numbers[column]
        if number is not None:
            lines += _rule(EQUAL, number, errno.EPERM)
    lines += _argued(CLONE[column], ANY_BIT, CLONE_THREAD)
    lines += _argued(TGKILL[column], EQUAL, own_pid)
    return b"".join([*lines, _line(RETURN, ALLOW)])


def _line(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; `yes` and `no` are how many to pass over when it compares."""
    return struct.pack("=HBBI", code, yes, no, value)


def _rule(comparison: int, value: int, error: int) -> tuple[bytes, bytes]:
    return _line(comparison, value, no=1), _line(RETURN, REFUSE | error)


def _argued(number: int, comparison: int, value: int) -> tuple[bytes, ...]:
    """Allow one call only when its first argument compares; any other goes on behind these lines."""
    return (
        _line(EQUAL, number, no=4),
        _line(LOAD, FIRST_ARGUMENT),
        _line(comparison, value, yes=1),
        _line(RETURN, REFUSE | errno.EPERM),
        _line(RETURN, ALLOW),
    )


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = [("length", ctypes.c_ushort), ("lines", ctypes.c_char_p)]


def _install(lines: bytes) -> None:
    """A kernel without seccomp says so; the first rail holds there alone."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    # Without it only the superuser may filter, because a filter could confuse a program of more rights.
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    made = _Program(len(lines) // 8, lines)
    if prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(made), 0, 0) and ctypes.get_errno() != errno.EINVAL:
        code = ctypes.get_errno()
        raise OSError(code, "the decoder cannot be fenced in")
