"""The two autoencoders of Corr-AE: a logistic code for each modality, and one linear decoder per modality."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gxn.models.encoders import linear


class CorrespondenceAutoencoder(nn.Module):
    """Codes f(x) = sigmoid(W_f x + b_f) of images and g(y) = sigmoid(W_g y + b_g) of captions, and decoders.

    An image enters as a CNN feature of length 1, less the training mean and over the training spread; a caption
    as the state of the row's text encoder (the original pretrained both by stacks of RBMs, which are left out). A
    decoder reads either modality's code. What is reconstructed is the feature of length 1, and the caption's bag
    of words. The decoders' biases begin as the training means, so that the scaled error begins near 1.

    Attributes:
        feature_mean, bag_mean: float32 (F,) and (V,), means over the training pairs.
        feature_error, bag_error: float32 (), mean squared distances from those means.
        image_centre, text_centre: float32 (J,), subtracted from codes before a cosine; see `fit_centres`.
    """

    def __init__(self, feature_dim: int, state_dim: int, vocab_size: int, code_dim: int) -> None:
        super().__init__()
        self.image_code, self.text_code = linear(feature_dim, code_dim), linear(state_dim, code_dim)
        self.image_decoder, self.text_decoder = linear(code_dim, feature_dim), linear(code_dim, vocab_size)
        for name, width in (("feature", feature_dim), ("bag", vocab_size)):
            self.register_buffer(f"{name}_mean", torch.zeros(width))
            self.register_buffer(f"{name}_error", torch.ones(()))
        for name in ("image", "text"):
            self.register_buffer(f"{name}_centre", torch.zeros(code_dim))

    @torch.no_grad()
    def fit_scales(self, features: Tensor, bags: Tensor) -> None:
        """Take means and errors from training features (N, F) and bags of words (N, V) of pairs."""
        features = F.normalize(features, dim=1)
        for name, rows, decoder in (
            ("feature", features, self.image_decoder),
            ("bag", bags, self.text_decoder),
        ):
            mean = rows.mean(0)
            getattr(self, f"{name}_mean").copy_(mean)
            getattr(self, f"{name}_error").copy_((rows - mean).square().sum(1).mean())
            decoder.bias.copy_(mean)

    def encode_images(self, features: Tensor) -> Tensor:
        """Codes (B, J) of CNN features (B, F), float32: most lie near 0.5, where bfloat16 has steps of 0.004."""
        spread = (self.feature_error / len(self.feature_mean)).sqrt()
        return self.image_code((F.normalize(features, dim=1) - self.feature_mean) / spread).float().sigmoid()

    def encode_texts(self, states: Tensor) -> Tensor:
        """Codes (B, J) of text encoder states (B, H)."""
        return self.text_code(states).float().sigmoid()

    def decode(self, code: Tensor) -> tuple[Tensor, Tensor]:
        """A feature (B, F) and a bag of words (B, V) out of codes (B, J) of either modality.

        Half is subtracted first: it is what a code begins near, and would else be a large offset at the start.
        """
        return self.image_decoder(code - 0.5), self.text_decoder(code - 0.5)

    @torch.no_grad()
    def fit_centres(self, image_codes: Tensor, text_codes: Tensor) -> None:
        """Take the mean codes of training images (N, J) and captions (C, J).

        All logistic codes lie in one orthant, near its middle: without this every cosine is near 1, and a few
        items are nearest to most queries.
        """
        self.image_centre.copy_(image_codes.mean(0))
        self.text_centre.copy_(text_codes.mean(0))

    def embed_images(self, codes: Tensor) -> Tensor:
        """Unit embeddings (B, J) for the cosine, of images' codes."""
        return F.normalize(codes - self.image_centre, dim=1)

    def embed_texts(self, codes: Tensor) -> Tensor:
        """Unit embeddings (B, J) for the cosine, of captions' codes."""
        return F.normalize(codes - self.text_centre, dim=1)


def bags_of_words(tokens: Tensor, vocab_size: int, first_word: int) -> Tensor:
    """float32 (B, V): 1 for each word of captions, int64 (B, T); ids below `first_word` are not words."""
    bags = torch.zeros(len(tokens), vocab_size, device=tokens.device)
    bags.scatter_(1, tokens, 1.0)
    bags[:, :first_word] = 0
    return bags
