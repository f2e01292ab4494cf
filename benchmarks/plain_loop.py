"""A ranking step as it is usually written: captions tokenised one by one, a packed GRU, scores by broadcasting."""

import re

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence
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


class PlainModel(nn.Module):
    """VSE++'s two encoders."""

    def __init__(self, sizes: EncoderSizes) -> None:
        super().__init__()
        self.image = nn.Linear(sizes.feature_dim, sizes.joint_dim)
        self.word = nn.Embedding(sizes.vocab_size, sizes.embed_dim)
        self.rnn = nn.GRU(sizes.embed_dim, sizes.joint_dim, batch_first=True)

    def forward(self, features: Tensor, captions: Tensor, lengths: list[int]) -> tuple[Tensor, Tensor]:
        images = F.normalize(self.image(F.normalize(features)))
        _, last = self.rnn(pack_padded_sequence(self.word(captions), lengths, batch_first=True))
        return images, F.normalize(last[0])


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


def plain_steps(data: Captions, sizes: EncoderSizes, batch: int, order: bool):
    """A generator that takes one training step each time it is asked for its next item."""
    model = PlainModel(sizes)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-4)
    while True:
        for features, captions, lengths in DataLoader(
            data, batch, shuffle=True, drop_last=True, collate_fn=collate
        ):
            images, texts = model(features, captions, lengths)
            images, texts = (images.abs(), texts.abs()) if order else (images, texts)
            scores = order_scores(images, texts) if order else images @ texts.t()
            loss = hardest(scores, 0.05 if order else 0.2)
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 2.0)
            optimiser.step()
            yield loss.item()
