"""A child's life tied to its parent's: however the parent ends, the kernel ends the child with it.

Only Linux offers this; elsewhere a child whose parent was killed outright lives on until somebody ends it. The guard in
front of the supervised programs does the same by itself, because it may import nothing of ours.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with(parent: int) -> None:
    """Be killed when the process `parent` ends; exit at once when it ended before this line."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(f"the parent process {parent} is gone")
