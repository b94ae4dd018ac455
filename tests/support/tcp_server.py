"""A TCP server that sends bytes as they are: broken responses, and a proxy."""

import contextlib
import os
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TOKEN = b'{"access_token": "token-1", "expires_in": 3600}'
TOKEN_RESPONSE = OK + b"Content-Length: %d\r\n\r\n" % len(TOKEN) + TOKEN


@contextlib.contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen on this machine, and give each connection to talk. The value is a baseURL."""

    def reply(client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            talk(client)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=reply, args=[client], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v2"
        with contextlib.suppress(OSError):  # wakes accept() on Linux; elsewhere closing does
            listener.shutdown(socket.SHUT_RDWR)


def read_request(client: socket.socket) -> bytes:
    """Read one request to its end, and return its head.

    What is left unread would turn a close into a reset.
    """
    head = b""
    while b"\r\n\r\n" not in head:
        head += client.recv(65536) or b"\r\n\r\n"
    head, _, body = head.partition(b"\r\n\r\n")
    announced = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    length = int(announced[1]) if announced else 0
    while len(body) < length:
        body += client.recv(65536) or b" " * length
    return head


def reset(client: socket.socket) -> None:
    """Close a connection so that the other side gets an error, not an end."""
    client.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
    )
