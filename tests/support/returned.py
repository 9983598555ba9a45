"""Mails as mail systems send them back, after the shapes of Postfix, Exim and qmail; all names are invented."""

from __future__ import annotations

from pathlib import Path

HOST = "camket.vidu.vn"
RETURN = "tra-lai@vidu.vn"


def report(
    to: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    said: str = "smtp; 550 5.1.1 <sai@vidu.vn>: no such mailbox",
    returned: str = "",
    extra: str = "",
) -> bytes:
    """A report of RFC 3464 as Postfix writes it. `returned`: headers of the letter that came back."""
    parts = [
        ("text/plain; charset=us-ascii", "This is the mail system at host relay.vidu.vn.\n\nSee below.\n"),
        (
            "message/delivery-status",
            "Reporting-MTA: dns; relay.vidu.vn\n"
            "Arrival-Date: Fri, 20 Nov 2026 10:00:00 +0700 (+07)\n\n"
            f"Final-Recipient: rfc822; sai@vidu.vn\nOriginal-Recipient: rfc822;sai@vidu.vn\n"
            f"Action: {action}\nStatus: {status}\nRemote-MTA: dns; mx.vidu.vn\nDiagnostic-Code: {said}\n",
        ),
    ]
    if returned:
        parts.append(("text/rfc822-headers", returned))
    body = "".join(f"--R/1\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@relay.vidu.vn (Mail Delivery System)\nTo: {to}\n"
        f"Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n{extra}MIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="R/1"\n\n{body}--R/1--\n'
    ).encode()


def plain(to: str, text: str, *, subject: str = "failure notice", headers: str = "") -> bytes:
    """A report without parts for machines."""
    return (
        f"From: MAILER-DAEMON@mx.vidu.vn\nTo: {to}\nSubject: {subject}\n{headers}"
        f"Content-Type: text/plain; charset=utf-8\n\n{text}"
    ).encode()


def exim(to: str, returned: str) -> bytes:
    return plain(
        to,
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\nrecipients. "
        "This is a permanent error. The following address(es) failed:\n\n"
        "  sai@vidu.vn\n    host mx.vidu.vn [192.0.2.5]\n"
        "    SMTP error from remote mail server after RCPT TO:<sai@vidu.vn>:\n"
        "    550 5.1.1 <sai@vidu.vn>: Hộp thư không tồn tại\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{returned}\n\nNội dung\n",
        subject="Mail delivery failed: returning message to sender",
        headers="X-Failed-Recipients: sai@vidu.vn\nAuto-Submitted: auto-replied\n",
    )


def qmail(to: str, returned: str) -> bytes:
    return plain(
        to,
        "Hi. This is the qmail-send program at mx.vidu.vn.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<sai@vidu.vn>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
        f"--- Below this line is a copy of the message.\n\nReturn-Path: <x@vidu.vn>\n{returned}\n\nThư 550 5.0.0\n",
    )


def append(mbox: Path, *mails: bytes) -> None:
    with mbox.open("ab") as file:
        for mail in mails:
            file.write(b"From MAILER-DAEMON Fri Nov 20 10:00:00 2026\n" + mail + b"\n")
