"""The few bytes of Flight SQL that a test says itself, without a library that would say it right."""
import pyarrow.flight as flight

TYPE_PREFIX = b"type.googleapis.com/arrow.flight.protocol.sql."


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A field of protobuf that holds bytes."""
    return varint(number << 3 | 2) + varint(len(value)) + value


def command(name, value=b""):
    return flight.FlightDescriptor.for_command(field(1, TYPE_PREFIX + name.encode()) + field(2, value))


def statement(sql):
    return command("CommandStatementQuery", field(1, sql.encode()))
