"""Tests reach this machine and nothing else."""

from __future__ import annotations

import socket
import threading

import pytest
from pytest_socket import SocketConnectBlockedError


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as outside, pytest.raises((SocketConnectBlockedError, UserWarning), match="192"):
        outside.connect(("192.0.2.1", 80))


def test_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        caller = threading.Thread(target=lambda: socket.create_connection(server.getsockname(), timeout=5).close())
        caller.start()
        server.accept()[0].close()
        caller.join(5)
        assert not caller.is_alive()
