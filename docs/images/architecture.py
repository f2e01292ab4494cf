"""Draw docs/images/architecture.svg: python docs/images/architecture.py.

Positions are SVG user units. A box is (x, y, width, height, kind, title, line, line ...).
"""

from html import escape
from pathlib import Path

WIDTH, HEIGHT = 1000, 605
FILL = {"what": "#F6E3B5", "how": "#CFE3F3", "file": "#EFEFEF", "train": "#CDE9DD", "keep": "#FFFFFF"}
EDGE = {"what": "#A77700", "how": "#0072B2", "file": "#5A5A5A", "train": "#00795C", "keep": "#5A5A5A"}

BOXES = {
    "config": (20, 40, 200, 70, "what", "params.yaml, config/", "what to do: every setting"),
    "rules": (270, 40, 200, 70, "how", "workflow/", "which file is made from which"),
    "steps": (520, 40, 200, 70, "how", "gxn.steps", "one module per job:", "reads files, writes files"),
    "rooms": (770, 40, 210, 70, "how", "gxn.*", "models, losses, training, ...:", "functions of arrays"),
    "data": (
        20,
        180,
        200,
        80,
        "file",
        "photographs, captions",
        "of the user, downloaded,",
        "or rendered (scenes)",
    ),
    "tokens": (
        270,
        180,
        200,
        80,
        "file",
        "vocabulary, tokens",
        "captions as integers;",
        "n-gram frequencies",
    ),
    "features": (
        520,
        180,
        200,
        80,
        "file",
        "features",
        "one CNN vector per image;",
        "small images for drawing",
    ),
    "ranking": (45, 330, 160, 70, "train", "ranking", "per encoder: the spaces"),
    "xe": (275, 315, 160, 50, "train", "captions", "cross-entropy"),
    "rl": (475, 315, 160, 50, "train", "captions", "with self-critical loss"),
    "gan": (275, 385, 160, 50, "train", "drawing", "generator, discriminator"),
    "joint": (675, 330, 130, 70, "train", "joint", "per method: all", "losses in turn"),
    "tune": (835, 330, 120, 70, "train", "fine-tuning", "with the CNN,", "optional"),
    "embed": (20, 490, 200, 70, "file", "embeddings", "of the test split"),
    "metrics": (270, 490, 200, 70, "file", "ranks, metrics", "per method and seed"),
    "imagined": (520, 490, 200, 70, "file", "imagined", "captions and drawings,", "with their metrics"),
    "tables": (770, 490, 210, 70, "file", "tables, figures", "made from result files alone"),
}
ARROWS = [  # from box, to box, or (x, y) corners between them
    *(("config", "rules"), ("rules", "steps"), ("steps", "rooms")),
    *(("data", "tokens"), ("tokens", "features"), ("ranking", "xe"), ("xe", "rl"), ("ranking", "gan")),
    *(("rl", "joint"), ("gan", "joint"), ("joint", "tune"), ("embed", "metrics"), ("imagined", "tables")),
]
TEXT = [  # x, y, text
    (20, 28, "Who decides what"),
    (20, 168, "Data"),
    (20, 300, "Training in stages; methods share the checkpoints of equal stages"),
    (20, 478, "Evaluation"),
]
LINES = [  # polylines between the bands
    [(620, 260), (620, 305)],
    [(500, 450), (500, 465), (120, 465), (120, 488)],
    [(500, 465), (620, 465), (620, 488)],
    [(370, 560), (370, 575), (850, 575), (850, 562)],
]


def box(x: float, y: float, width: float, height: float, kind: str, title: str, *lines: str) -> str:
    """SVG of a box with a bold title and lines of text below it."""
    first = y + height / 2 + 5 - 8.5 * len(lines)
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{FILL[kind]}" '
        f'stroke="{EDGE[kind]}" stroke-width="1.5"/>',
        f'<text x="{x + width / 2}" y="{first}" class="title">{escape(title)}</text>',
    ]
    parts += [
        f'<text x="{x + width / 2}" y="{first + 17 * row}" class="line">{escape(line)}</text>'
        for row, line in enumerate(lines, 1)
    ]
    return "\n".join(parts)


def polyline(points: list[tuple[float, float]]) -> str:
    """SVG of an arrow along `points`."""
    return f'<polyline points="{" ".join(f"{x},{y}" for x, y in points)}" class="arrow"/>'


def arrow(start: str, end: str) -> str:
    """SVG of an arrow from the right edge of a box to the left edge of another."""
    x, y, width, height = BOXES[start][:4]
    to_x, to_y, _, to_height = BOXES[end][:4]
    return polyline([(x + width, y + height / 2), (to_x - 2, to_y + to_height / 2)])


def main() -> None:
    """Write the picture beside this file."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>How configuration, workflow, package and files depend on each other</title>",
        "<style>text { font-family: Helvetica, Arial, sans-serif; fill: #222 } "
        ".title { font-size: 15px; font-weight: bold; text-anchor: middle } "
        ".line { font-size: 12px; text-anchor: middle } .band { font-size: 14px; fill: #5A5A5A } "
        ".arrow { fill: none; stroke: #222; stroke-width: 1.5; marker-end: url(#head) }</style>",
        '<defs><marker id="head" viewBox="0 0 10 10" refX="8" refY="5" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L10 5 L0 10 z" fill="#222"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#FFFFFF"/>',
        '<rect x="20" y="307" width="960" height="143" rx="8" fill="none" '
        'stroke="#00795C" stroke-dasharray="4 3"/>',
        *(box(*each) for each in BOXES.values()),
        *(arrow(*each) for each in ARROWS),
        *(polyline(points) for points in LINES),
        *(f'<text x="{x}" y="{y}" class="band">{escape(text)}</text>' for x, y, text in TEXT),
        f'<text x="20" y="{HEIGHT - 12}" class="band">DVC stores all files by their hashes; git stores code, '
        "params.yaml and dvc.lock.</text>",
        "</svg>",
    ]
    Path(__file__).with_suffix(".svg").write_text("\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
