"""The program between the supervisor and a child: it ties the child's life to the supervisor's, then becomes it.

Run as `python -I -S guard.py --parent PID --signal N [--drop-root] -- PROGRAM ARGUMENT...`. The process id stays the
same through `exec`, so the supervisor signals the program itself. In order:

1. files of the child are its owner's alone (umask 077);
2. with `--drop-root`, when root: become `nobody`, because PostgreSQL refuses to run as root. The home folder and the
   virtual environment may lie below directories that `nobody` cannot enter (`/root` is 0700), and it is not for us to
   open them; so the right to pass through directories, CAP_DAC_READ_SEARCH, is kept as an ambient
   capability (capabilities(7)). It lets the child write nowhere;
3. on Linux, ask the kernel to signal this process when the supervisor dies (PR_SET_PDEATHSIG), however it dies. This
   comes after the change of user, which clears the wish;
4. the supervisor may have died before step 3: look whether it is still the parent.

Only the standard library is imported, and few parts of it: every child pays for this start.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

UMASK = 0o077
NOBODY = 65534  # user and group; the kernel's own overflow id, so it exists without an entry in /etc/passwd

# linux/prctl.h and linux/capability.h
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522

KEPT = (1 << CAP_DAC_READ_SEARCH, 1 << CAP_DAC_OVERRIDE, 0)
"""The first that root has. Docker's root has only the second, which lets it write as well; a root without both gets by
as long as the directories above are open."""

OVERPOWERED = 70  # exit status: the capabilities of root could not be laid down
ORPHANED = 71  # exit status: the supervisor was gone before the child began


class CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilityWord(ctypes.Structure):
    """32 of the 64 capability bits; the system call takes two words."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_root() -> None:
    """Become `nobody` with the one capability that lets it pass through other people's directories."""
    linux = sys.platform == "linux"
    if linux:
        # Keeps the capabilities through the change of user; and access(2), by which PostgreSQL looks for itself, would
        # otherwise act as if there were none.
        _libc().prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    if linux and not any(_keep_only(mask) for mask in KEPT):
        sys.exit(OVERPOWERED)


def _keep_only(mask: int) -> bool:
    """Reduce the capabilities to those of the mask, and make them survive exec; not possible when root lacks one."""
    words = (CapabilityWord * 2)(CapabilityWord(mask, mask, mask), CapabilityWord(0, 0, 0))
    header = CapabilityHeader(CAPABILITY_VERSION_3, 0)
    if _libc().capset(ctypes.byref(header), words) != 0:
        return False
    for capability in (bit for bit in range(32) if mask >> bit & 1):
        _libc().prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)
    return True


def die_with_parent(parent: int, signal_number: int) -> None:
    """Let the kernel send the signal when the supervisor ends; exit now when it ended already."""
    if sys.platform == "linux":
        _libc().prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(ORPHANED)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def main(arguments: Sequence[str]) -> None:
    """Parse by position, not argparse, whose import would cost more than everything else here."""
    split = arguments.index("--")
    options, program = list(arguments[:split]), list(arguments[split + 1 :])
    os.umask(UMASK)
    if "--drop-root" in options and os.geteuid() == 0:
        drop_root()
    die_with_parent(int(_value(options, "--parent")), int(_value(options, "--signal")))
    os.execvp(program[0], program)  # noqa: S606 -- to become the program, without a shell, is what this is for


def _value(options: list[str], name: str) -> str:
    return options[options.index(name) + 1]


if __name__ == "__main__":
    main(sys.argv[1:])
