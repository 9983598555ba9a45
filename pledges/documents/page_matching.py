"""Whether two drawn pages look the same: every small part is compared, so that one changed digit is not lost in a page.

Where most of the writing is the same to the point, the same pages were saved again, and every other point is a change.
Programs that draw a file anew ("print to PDF") move lines by a hair and soften edges: then a point of one page is fine
when the other has it within one point around, and what is left must stand together to count. That way a change in the
smallest print may be missed; `Match.exact` tells which of the two it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

Picture = Image.Image
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in points of the original's picture."""

STRONG, STRONG_POINTS, STRONG_AROUND = 72, 4, 4
PALE, PALE_POINTS, PALE_AROUND = 18, 40, 8
ANY = 6
MOST_CHANGED = 0.4
"""Of the tiles with writing; where more are not the same to the point, the page was drawn anew."""
INK = 200
"""Darker than this is writing."""
TILE = 16
FARTHEST = 2
"""How far a program may have moved a part of a page, in points: a quarter of a millimetre."""
LARGEST_MOVED, MOST_MOVED = 12, 40
"""Tiles: of one place, and of all places of a page together, for which it is tried whether they were only moved."""
MOVES = [(x, y) for x in range(-FARTHEST, FARTHEST + 1) for y in range(-FARTHEST, FARTHEST + 1)]
HIGHEST_LINE = 160
OTHER_PAGE = 0.4
"""Where more of the writing differs than this, it is another page, or a photograph of it."""
MOST_PLACES = 25
MOST_STRETCH, MOST_SKEW = 1.3, 0.004


@dataclass(frozen=True)
class Match:
    """How two pages compare; `places` are where they differ."""

    places: tuple[Box, ...] = ()
    other: bool = False
    """They have so little in common that single places say nothing."""
    exact: bool = True
    """Compared point by point, and not with the patience that redrawn pages need."""
    upload: Picture | None = None
    """The second page as it was laid over the first."""

    @property
    def same(self) -> bool:
        return not self.places and not self.other


def match_pages(original: Picture, upload: Picture) -> Match:
    """Compare two pages in red, green and blue; the second is shrunk or moved as printing does, if that helps."""
    if original.size == upload.size and original.tobytes() == upload.tobytes():
        return Match(upload=upload)
    if original.size == upload.size:
        tiles = _tiles(_any_change(original, upload))
        if len(tiles) <= MOST_CHANGED * len(_inked(original)):
            return Match(tuple(_boxes(tiles, original.size)), upload=upload)
    best: Match | None = None
    least = 0
    for laid in (_laid(original, upload), _fitted(original, upload)):
        if laid is None:
            continue
        tiles = _different_tiles(original, laid)
        if best is None or len(tiles) < least:
            best, least = _redrawn(original, laid, tiles), len(tiles)
        if not tiles:
            break
    return best if best is not None else Match(other=True, upload=upload)


def _redrawn(original: Picture, laid: Picture, tiles: set[tuple[int, int]]) -> Match:
    written = _inked(original) | _inked(laid) | tiles
    boxes = _boxes(tiles, original.size)
    other = len(boxes) > MOST_PLACES or len(tiles) > OTHER_PAGE * len(written)
    return Match(() if other else tuple(boxes), other=other, exact=False, upload=laid)


# --- Laying one page over the other --------------------------------------------------------------------------------


def _laid(original: Picture, upload: Picture) -> Picture | None:
    """Pages of the same size; programs round differently by a point."""
    if max(abs(one - two) for one, two in zip(original.size, upload.size, strict=True)) > 2:
        return None
    if original.size == upload.size:
        return upload
    laid = Image.new("RGB", original.size, "white")
    laid.paste(upload)
    return laid


def _fitted(original: Picture, upload: Picture) -> Picture | None:
    """The upload with its writing stretched and moved to where the original has it, as 'fit to page' moves it."""
    here, there = _writing(original), _writing(upload)
    if here is None or there is None:
        return None
    across = (there[2] - there[0]) / (here[2] - here[0])
    down = (there[3] - there[1]) / (here[3] - here[1])
    if not 1 / MOST_STRETCH < across < MOST_STRETCH or abs(across / down - 1) > MOST_SKEW:
        return None
    moved = (across, 0.0, there[0] - across * here[0], 0.0, down, there[1] - down * here[1])
    return upload.transform(
        original.size, Image.Transform.AFFINE, moved, Image.Resampling.BICUBIC, fillcolor=(255, 255, 255)
    )


def _writing(page: Picture) -> Box | None:
    box = page.convert("L").point(lambda value: 255 * (value < INK)).getbbox()
    return box if box is not None and box[2] - box[0] > 100 and box[3] - box[1] > 100 else None


# --- Comparing -----------------------------------------------------------------------------------------------------


def _any_change(original: Picture, upload: Picture) -> Picture:
    """255 wherever a point differs by more than recompressed pictures do."""
    red, green, blue = ImageChops.difference(original, upload).split()
    most = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return most.point(lambda value: 255 * (value > ANY))


def _different_tiles(original: Picture, laid: Picture) -> set[tuple[int, int]]:
    """Column and row of every tile with a difference that moving a hair does not explain."""
    pairs = list(zip(_planes(original), _planes(laid), strict=True))
    tiles: set[tuple[int, int]] = set()
    for one, two in pairs:
        tiles |= _tiles(_standing_together(_beyond(one, two)))
        if len(tiles) > OTHER_PAGE * len(_inked(original)):
            return tiles
    small = [group for group in _groups(tiles) if len(group) <= LARGEST_MOVED]
    if sum(map(len, small)) <= MOST_MOVED:
        for group in small:
            if all(_only_moved(one, two, tile) for tile in group for one, two in pairs):
                tiles -= group
    return tiles


