"""Compressed bodies, inflated a bounded step at a time.

Reads the parts of a body. Writes nothing. A few thousand bytes can stand for a thousand times as
many: whoever takes the steps counts them, and stops.
"""

from __future__ import annotations

import zlib

from assay.serving.refusals import BadRequest, UnsupportedEncoding

STEP = 64 * 1024  # bytes of a step, inflated

# zlib's windowBits: 16 more for gzip's header and checksum (RFC 1952), none for zlib's (RFC 1950),
# which is what HTTP calls deflate (RFC 9110, 8.4.1.2).
WINDOWS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Inflater:
    """Inflates one body."""

    def __init__(self, encoding: str) -> None:
        """Inflate what is encoded as ``Content-Encoding`` says.

        Raises:
            UnsupportedEncoding: not one of those that are read, or several at once.

        """
        if encoding not in WINDOWS:
            raise UnsupportedEncoding(
                f"a body is read as it is, or with Content-Encoding {' or '.join(WINDOWS)}"
            )
        self._encoding = encoding
        self._member = self._next_member()
        self._left = b""

    def feed(self, part: bytes) -> None:
        """Take the next part of the body, when a step gave nothing more of the one before."""
        self._left = part

    def step(self) -> bytes:
        """Return the next bytes, at most ``STEP``; none: the next part is needed.

        Raises:
            BadRequest: the body isn't encoded so.

        """
        inflated = b""
        while not inflated:
            if self._member.eof:
                if not self._left:
                    break
                if self._encoding == "deflate":
                    raise BadRequest("something follows the end of the deflate body")
                self._member = self._next_member()  # gzip: several in a row are one (RFC 1952, 2.2)
            try:
                inflated = self._member.decompress(self._left, STEP)
            except zlib.error:
                raise BadRequest(f"the body is not {self._encoding}, as it says") from None
            self._left = self._member.unused_data or self._member.unconsumed_tail
            if not self._left and not self._member.eof:
                break
        return inflated

    def require_whole(self) -> None:
        """Check that the body ended where the encoding says.

        Raises:
            BadRequest: it was cut short.

        """
        if not self._member.eof:
            raise BadRequest(f"the {self._encoding} body ends too early")

    def _next_member(self) -> zlib._Decompress:
        return zlib.decompressobj(WINDOWS[self._encoding])
