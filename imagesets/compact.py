"""Thrift's compact protocol, as far as the headers of parquet files need it (parquet.thrift in apache/parquet-format)."""

from __future__ import annotations

import struct
from mmap import mmap
from typing import Any

Fields = dict[int, Any]  # field's number → number, bytes, list or Fields

DEEPEST = 16  # structures inside one another; parquet's own headers have six
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_WHOLE = (4, 5, 6)  # numbers of 16, 32 and 64 bits


class Compact:
    """A reader of `content` from `place` on. What is no header raises ValueError, IndexError or struct.error."""

    def __init__(self, content: memoryview | bytes | mmap, place: int = 0):
        self.content, self.place = content, place

    def fields(self, depth: int = 0) -> Fields:
        """The structure that begins here."""
        if depth > DEEPEST:
            raise ValueError("structures inside one another without end")
        found: Fields = {}
        number = 0
        while head := self._byte():
            kind = head & 15
            number = number + (head >> 4) if head >> 4 else self._whole()
            found[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return found

    def _value(self, kind: int, depth: int) -> Any:
        if kind in _WHOLE:
            return self._whole()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.fields(depth + 1)
        if kind in (_LIST, _SET):
            return self._list(depth + 1)
        if kind == _DOUBLE:
            return struct.unpack("<d", self._bytes(8))[0]
        if kind in (_BYTE, _TRUE, _FALSE):  # in a list a truth takes a byte
            return self._byte()
        if kind == _MAP and not self._byte():  # parquet has none
            return {}
        raise ValueError("a kind of value that no header has")

    def _list(self, depth: int) -> list[Any]:
        if depth > DEEPEST:
            raise ValueError("lists inside one another without end")
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self.content) - self.place:  # each takes a byte at least
            raise ValueError("a list longer than the file")
        return [self._value(head & 15, depth) for _ in range(count)]

    def _byte(self) -> int:
        value = self.content[self.place]
        self.place += 1
        return value

    def _bytes(self, count: int) -> bytes:
        value = bytes(self.content[self.place : self.place + count])
        if len(value) < count:
            raise ValueError("cut short")
        self.place += count
        return value

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise ValueError("a number of more than 64 bits")

    def _whole(self) -> int:
        """A number with its sign in the last bit."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