def _planes(page: Picture) -> tuple[Picture, Picture]:
    """Brightness, and the blue in which yellow is dark."""
    return page.convert("L"), page.getchannel("B")


def _beyond(one: Picture, two: Picture) -> Picture:
    """How far each point of either page lies outside of all that the other has around it."""
    parts = []
    for here, there in ((one, two), (two, one)):
        parts.append(ImageChops.subtract(here, _around(there, ImageChops.lighter)))
        parts.append(ImageChops.subtract(_around(there, ImageChops.darker), here))
    return ImageChops.lighter(ImageChops.lighter(parts[0], parts[1]), ImageChops.lighter(parts[2], parts[3]))


def _around(page: Picture, choose: object) -> Picture:
    """The lightest or the darkest of the nine points around each."""
    for across, down in ((1, 0), (0, 1)):
        back, forth = ImageChops.offset(page, -across, -down), ImageChops.offset(page, across, down)
        page = choose(choose(page, back), forth)  # type: ignore[operator]
    return page


def _standing_together(beyond: Picture) -> Picture:
    """255 where enough points that differ lie close to each other."""
    found = Image.new("L", beyond.size)
    for least, points, around in (
        (STRONG, STRONG_POINTS, STRONG_AROUND),
        (PALE, PALE_POINTS, PALE_AROUND),
    ):
        share = 255 * points / (2 * around + 1) ** 2
        marked = beyond.point(lambda value, least=least: 255 * (value > least))
        dense = marked.filter(ImageFilter.BoxBlur(around)).point(lambda value, share=share: 255 * (value >= share))
        found = ImageChops.lighter(found, dense)
    return found


def _only_moved(one: Picture, two: Picture, tile: tuple[int, int]) -> bool:
    """Whether the part around a tile is all there, moved by a few points at most."""
    width, height = one.size
    margin = TILE + FARTHEST
    box = (
        max(FARTHEST, tile[0] * TILE - margin),
        max(FARTHEST, tile[1] * TILE - margin),
        min(width - FARTHEST, (tile[0] + 1) * TILE + margin),
        min(height - FARTHEST, (tile[1] + 1) * TILE + margin),
    )
    here = one.crop(box)
    for across, down in MOVES:
        there = two.crop((box[0] + across, box[1] + down, box[2] + across, box[3] + down))
        inner = (2, 2, here.width - 2, here.height - 2)
        if not _standing_together(_beyond(here, there).crop(inner)).getbbox():
            return True
    return False


# --- Tiles ---------------------------------------------------------------------------------------------------------


def _tiles(marked: Picture) -> set[tuple[int, int]]:
    """Column and row of every tile with something in it."""
    width, height = marked.size
    columns, rows = -(-width // TILE), -(-height // TILE)
    # One single point must count: means are rounded, so that the lightest point around is taken first.
    spread = _around(marked, ImageChops.lighter)
    whole = Image.new("L", (columns * TILE, rows * TILE))
    whole.paste(spread)
    small = whole.reduce(TILE)
    return {(place % columns, place // columns) for place, value in enumerate(small.tobytes()) if value}


def _inked(page: Picture) -> set[tuple[int, int]]:
    return _tiles(page.convert("L").point(lambda value: 255 * (value < INK)))


def _groups(tiles: set[tuple[int, int]]) -> list[set[tuple[int, int]]]:
    """Tiles that touch each other, or nearly, make one place."""
    left, groups = set(tiles), []
    while left:
        group, edge = set[tuple[int, int]](), [left.pop()]
        while edge:
            column, row = edge.pop()
            group.add((column, row))
            near = {(column + x, row + y) for x in (-2, -1, 0, 1, 2) for y in (-1, 0, 1)} & left
            left -= near
            edge += near
        groups.append(group)
    return groups


def lines_of(original: Picture, match: Match) -> tuple[Box, ...]:
    """The whole lines in which the places lie: less than this nobody is shown who may not know the original."""
    laid = match.upload or original
    rows = ImageChops.darker(original.convert("L"), laid.convert("L")).point(lambda value: 255 * (value < INK))
    written = [bool(rows.crop((0, row, rows.width, row + 1)).getbbox()) for row in range(rows.height)]
    bands: list[Box] = []
    for _left, first, _right, last in match.places:
        top, bottom = first, last
        while top > 0 and bottom - top < HIGHEST_LINE and written[top]:
            top -= 1
        while bottom < rows.height and bottom - top < HIGHEST_LINE and written[bottom - 1]:
            bottom += 1
        if bands and top <= bands[-1][3]:
            before = bands.pop()
            top, bottom = before[1], max(bottom, before[3])
        bands.append((round(rows.width * 0.08), top, round(rows.width * 0.96), bottom))
    return tuple(bands)


def _boxes(tiles: set[tuple[int, int]], size: tuple[int, int]) -> list[Box]:
    boxes = []
    for group in _groups(tiles):
        columns, rows = [column for column, _row in group], [row for _column, row in group]
        right, bottom = (max(columns) + 1) * TILE, (max(rows) + 1) * TILE
        boxes.append((min(columns) * TILE, min(rows) * TILE, min(right, size[0]), min(bottom, size[1])))
    return sorted(boxes, key=lambda box: (box[1], box[0]))
