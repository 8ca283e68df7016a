"""Turns SVG into PNG, with the letters of a package; what these lack, with whatever the machine has."""

import re

#: What Roboto draws: Latin, Greek and Cyrillic letters with their signs, punctuation, currencies.
OF_THE_PACKAGE = re.compile("[\u0000-\u052f\u1e00-\u20cf]*")


def paint(svg: bytes, *, zoom: float = 2) -> bytes:
    """A PNG of twice the size, as screens have two dots for one."""
    import resvg_py  # noqa: PLC0415 - its library is 10 MB
    from font_roboto import Roboto, RobotoMedium  # noqa: PLC0415 - the same

    text = svg.decode()
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=text,
            zoom=zoom,
            skip_system_fonts=OF_THE_PACKAGE.fullmatch(text) is not None,
            font_files=[Roboto, RobotoMedium],
            font_family="Roboto",
            sans_serif_family="Roboto",
        )
    )
