"""A disk that takes its time: 5 ms more for everything that has to be on it for certain.

Where benchmarks run, "written" often means the memory of the host below. On the network volume of
a rented server, on a hard disk or a memory card, it takes milliseconds.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PAUSE_MS = 5

_SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static int slowly(const char *name, int fd) {
    struct timespec pause = {0, PAUSE_MS * 1000000L};
    nanosleep(&pause, 0);
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}

int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
"""


def available() -> bool:
    """Whether it can be had here: Linux with a C compiler."""
    return sys.platform == "linux" and shutil.which("cc") is not None


@contextmanager
def slow_disk() -> Iterator[dict[str, str]]:
    """The environment in which a process finds its disk slow."""
    with TemporaryDirectory(prefix="gnk-bench-") as folder:
        source, library = Path(folder) / "slow.c", Path(folder) / "slow.so"
        source.write_text(_SOURCE, "utf-8")
        subprocess.run(
            ["cc", f"-DPAUSE_MS={PAUSE_MS}", "-shared", "-fPIC", "-o", library, source, "-ldl"],
            check=True,
        )
        yield {"LD_PRELOAD": str(library)}
