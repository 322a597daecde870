"""Which system calls make writes survive a loss of power, and the seccomp filter that shows them to the sandbox.

The filter is put on by the process itself, before it becomes the application; no privilege is needed, and everything that it starts
inherits it. Only the calls below stop: a write runs at full speed.

    shown      fsync fdatasync syncfs sync, msync with MS_SYNC
    refused    ways to sync that could not be seen: O_SYNC and O_DSYNC (EINVAL), RWF_SYNC and RWF_DSYNC (EOPNOTSUPP), io_uring and
               kernel AIO (ENOSYS, as in a container without them), openat2 (ENOSYS: its flags lie in memory that a filter cannot read)
    not counted  sync_file_range: its manual page promises nothing after a loss of power

It is imported by the process that becomes the application, so it imports little.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
from dataclasses import dataclass

ALLOW, ERRNO, SHOW = 0x7FFF0000, 0x00050000, 0x7FC00000  # SECCOMP_RET_ALLOW, _ERRNO, _USER_NOTIF
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # BPF: ld w abs, jeq, jge, jset, ret
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data, little-endian
X32 = 0x40000000
SET_MODE_FILTER, GET_ACTION_AVAIL, NEW_LISTENER = 1, 2, 8
PR_SET_NO_NEW_PRIVS = 38
O_DSYNC, RWF_SYNCS, MS_SYNC = 0o10000, 0x2 | 0x4, 4


@dataclass(frozen=True, slots=True)
class Machine:
    """One architecture: its audit word, its number of seccomp(2), and the numbers of the calls above."""

    audit: int
    seccomp: int
    numbers: dict[str, int]


MACHINES = {
    "x86_64": Machine(0xC000003E, 317, {
        "open": 2, "msync": 26, "fsync": 74, "fdatasync": 75, "sync": 162, "io_setup": 206, "openat": 257, "syncfs": 306, "pwritev2": 328,
        "io_uring_setup": 425, "openat2": 437,
    }),
    "aarch64": Machine(0xC00000B7, 277, {
        "io_setup": 0, "openat": 56, "sync": 81, "fsync": 82, "fdatasync": 83, "msync": 227, "syncfs": 267, "pwritev2": 287,
        "io_uring_setup": 425, "openat2": 437,
    }),
}  # fmt: skip
FLAGS = {"open": (1, O_DSYNC), "openat": (2, O_DSYNC), "pwritev2": (5, RWF_SYNCS), "msync": (2, MS_SYNC)}  # argument and bits that count
REFUSED = {
    "open": errno.EINVAL, "openat": errno.EINVAL, "pwritev2": errno.EOPNOTSUPP, "openat2": errno.ENOSYS, "io_setup": errno.ENOSYS,
    "io_uring_setup": errno.ENOSYS,
}  # fmt: skip


def machine() -> Machine:
    """The machine we run on; OSError in words where its calls are not known here."""
    found = MACHINES.get(platform.machine())
    if found is None:
        raise OSError(f"power loss with unflushed cache needs {' or '.join(MACHINES)} (this machine is {platform.machine()})")
    return found


def program(here: Machine) -> bytes:
    """The filter, as the kernel wants it."""
    code = [_op(LOAD, ARCH), _op(EQUAL, here.audit, 1, 0), _op(RETURN, ERRNO | errno.ENOSYS), _op(LOAD, NUMBER)]
    code += [_op(AT_LEAST, X32, 0, 1), _op(RETURN, ERRNO | errno.ENOSYS)]
    for name, number in here.numbers.items():
        verdict = ERRNO | REFUSED[name] if name in REFUSED else SHOW
        if name not in FLAGS:
            code += [_op(EQUAL, number, 0, 1), _op(RETURN, verdict)]
            continue
        argument, bits = FLAGS[name]
        code += [_op(EQUAL, number, 0, 4), _op(LOAD, ARGUMENTS + 8 * argument), _op(ANY_BIT, bits, 0, 1)]
        code += [_op(RETURN, verdict), _op(RETURN, ALLOW)]
    return b"".join([*code, _op(RETURN, ALLOW)])


def show(door: int) -> None:
    """Put the filter on this process for good, and hand what listens to it through the socket door; OSError where that is not allowed."""
    here = machine()
    libc = ctypes.CDLL(None, use_errno=True)
    code = program(here)
    text = ctypes.create_string_buffer(code, len(code))
    whole = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(text))  # struct sock_fprog
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise _refused("prctl(PR_SET_NO_NEW_PRIVS)")
    listener = libc.syscall(here.seccomp, SET_MODE_FILTER, NEW_LISTENER, whole)
    if listener < 0:
        raise _refused("seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)")
    with socket.socket(fileno=door) as link:
        socket.send_fds(link, [b"x"], [listener])
    os.close(listener)


def _refused(call: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")


def _op(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)
