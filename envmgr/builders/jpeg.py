"""A JPEG file: whether it is one, and whole, by its markers alone; nothing is decoded.

A decoder would not do: most of them fill what is missing with grey, and say nothing.
"""

START = b"\xff\xd8"
END = b"\xff\xd9"
_SCAN = 0xDA
_LENGTH_BYTES = 2


def flaw(data: bytes) -> str:
    """What is wrong with the bytes of a JPEG file; empty when nothing is.

    The segments before the first scan are walked, so that the end of a thumbnail in one of them is not taken for the
    picture's.
    """
    if not data.startswith(START):
        return "it does not begin as a JPEG file does"
    place = len(START)
    while place + _LENGTH_BYTES < len(data):
        if data[place] != START[0]:
            return f"there is no marker at byte {place}"
        marker = data[place + 1]
        place += 2 + int.from_bytes(data[place + 2 : place + 2 + _LENGTH_BYTES])
        if marker == _SCAN:
            return "" if data.rfind(END, place) >= 0 else "the end of the picture is missing"
    return "it ends before its picture begins"
