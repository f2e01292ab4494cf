"""A ranking step as `fartashf/vsepp` writes it: captions tokenised one by one, packed GRU, broadcast scores."""

import re

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, Dataset

from gxn.models.encoders import EncoderSizes

TOKEN = re.compile(r"\w+|[^\w\s]")


class Captions(Dataset):
    """Features and captions as text; a caption becomes integers when it is asked for."""

    def __init__(
        self, features: Tensor, sentences: list[str], images: list[int], ids: dict[str, int]
    ) -> None:
        self.features, self.sentences, self.images, self.ids = features, sentences, images, ids

    def __len__(self) -> int:
        return len(self.sentences)

    def __getitem__(self, caption: int) -> tuple[Tensor, Tensor]:
        words = TOKEN.findall(self.sentences[caption].lower())
        ids = [self.ids["<bos>"], *(self.ids.get(word, 3) for word in words), self.ids["<eos>"]]
        return self.features[self.images[caption]], torch.tensor(ids)


def collate(items: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, list[int]]:
    """Sorted by length and padded, row by row."""
    items.sort(key=lambda item: len(item[1]), reverse=True)
    lengths = [len(caption) for _, caption in items]
    padded = torch.zeros(len(items), max(lengths), dtype=torch.long)
    for row, (_, caption) in zip(padded, items, strict=True):
        row[: len(caption)] = caption
    return torch.stack([feature for feature, _ in items], 0), padded, lengths


class PlainText(nn.Module):
    """VSE++'s caption encoder: the last state of a packed GRU; with two directions, their mean states mapped."""

    def __init__(self, sizes: EncoderSizes, both: bool) -> None:
        super().__init__()
        self.rnn = nn.GRU(sizes.embed_dim, sizes.joint_dim, batch_first=True, bidirectional=both)
        self.map = nn.Linear(2 * sizes.joint_dim, sizes.joint_dim) if both else None

    def forward(self, words: Tensor, lengths: list[int]) -> Tensor:
        packed, _ = self.rnn(pack_padded_sequence(words, lengths, batch_first=True))
        states, ends = pad_packed_sequence(packed, batch_first=True)
        if self.map is None:
            return F.normalize(states[torch.arange(len(ends)), ends - 1])
        return F.normalize(self.map(states.sum(1) / ends.unsqueeze(1)))


class PlainModel(nn.Module):
    """VSE++'s two encoders; with a second space, an abstract one beside them that reads the same words."""

    def __init__(self, sizes: EncoderSizes, spaces: int) -> None:
        super().__init__()
        self.word = nn.Embedding(sizes.vocab_size, sizes.embed_dim)
        self.image = nn.ModuleList(nn.Linear(sizes.feature_dim, sizes.joint_dim) for _ in range(spaces))
        self.text = nn.ModuleList(PlainText(sizes, both=bool(at)) for at in range(spaces))

    def forward(self, features: Tensor, captions: Tensor, lengths: list[int]) -> list[tuple[Tensor, Tensor]]:
        images, words = F.normalize(features), self.word(captions)
        return [
            (F.normalize(image(images)), text(words, lengths))
            for image, text in zip(self.image, self.text, strict=True)
        ]


def order_scores(images: Tensor, texts: Tensor) -> Tensor:
    """Broadcast, with the square root that the reference takes."""
    gap = texts.unsqueeze(1).expand(-1, len(images), -1) - images.unsqueeze(0).expand(len(texts), -1, -1)
    return -gap.clamp(min=0).pow(2).sum(2).clamp(min=1e-12).sqrt().t()


def hardest(scores: Tensor, margin: float) -> Tensor:
    """The hinge with the hardest negatives."""
    positive = scores.diag().view(-1, 1)
    own = torch.eye(len(scores)) > 0.5
    captions = (margin + scores - positive).clamp(min=0).masked_fill(own, 0)
    images = (margin + scores - positive.t()).clamp(min=0).masked_fill(own, 0)
    return captions.max(1)[0].sum() + images.max(0)[0].sum()


def plain_loss(embedded: list[tuple[Tensor, Tensor]], order: bool) -> Tensor:
    """The loss of the mean score of the spaces; with two, a quarter of each one's beside it, as in params.yaml."""
    margin = 0.05 if order else 0.2
    scores = [
        order_scores(images.abs(), texts.abs()) if order else images @ texts.t() for images, texts in embedded
    ]
    loss = hardest(torch.stack(scores).mean(0), margin)
    return loss + 0.25 * sum(hardest(each, margin) for each in scores) if len(scores) > 1 else loss


def plain_steps(data: Captions, sizes: EncoderSizes, batch: int, order: bool, spaces: int):
    """A generator that takes one training step each time it is asked for its next item."""
    model = PlainModel(sizes, spaces)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-4)
    while True:
        for features, captions, lengths in DataLoader(
            data, batch, shuffle=True, drop_last=True, collate_fn=collate
        ):
            loss = plain_loss(model(features, captions, lengths), order)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            yield loss.item()
