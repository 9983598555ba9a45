"""The way out for text messages: one POST of JSON to an HTTP gateway."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from pledges.messaging.carriers import NotAccepted, Unanswered
from pledges.messaging.letters import Letter

_OUR_FAULT = frozenset({401, 403, 404, 405, 408, 429})
"""Refusals that mean a wrong token, a wrong address or too much at once: the message is fine and waits."""


@dataclass(frozen=True)
class SmsCarrier:
    """Sends `{"to": "+84…", "text": "…"}`; any answer of 200 to 299 means that the gateway has taken it."""

    url: str
    token: str = field(default="", repr=False)
    seconds: float = 15

    def send(self, letter: Letter, about_to_hand_over: Callable[[], None]) -> None:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=self.seconds)
        try:
            try:
                connection.connect()
            except OSError as error:
                raise NotAccepted(f"connecting: {type(error).__name__} {error}".strip()) from error
            about_to_hand_over()
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            status, said = self._post(connection, path, letter)
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotAccepted(f"{status} {said}".strip(), permanent=400 <= status < 500 and status not in _OUR_FAULT)

    def _post(self, connection: HTTPConnection, path: str, letter: Letter) -> tuple[int, str]:
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = json.dumps({"to": letter.to_address, "text": letter.data.decode()}, ensure_ascii=False).encode()
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.reason
        except (OSError, HTTPException) as error:
            raise Unanswered(f"{type(error).__name__} {error}".strip()) from error

    def has_taken(self, message_id: uuid.UUID) -> bool | None:
        return None


class _NoGateway:
    """Where the setting was taken away while messages waited."""

    def send(self, letter: Letter, about_to_hand_over: Callable[[], None]) -> None:
        raise NotAccepted("no gateway for text messages is set")

    def has_taken(self, message_id: uuid.UUID) -> bool | None:
        return False


NO_GATEWAY = _NoGateway()
