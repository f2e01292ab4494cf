"""The method as one drawing: two spaces in which images and captions match, and what is imagined from one."""

from dataclasses import dataclass

from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from gxn.reporting import style

LOOK, MATCH, SPEAK, DRAW = "#EFEFEF", "#F6E3B5", "#CFE3F3", "#CDE9DD"  # grey, sand, blue, green
EDGE = {LOOK: "#5A5A5A", MATCH: "#A77700", SPEAK: "#0072B2", DRAW: "#00795C"}
INPUT = "a red disc left of\na small blue square"
SPOKEN = "“a blue square\nbeside a red disc”"


@dataclass(frozen=True)
class Box:
    """A labelled box by its centre; `left`, `right`, `top`, `bottom` are where arrows touch it."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> tuple[float, float]:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> tuple[float, float]:
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> tuple[float, float]:
        return self.x, self.y - self.height / 2


def framework() -> Figure:
    """Look, imagine and match; in units of a hundredth of the figure's width."""
    figure = pyplot.figure(figsize=(style.WIDTH, style.WIDTH * 0.54), layout="none")
    axis = figure.add_axes((0, 0, 1, 1), xlim=(0, 100), ylim=(0, 54), aspect="equal")
    axis.set_axis_off()
    v_h, v_l, t_h, t_l = _look(axis)
    _match(axis, v_h, v_l, t_h, t_l)
    _speak(axis, v_l)
    _draw(axis, t_l)
    for x, text, colour in ((19, "Look", LOOK), (53.5, "Match", MATCH), (81.5, "Imagine", SPEAK)):
        axis.text(x, 52.2, text, ha="center", va="center", fontsize=10, fontweight="bold", color=EDGE[colour])
    return figure


