"""A plain TCP server, for what no HTTP server says."""

import contextlib
import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on this machine, and give each connection to talk. The value is a baseURL."""

    def answer(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            talk(client)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=answer, args=[client], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        with contextlib.suppress(OSError):  # wakes accept() on Linux; elsewhere closing does
            listener.shutdown(socket.SHUT_RDWR)


def read_request(client: socket.socket) -> None:
    """Read one request to its end: what is left unread would turn a close into a reset."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65536) or b"\r\n\r\n"
    head, _, body = head.partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    length = int(announced[1]) if announced else 0
    while len(body) < length:
        body += client.recv(65536) or b" " * length


def reset(client: socket.socket) -> None:
    """Close a connection so that the other side gets an error, not an end."""
    client.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    )
