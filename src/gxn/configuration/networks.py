"""Sections `model`, `retrieval` and `encoders`: the networks, and the spaces that images and captions meet in."""

from typing import Literal

from pydantic import Field

from gxn.configuration.section import Flag, Section, Share, Width, choice, list_of, number, partial
from gxn.similarities import SIMILARITIES

Pooling = choice("gxn.models.poolings")
Loss = choice("gxn.losses.ranking")
Dropout = number(float, ge=0, lt=1)
OptionalRate = number(float, optional=True, gt=0, le=10)


class Model(Section):
    """Widths of the networks, and how conditions enter them."""

    embed_dim: Width = Field(description="Word embedding")
    text_hidden: Width = Field(description="GRU state of the text encoders")
    joint_dim: Width = Field(description="Each joint space")
    decoder_hidden: Width = Field(description="GRU state of the caption decoder")
    decoder_start: Literal["state", "word"] = Field(
        description="v_l enters the decoder as its first state, tanh(W v_l), or as its first input (Show and Tell)"
    )
    cond_dim: Width = Field(description="Condition t_c of the generator")
    z_dim: Width = Field(description="Noise z of the generator")
    g_channels: Width = Field(description="Channels of the generator's last feature map")
    generator_kind: Literal["upsampling", "transposed"] = Field(
        description="Nearest-neighbour upsampling and 3x3 convolutions (StackGAN), or transposed ones (GAN-CLS)"
    )
    d_channels: Width = Field(description="Channels of the discriminator's first feature map")
    discriminator_kind: Literal["projection", "concatenation"] = Field(
        description="Image and caption meet in an inner product, or are concatenated (GAN-CLS, StackGAN)"
    )
    discriminator_norm: Literal["spectral", "batch", "none"] = Field(
        description="Normalisation of the discriminator's layers (GAN-CLS, StackGAN: batch)"
    )
    discriminator_reads: Literal["text", "mean"] = Field(
        description="The caption that the discriminator reads: t_l, or the mean of t_c (StackGAN)"
    )


class Retrieval(Section):
    """Settings by which captions and images become embeddings."""

    normalise: Flag = Field(description="Embeddings are L2-normalised")
    absolute: Flag = Field(
        description="Embeddings of an order similarity are non-negative: their absolute value"
    )
    abstract_pooling: Pooling = Field(description="How the bi-directional GRU's states become one vector")
    grounded_pooling: Pooling = Field(description="How the grounded GRU's states become one vector")
    word_embeddings: Literal["shared", "own"] = Field(
        description="One word embedding for both spaces, or one for each"
    )
    same_image_negatives: Flag = Field(
        description="Other captions of a pair's image count as negatives (VSE++: true)"
    )
    each_space_weight: Share = Field(
        description="Weight of the ranking loss of each space alone, beside that of the score of both; 0: none"
    )
    drop_features: Dropout = Field(
        description="Share of an image's CNN feature that a ranking update does not see"
    )
    drop_words: Dropout = Field(description="Share of the vocabulary that a ranking update does not read")
    drop_states: Dropout = Field(description="Share of a caption's pooled state that it does not see")


class EncoderOwn(Section):
    """The spaces of an encoder, and how an image and a caption are compared in them."""

    spaces: list_of(Literal["abstract", "grounded"], 1) = Field(description="One joint space, or both")
    similarity: Literal[tuple(SIMILARITIES)] = Field(description="How an image and a caption are compared")
    abstract_weight: Share = Field(
        description="lambda: the abstract space's share of the score of two spaces"
    )


class Encoder(EncoderOwn):
    """An encoder as the configuration names it; rows that name the same one share its ranking pretraining."""

    loss: Loss = Field(description="Ranking loss of the pretraining, and of rows that name no other")
    learning_rate: OptionalRate = Field(
        None, description="Adam's rate of the pretraining; null: that of `pretrain_ranking`"
    )
    retrieval: partial(Retrieval) = Field(
        default={}, validate_default=True, description="Keys of `retrieval` that this encoder has otherwise"
    )


class EncoderSettings(EncoderOwn, Retrieval):
    """All that an embedding and a score depend on: an encoder's own keys and those of `retrieval`."""
