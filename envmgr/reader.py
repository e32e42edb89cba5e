"""A process that reads files for another one: names and descriptors of folders in, contents out.

It ends with the thread that started it, whatever that dies of, and never works on for nobody.
"""

import _socket as socket
import marshal
import os

from envmgr.attendant import ends_with
from envmgr.content import contents

MESSAGE_BYTES = 2**17
DESCRIPTORS = 2


def main(parent: str) -> None:
    """Do what is ordered on stdin, until nobody is left who could order."""
    if not ends_with(int(parent)):
        return
    import ctypes  # here, for whoever starts readers reads this module, too

    line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, 0)
    room = socket.CMSG_SPACE(DESCRIPTORS * ctypes.sizeof(ctypes.c_int))
    while True:
        order, ancillary, _, _ = line.recvmsg(MESSAGE_BYTES, room, socket.MSG_CMSG_CLOEXEC)
        if not order:
            return
        descriptors = memoryview(ancillary[0][2]).cast("i")
        line.send(marshal.dumps(contents(*marshal.loads(order), *descriptors)))  # noqa: S302  written by `files`
        for descriptor in descriptors:
            os.close(descriptor)
