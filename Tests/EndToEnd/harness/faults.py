"""What can become of an answer between the API server and an agent. Each is a coroutine function over a Call; what it is
called in the docs is its key in ANSWERS, WATCHES or LISTS."""

import asyncio
import gzip
import json
import re
import urllib.parse

from .middle import chunk, chunked, with_length

PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>no healthy upstream</body></html>\n"
MEBIBYTE = 1 << 20


# --- the connection ends


async def reset_unsent(call):
    call.reset()


async def end_unsent(call):
    await call.end()


async def reset_unanswered(call):
    await call.answer()
    call.reset()


async def reset_in_head(call):
    head, _ = await call.answer()
    await call.write(head[: len(head) // 2])
    await asyncio.sleep(0.05)  # a reset takes back what has not been read
    call.reset()


async def reset_in_body(call):
    head, body = await call.answer()
    await call.write(with_length(head, len(body)) + body[: len(body) // 2])
    await asyncio.sleep(0.05)
    call.reset()


async def end_in_head(call):
    head, _ = await call.answer()
    await call.write(head[: len(head) // 2])
    await call.end()


async def end_in_body(call):
    head, body = await call.answer()
    await call.write(with_length(head, len(body)) + body[: len(body) // 2])
    await call.end()


async def end_after_answer(call):
    """An answer without "Connection: close", then the goodbye: whoever keeps the connection is told too late."""
    await call.pass_on()
    await call.end()


# --- the body is another


async def truncated(call):
    head, body = await call.answer()
    await call.write(with_length(head, len(body) // 2) + body[: len(body) // 2])


async def garbage(call):
    head, body = await call.answer()
    await call.write(with_length(head, 64) + b'{"kind":"Status\x00\xff\xfe"' + b"}" * 45)


async def nothing(call):
    head, _ = await call.answer()
    await call.write(with_length(head, 0))


async def huge(call):
    head, body = await call.answer()
    await call.write(with_length(head, 17 * MEBIBYTE + len(body)))
    for _ in range(17):
        await call.write(b" " * MEBIBYTE)
    await call.write(body)


async def compressed(call):
    head, body = await call.answer()
    body = gzip.compress(body)
    head = with_length(head, len(body))
    await call.write(head[:-2] + b"Content-Encoding: gzip\r\n\r\n" + body)


async def wrong_type(call):
    head, body = await call.answer()
    head = re.sub(rb"(?i)content-type: [^\r]*", b"Content-Type: text/html; charset=utf-16", head)
    await call.write(with_length(head, len(body)) + body)


async def page_200(call):
    await call.say(200, PAGE)


async def page_502(call):
    await call.say(502, PAGE)


async def page_503(call):
    await call.say(503, PAGE, headers="Retry-After: 1\r\n")


async def text_504(call):
    await call.say(504, b"upstream request timeout", "text/plain")


def redirect_to(url):
    async def redirect(call):
        await call.say(307, PAGE, headers=f"Location: {url}{call.request.target}\r\n")

    return redirect


# --- the way it is said is another


async def interim(call):
    for status in ("100 Continue", "102 Processing", "103 Early Hints"):
        await call.write(f"HTTP/1.1 {status}\r\nLink: </style.css>; rel=preload\r\n\r\n".encode())
    await call.pass_on()


async def drip(call):
    head, body = await call.answer()
    for byte in with_length(head, len(body)) + body:
        await call.write(bytes([byte]))
        await asyncio.sleep(0.002)


async def trickle(call):
    head, _ = await call.answer()
    await call.write(with_length(head, MEBIBYTE))
    await call.trickle()


async def no_http(call):
    await call.write(b"\x00\x01\x02 220 mail.example.com ESMTP\r\n\r\n")
    await call.end()


async def wide_head(call):
    head, body = await call.answer()
    fields = b"".join(b"X-%d: %s\r\n" % (number, b"x" * 1000) for number in range(300))
    head = with_length(head, len(body))
    await call.write(head[:-2] + fields + b"\r\n" + body)


async def two_lengths(call):
    head, body = await call.answer()
    head = with_length(head, len(body))
    await call.write(head[:-2] + b"Content-Length: %d\r\n\r\n" % (len(body) // 2) + body)
    await call.end()


async def no_chunk(call):
    head, body = await call.answer()
    await call.write(chunked(head) + b"zz\r\n" + body)
    await call.end()


async def endless_chunk(call):
    head, body = await call.answer()
    await call.write(chunked(head) + b"7fffffffffffffffffffffff\r\n" + body)
    await call.end()


async def chunks_of_one(call):
    head, body = await call.answer()
    await call.write(chunked(head))
    for byte in body:
        await call.write(b"1;name=value\r\n%c\r\n" % byte)
    await call.write(b"0\r\nX-Trailer: yes\r\n\r\n")


TRICKLE = "a byte each half second, without end"

# By the words of the docs.
ANSWERS = {
    "reset when the request has been sent": reset_unsent,
    "ended when the request has been sent": end_unsent,
    "reset when the server has answered": reset_unanswered,
    "reset in the answer's head": reset_in_head,
    "ended in the answer's head": end_in_head,
    "reset in the answer's body": reset_in_body,
    "ended in the answer's body": end_in_body,
    "ended right after the answer": end_after_answer,
    "body cut off, its length set right": truncated,
    "body of no JSON": garbage,
    "no body": nothing,
    "body of 17 MiB": huge,
    "body compressed, though nobody asked": compressed,
    "body called text/html": wrong_type,
    "a web page with 200": page_200,
    "a web page with 502": page_502,
    "a web page with 503 and Retry-After": page_503,
    "a line of text with 504": text_504,
    "interim answers 100, 102 and 103 before it": interim,
    "one byte at a time": drip,
    TRICKLE: trickle,
    "no HTTP": no_http,
    "a head of 300 KiB": wide_head,
    "two lengths that differ": two_lengths,
    "a chunk whose length is no number": no_chunk,
    "a chunk longer than 2^63": endless_chunk,
    "chunks of one byte, with extensions and a trailer": chunks_of_one,
}


# --- changes of the node


async def dropped_cordon(call):
    """As from a webhook that takes the field away: the server does the rest, and says 200."""
    assert b'"unschedulable":true' in call.request.raw, call.request.raw
    call.request.raw = call.request.raw.replace(b'"unschedulable":true', b'"unschedulable":null')
    await call.pass_on()


async def secret(call):
    body = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "token"}, "data": {}}
    await call.say(200, json.dumps(body).encode(), "application/json")


CORDONS = {
    "a webhook that drops the cordon": dropped_cordon,
    "a Secret with 200": secret,
}


# --- lists


FIRST_POD = b'"items":[{"metadata":{'


async def huge_item(call):
    """The first pod has an annotation of 20 MiB."""
    head, body = await call.answer()
    before, after = body.split(FIRST_POD, 1)
    before, after = before + FIRST_POD + b'"annotations":{"x":"', b'"},' + after
    await call.write(with_length(head, len(before) + 20 * MEBIBYTE + len(after)) + before)
    for _ in range(20):
        await call.write(b"x" * MEBIBYTE)
    await call.write(after)


async def wrong_item(call):
    await change(call, FIRST_POD + b'"name":', FIRST_POD + b'"name":7,"x":')


async def deep_item(call):
    await change(call, FIRST_POD, FIRST_POD + b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b",")


async def change(call, old, new):
    head, body = await call.answer()
    assert old in body, body[:1000]
    body = body.replace(old, new, 1)
    await call.write(with_length(head, len(body)) + body)


async def null_items(call):
    head, body = await call.answer()
    body = re.sub(rb'"items":\[.*\]', b'"items":[null,{},[],7]', body, flags=re.S)
    await call.write(with_length(head, len(body)) + body)


LISTS = {
    "a pod of 20 MiB": huge_item,
    "a pod whose name is no text": wrong_item,
    "null, {}, [] and 7 among the pods": null_items,
    "a pod nested 100,000 deep": deep_item,
}


# --- watches


def opened(then):
    """A watch that begins well: the server's own head, and a bookmark, which says that all is as it was."""

    async def fault(call):
        head, _ = await call.ask()
        query = urllib.parse.parse_qs(call.request.target.partition("?")[2])
        metadata = {"resourceVersion": query["resourceVersion"][0], "creationTimestamp": None}
        bookmark = {"type": "BOOKMARK", "object": {"kind": "Pod", "apiVersion": "v1", "metadata": metadata}}
        await call.write(chunked(head) + chunk(json.dumps(bookmark).encode() + b"\n"))
        await then(call)
        await call.end()

    return fault


async def reset_watch(call):
    await asyncio.sleep(0.05)
    call.reset()
    raise EOFError


async def end_watch(call):
    await call.write(b"0\r\n\r\n")


async def end_watch_in_chunk(call):
    await call.write(b"400\r\n" + b'{"type":"MODIFIED","object":{')


async def half_a_line(call):
    await call.write(chunk(b'{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"na') + b"0\r\n\r\n")


async def line_of_garbage(call):
    await call.write(chunk(b"\x00\xff\xfe{]\n"))


async def unknown_event(call):
    await call.write(chunk(b'{"type":"WRAPPED","object":{"kind":"Pod","metadata":{}}}\n'))


async def event_without_object(call):
    await call.write(chunk(b'{"type":"DELETED"}\n{"type":"DELETED","object":null}\n'))


async def line_of_100_megabytes(call):
    await call.write(chunk(b'{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"annotations":{"x":"'))
    for _ in range(100):
        await call.write(chunk(b"x" * MEBIBYTE))


async def chunk_of_nonsense(call):
    await call.write(b"-5\r\n")


async def newlines(call):
    """A million empty lines."""
    for _ in range(16):
        await call.write(chunk(b"\n" * (MEBIBYTE // 16)))


async def internal_error(call):
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "etcd went away", "code": 500}
    await call.write(chunk(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"))


async def gone(call):
    status = {"kind": "Status", "status": "Failure", "reason": "Expired", "message": "too old resource version"}
    await call.write(chunk(json.dumps({"type": "ERROR", "object": {**status, "code": 410}}).encode() + b"\n"))


WATCHES = {
    "reset in a watch": opened(reset_watch),
    "a watch that ends in good order": opened(end_watch),
    "a watch that ends in the middle of a chunk": opened(end_watch_in_chunk),
    "a watch that ends in the middle of a line": opened(half_a_line),
    "a line of no JSON in a watch": opened(line_of_garbage),
    "an event of an unknown type": opened(unknown_event),
    "events without an object": opened(event_without_object),
    "a line of 100 MiB in a watch": opened(line_of_100_megabytes),
    "a million empty lines in a watch": opened(newlines),
    "a chunk of length -5 in a watch": opened(chunk_of_nonsense),
    "an error event of code 500": opened(internal_error),
    "an error event of code 410": opened(gone),
    "a web page for a watch": page_200,
    "502 for a watch": page_502,
}