def _box(axis: Axes, x: float, y: float, width: float, height: float, text: str, colour: str, **font) -> Box:
    patch = FancyBboxPatch(
        (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.8",
        facecolor=colour, edgecolor=EDGE[colour], linewidth=0.9,
    )  # fmt: skip
    axis.add_patch(patch)
    axis.text(x, y, text, ha="center", va="center", **({"fontsize": 6.8, "linespacing": 1.2} | font))
    return Box(x, y, width, height)


def _vector(axis: Axes, x: float, y: float, text: str, colour: str) -> Box:
    """An embedding: a column of cells and its name to the right of its top."""
    for cell in range(4):
        place = (x - 0.8, y - 3 + 1.5 * cell)
        axis.add_patch(Rectangle(place, 1.6, 1.5, facecolor=colour, edgecolor=EDGE[colour], linewidth=0.7))
    axis.text(x, y + 3.6, text, ha="center", va="bottom", fontsize=8.5)
    return Box(x, y, 1.6, 6)


def _arrow(axis: Axes, start: tuple, end: tuple, bend: float = 0.0, colour: str = style.INK, **look) -> None:
    options = {"arrowstyle": "-|>", "mutation_scale": 7, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    shape = f"arc3,rad={bend}"
    axis.add_patch(FancyArrowPatch(start, end, color=colour, connectionstyle=shape, **(options | look)))


def _scene(axis: Axes, x: float, y: float, side: float, blurred: bool) -> Box:
    """A little picture of a red disc and a blue square; the imagined one is paler and framed with dashes."""
    alpha = 0.55 if blurred else 1.0
    frame = {"linewidth": 0.9, "linestyle": (0, (3, 2)) if blurred else "-", "edgecolor": style.INK}
    axis.add_patch(Rectangle((x - side / 2, y - side / 2), side, side, facecolor="#F7F4EC", **frame))
    ground = [(x - side / 2, y - side / 2), (x + side / 2, y - side / 2), (x + side / 2, y - 0.1 * side)]
    ground.append((x - side / 2, y - 0.22 * side))
    axis.add_patch(Polygon(ground, facecolor="#D9D2C0", linewidth=0, alpha=alpha))
    axis.add_patch(Circle((x - 0.2 * side, y), 0.19 * side, facecolor="#C8372D", linewidth=0, alpha=alpha))
    corner = (x + 0.12 * side, y - 0.17 * side)
    axis.add_patch(
        Rectangle(corner, 0.24 * side, 0.24 * side, facecolor="#2F5FB3", linewidth=0, alpha=alpha, angle=6)
    )
    return Box(x, y, side, side)


def _look(axis: Axes) -> tuple[Box, Box, Box, Box]:
    """Image and caption to v_h, v_l, t_h, t_l; the abstract pair stands in the middle."""
    image = _scene(axis, 6, 39, 9, blurred=False)
    axis.text(6, 33.4, "image $i$", ha="center", va="top", fontsize=7)
    cnn = _box(axis, 18.5, 39, 8, 7, "CNN\n(fixed)", LOOK)
    words = _box(axis, 6.6, 12, 11.8, 6.5, INPUT, LOOK, fontsize=5.6, fontstyle="italic")
    axis.text(6.6, 8, "caption $c$", ha="center", va="top", fontsize=7)
    gru_h = _box(axis, 18.5, 18, 8, 5.5, "bi-GRU", LOOK)
    gru_l = _box(axis, 18.5, 6.5, 8, 5.5, "GRU", LOOK)
    _arrow(axis, image.right, cnn.left)
    _arrow(axis, words.right, gru_h.left)
    _arrow(axis, words.right, gru_l.left)
    vectors = []
    places = ((cnn, 34, "$v_h$", "$P_v^h$"), (cnn, 45, "$v_l$", "$P_v^l$"))
    places += ((gru_h, 18, "$t_h$", "$P_t^h$"), (gru_l, 6.5, "$t_l$", "$P_t^l$"))
    for source, y, name, weights in places:
        colour = {"$v_l$": SPEAK, "$t_l$": DRAW}.get(name, MATCH)
        linear = _box(axis, 28.5, y, 5, 4.6, weights, LOOK, fontsize=7.5)
        vector = _vector(axis, 36.5, y, name, colour)
        _arrow(axis, source.right, linear.left)
        _arrow(axis, linear.right, vector.left)
        vectors.append(vector)
    return vectors[0], vectors[1], vectors[2], vectors[3]


def _match(axis: Axes, v_h: Box, v_l: Box, t_h: Box, t_l: Box) -> None:
    similarity = r"$s(t,v)=-\|\max(0,\,t-v)\|^2$"
    mixed = r"$s^*=\lambda\,s(t_h,v_h)+(1-\lambda)\,s(t_l,v_l)$"
    text = f"{similarity}\n\n{mixed}\n\nhinges against negatives: $L_R^+$"
    box = _box(axis, 53.5, 26, 21, 12, text, MATCH, fontsize=6.3)
    left = box.x - box.width / 2
    for vector, y in ((v_h, 29), (t_h, 23)):
        _arrow(axis, vector.right, (left, y), colour=EDGE[MATCH])
    for vector, side, y in ((v_l, 1, 32), (t_l, -1, 20)):
        _arrow(axis, vector.right, (46.5, y), bend=-0.28 * side, colour=EDGE[MATCH])
    for x, y, name in ((37.2, 26, "abstract"), (46.5, 38.4, "grounded"), (46.5, 13.6, "grounded")):
        axis.text(x, y, name, va="center", fontsize=6.5, fontstyle="italic", color=EDGE[MATCH])


def _speak(axis: Axes, v_l: Box) -> None:
    decoder = _box(axis, 72, 45, 9, 6, "GRU\ndecoder", SPEAK)
    spoken = _box(axis, 90.5, 45, 16, 6, SPOKEN, SPEAK, fontsize=6, fontstyle="italic")
    loss = "$L_{xe}$: the words of the caption\n$L_{rl}$: CIDEr-D, less that of the greedy caption"
    axis.text(82.6, 38.2, loss, ha="center", va="center", fontsize=6.3, color=EDGE[SPEAK], linespacing=1.5)
    _arrow(axis, v_l.right, decoder.left, colour=EDGE[SPEAK], linewidth=1.3)
    _arrow(axis, decoder.right, spoken.left, colour=EDGE[SPEAK])


def _draw(axis: Axes, t_l: Box) -> None:
    text = "$t_c \\sim N(\\mu, \\sigma^2)$\nof $\\varphi(t_l)$"
    condition = _box(axis, 59, 6.5, 13, 6, text, DRAW, fontsize=6.5)
    generator = _box(axis, 74, 6.5, 7, 6, "$G$", DRAW, fontsize=8.5)
    drawn = _scene(axis, 85, 6.5, 8.5, blurred=True)
    judge = _box(axis, 85, 21, 9, 5, "$D$", DRAW, fontsize=8.5)
    _arrow(axis, t_l.right, condition.left, colour=EDGE[DRAW], linewidth=1.3)
    _arrow(axis, condition.right, generator.left, colour=EDGE[DRAW])
    _arrow(axis, generator.right, drawn.left, colour=EDGE[DRAW])
    _arrow(axis, drawn.top, judge.bottom, colour=EDGE[DRAW])
    _arrow(axis, (74, 12.4), generator.top, colour=EDGE[DRAW])
    _arrow(axis, (75.4, 21), judge.left, colour=EDGE[DRAW])
    _arrow(axis, judge.right, (92.4, 21), colour=EDGE[DRAW])
    middle = {"ha": "center", "va": "center", "fontsize": 6.3}
    axis.text(74, 13.3, "noise $z$", **middle)
    axis.text(70.6, 21, "image $i$, $t_l$", **middle)
    axis.text(96, 21, "real, and\nof this\ncaption?", color=EDGE[DRAW], **middle)
    axis.text(85, 26.2, "$L_D$, $L_G$ and the KL term", color=EDGE[DRAW], **middle)
