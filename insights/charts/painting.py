"""Turns SVG into PNG, with the letters of a package instead of whatever the machine has."""


def paint(svg: bytes, *, zoom: float = 2) -> bytes:
    """A PNG of twice the size, as screens have two dots for one."""
    import resvg_py  # noqa: PLC0415 - its library is 10 MB
    from font_roboto import Roboto, RobotoMedium  # noqa: PLC0415 - the same

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode(),
            zoom=zoom,
            skip_system_fonts=True,
            font_files=[Roboto, RobotoMedium],
            font_family="Roboto",
            sans_serif_family="Roboto",
        )
    )
