"""Pictures as PNG, for where no SVG is shown."""

from swipefl.errors import Remedy, UsageError

TIMES_AS_LARGE = 3  # for screens with many pixels an inch


def png_of(svg: str) -> bytes:
    """The picture in its light colours, 1200 pixels wide. Raises UsageError without resvg-py of the extra `plot`.

    Letters are of the fonts of this machine.
    """
    try:
        from resvg_py import svg_to_bytes
    except ModuleNotFoundError as error:
        raise UsageError(
            "no-png", "a PNG is made with resvg-py, which is not installed", Remedy.INSTALL_PLOT
        ) from error
    return bytes(svg_to_bytes(svg_string=svg, zoom=TIMES_AS_LARGE))
