"""Made-up embeddings, and their ranks by loops over all pairs."""

import numpy as np

from gxn.evaluation.embeddings import Embeddings


def score(image, text, similarity):
    """Similarity of one image and one caption in one space, straight from the definitions."""
    image, text = [float(x) for x in image], [float(x) for x in text]
    if similarity == "cosine":
        return sum(x * y for x, y in zip(image, text, strict=True))
    sign = 1 if similarity == "order" else -1
    return -sum(max(0.0, sign * (y - x)) ** 2 for x, y in zip(image, text, strict=True))


def brute_force(one):
    """Ranks of every image and caption by loops over all pairs: (i2t, t2i)."""
    n, m = len(one.imgid), len(one.sentid)
    table = [
        [
            sum(
                weight * score(space[i], text[c], one.similarity)
                for weight, space, text in zip(one.weights, one.images, one.texts, strict=True)
            )
            for c in range(m)
        ]
        for i in range(n)
    ]

    def rank(own, others):
        return 1 + sum(other > own for other in others) + sum(other == own for other in others) / 2

    i2t = []
    for i in range(n):
        best = max(table[i][c] for c in range(m) if one.caption_image[c] == i)
        i2t.append(rank(best, [table[i][c] for c in range(m) if one.caption_image[c] != i]))
    t2i = []
    for c in range(m):
        own = one.caption_image[c]
        t2i.append(rank(table[own][c], [table[i][c] for i in range(n) if i != own]))
    return i2t, t2i


def embeddings(rng, captions, similarity="cosine", width=4, spaces=1):
    """Whole numbers as coordinates: sums are exact in any order, so that ties are ties in any computation.

    For cosine, which takes vectors of unit length, one entry of ±1 or four of ±0.5.
    """
    owners = rng.permutation(np.repeat(np.arange(len(captions)), captions))

    def draw(rows):
        if similarity != "cosine":
            return rng.integers(0, 3, (rows, width)).astype(np.float32)
        signs = rng.choice([-1.0, 1.0], (rows, 4))
        single = np.eye(4)[rng.integers(0, 4, rows)] * signs
        return np.where(rng.random((rows, 1)) < 0.5, single, signs / 2).astype(np.float32)

    return Embeddings(
        spaces=["abstract", "grounded"][:spaces],
        images=[draw(len(captions)) for _ in range(spaces)],
        texts=[draw(len(owners)) for _ in range(spaces)],
        weights=[1.0, 0.25][:spaces],  # with exact roots, for ranks() takes them
        similarity=similarity,
        imgid=rng.permutation(100 + np.arange(len(captions))),
        caption_image=owners,
        sentid=rng.permutation(1000 + np.arange(len(owners))),
        split="test",
        provenance={"config": "c", "data": "d", "seed": 3},
    )


def collapsed(one):
    return any(len(np.unique(side, axis=0)) == 1 for side in (np.hstack(one.images), np.hstack(one.texts)))


def plain(images, width=6, seed=0, captions=1):
    """Embeddings of random coordinates, `captions` per image."""
    rng = np.random.default_rng(seed)
    owners = np.repeat(np.arange(images), captions)
    space = rng.normal(size=(images, width)).astype(np.float32)
    noise = rng.normal(size=(len(owners), width)).astype(np.float32)
    texts = space[owners] + noise
    ids = rng.permutation(images)
    return Embeddings(
        ["grounded"], [space], [texts], [1.0], "cosine", ids, owners, np.arange(len(owners)), "test", {}
    )
