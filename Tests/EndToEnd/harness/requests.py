"""Requests that no client should send: what is wrong with each, its bytes, and the statuses it may get."""

CLOSED = "closed"
HOST = b"Host: agent\r\n"


def get(target, lines=b"", version=b"HTTP/1.1"):
    return b"GET " + target + b" " + version + b"\r\n" + HOST + lines + b"\r\n"


def post(lines=b"", body=b"", target=b"/drain"):
    return b"POST " + target + b" HTTP/1.1\r\n" + HOST + lines + b"\r\n" + body


def chunked(body):
    return post(b"Transfer-Encoding: chunked\r\n", body)


PATHS = [
    ("a path that climbs", get(b"/../livez"), {404}),
    ("one that climbs percent-encoded", get(b"/%2e%2e/livez"), {404}),
    ("one that climbs out of a route", get(b"/drain/..%2f..%2fetc/passwd"), {404}),
    ("two slashes", get(b"//livez"), {404}),
    ("a slash behind", get(b"/livez/"), {404}),
    ("an encoded NUL", get(b"/livez%00"), {400}),
    ("a % without digits", get(b"/%zz"), {400}),
    ("bytes that are no UTF-8", get(b"/\xff\xfe"), {400}),
    ("an encoded letter, which is that letter", get(b"/%6civez"), {200}),
    ("a whole URI", get(b"http://other.example/livez"), {200}),
    ("a whole URI of another scheme", get(b"ftp://other.example/livez"), {400}),
    ("a path of 12,000 bytes", get(b"/" + b"a" * 12_000), {404}),
    ("a path of 40,000 bytes", get(b"/" + b"a" * 40_000), {414}),
    ("2,000 query parameters", get(b"/livez?" + b"a=b&" * 2_000), {200, 414, CLOSED}),
]
LINES = [
    ("HTTP/0.9", b"GET /livez\r\n", {400, CLOSED}),
    ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
    ("HTTP/3.7", get(b"/livez", version=b"HTTP/3.7"), {400, 505}),
    ("a TLS hello to a plain port", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 512, {400, CLOSED}),
    ("CONNECT", b"CONNECT other.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", {400, 405}),
    ("TRACE", b"TRACE /livez HTTP/1.1\r\n" + HOST + b"\r\n", {405}),
    ("a method in lower case", b"get /livez HTTP/1.1\r\n" + HOST + b"\r\n", {405}),
    ("a method of 9,000 letters", b"G" * 9_000 + b" /livez HTTP/1.1\r\n" + HOST + b"\r\n", {405}),
    ("nothing but line ends", b"\r\n" * 50_000, {400, 414, 431, CLOSED}),
    ("nothing but NULs", b"\0" * 100_000, {400, 414, 431, CLOSED}),
]
HEADERS = [
    ("no Host", b"GET /livez HTTP/1.1\r\n\r\n", {400}),
    ("two Hosts", get(b"/livez", b"Host: other\r\n"), {400}),
    ("a blank behind a header's name", get(b"/livez", b"X : y\r\n"), {400}),
    ("a carriage return in a header", get(b"/livez", b"X: y\rZ: z\r\n"), {400}),
    ("a header without a colon", get(b"/livez", b"nonsense\r\n"), {400}),
    ("a header of 40,000 bytes", get(b"/livez", b"X: " + b"x" * 40_000 + b"\r\n"), {431}),
    ("5,000 headers", get(b"/livez", b"X: x\r\n" * 5_000), {431}),
    ("a megabyte of headers", get(b"/livez", b"X: " + b"x" * (1 << 20) + b"\r\n"), {431, CLOSED}),
    ("1,500 cookies", get(b"/livez", b"Cookie: " + b"a=b; " * 1_500 + b"\r\n"), {200, 431, CLOSED}),
    ("ranges", get(b"/metrics", b"Range: bytes=0-0,1-1,-1\r\n"), {200}),
    ("an upgrade to a websocket", get(b"/livez", b"Connection: Upgrade\r\nUpgrade: websocket\r\n"), {200}),
    ("an upgrade to HTTP/2", get(b"/livez", b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"), {200}),
    ("Accept of nothing but punctuation", get(b"/metrics", b"Accept: ;;,,q=1;/;*/*/*;q=2,a/b;q=-1\r\n"), {200}),
    ("Accept with a q that is no number", get(b"/metrics", b"Accept: text/plain;q=nan\r\n"), {200}),
    ("Accept with 2,500 ranges", get(b"/metrics", b"Accept: " + b"*/*," * 2_500 + b"\r\n"), {200}),
    ("Accept with a q of 5,000 digits", get(b"/metrics", b"Accept: a/b;q=0." + b"9" * 5_000 + b"\r\n"), {200}),
    ("Accept with bytes that are no UTF-8", get(b"/metrics", b"Accept: \xff\xfe/\x80\r\n"), {200}),
    ("Accept-Encoding of nothing but punctuation", get(b"/metrics", b"Accept-Encoding: gzip;q=x,,;,*;q=0\r\n"), {200}),
    ("a traceparent that is none", get(b"/livez", b"traceparent: 00-zz\r\n"), {200}),
]
BODIES = [
    ("a length below 0", post(b"Content-Length: -1\r\n", b"{}"), {400}),
    ("a length in hexadecimal", post(b"Content-Length: 0x2\r\n", b"{}"), {400}),
    ("a length of 23 digits", post(b"Content-Length: " + b"9" * 23 + b"\r\n", b"{}"), {413}),
    ("two lengths", post(b"Content-Length: 2\r\nContent-Length: 50\r\n", b"{}"), {400}),
    ("a length and chunks", post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n"), {400}),
    ("a blank behind a length's name", post(b"Content-Length : 2\r\n", b"{}"), {400}),
    ("a tab behind it", post(b"Content-Length\t: 2\r\n", b"{}"), {400}),
    ("a length with a sign", post(b"Content-Length: +2\r\n", b"{}"), {400}),
    ("a length on the next line", post(b"Content-Length:\r\n 2\r\n", b"{}"), {400}),
    (
        "a length, and chunks whose name has a blank behind it",
        post(b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
        {400},
    ),
    (
        "a length, and chunks on the next line",
        post(b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
        {400},
    ),
    ("an encoding nobody knows", post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n"), {400}),
    ("a chunk whose length is no number", chunked(b"zz\r\n{}\r\n0\r\n\r\n"), {400}),
    ("a chunk whose length is below 0", chunked(b"-2\r\n{}\r\n0\r\n\r\n"), {400}),
    ("a chunk of 2^64 bytes and more", chunked(b"f" * 18 + b"\r\n{}"), {400, 413}),
    ("a chunk that is longer than it says", chunked(b"1\r\n{}\r\n0\r\n\r\n"), {400}),
    (
        "a chunk with an extension of 60,000 bytes",
        chunked(b"2;" + b"x" * 60_000 + b"\r\n{}\r\n"),
        {400, 413, 500, CLOSED},
    ),
    ("10 MB with a length", post(b"Content-Length: 10000000\r\n", b"x" * 10_000_000), {413, CLOSED}),
    ("10 MB in chunks", chunked((b"10000\r\n" + b"x" * 65_536 + b"\r\n") * 160 + b"0\r\n\r\n"), {413, CLOSED}),
    ("100-continue for a terabyte", post(b"Expect: 100-continue\r\nContent-Length: 1000000000000\r\n"), {413}),
    ("a body on a GET", get(b"/livez", b"Content-Length: 5\r\n") + b"abcde", {200}),
]
RIGHTS = [
    ("no token", post(), {401}),
    ("another token", post(b"Authorization: Bearer guessed\r\n"), {401}),
    ("the token's beginning", post(b"Authorization: Bearer a token of the test\r\n"), {401}),
    ("an empty token", post(b"Authorization: Bearer \r\n"), {401}),
    ("Basic in place of Bearer", post(b"Authorization: Basic YTpi\r\n"), {401}),
    ("the token twice", post(b"Authorization: Bearer a token of the tests\r\n" * 2), {401}),
    ("the token in the query", post(target=b"/drain?access_token=a%20token%20of%20the%20tests"), {401}),
    ("the token in a trailer", chunked(b"0\r\nAuthorization: Bearer a token of the tests\r\n\r\n"), {401}),
    ("HEAD for a plan, without a token", b"HEAD /plan HTTP/1.1\r\n" + HOST + b"\r\n", {401}),
    ("a plan without a token", get(b"/plan"), {401}),
    ("a preStop hook without a token", post(target=b"/prestop"), {401}),
    ("the token, and a page's Origin", post(b"Authorization: Bearer a token of the tests\r\nOrigin: null\r\n"), {403}),
    (
        "the token, from another site",
        post(b"Authorization: Bearer a token of the tests\r\nSec-Fetch-Site: cross-site\r\n"),
        {403},
    ),
]
SECTIONS = {"paths": PATHS, "request lines": LINES, "headers": HEADERS, "bodies": BODIES, "rights": RIGHTS}
