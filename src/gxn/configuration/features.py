"""Sections `cnn` and `features`: the network that reads images, and what it is shown."""

from typing import Literal, Self

from pydantic import Field, model_validator

from gxn.configuration.section import (
    Epochs,
    Images,
    OptionalPath,
    OptionalPixels,
    Pairs,
    Pixels,
    Rate,
    Section,
    Seed,
    Weight,
    number,
)


class FixedCnn(Section):
    """A CNN and the layer whose output are the features of an image."""

    name: str = Field(description="plain, the package's own small CNN, or a torchvision classification model")
    layer: str = Field(
        description="pool: what the class scores read, pooled; gridN: the last map averaged over N x N places; "
        "or the name of a module, whose output is averaged"
    )


class Pretrain(Section):
    """Training of the CNN on rendered scenes that are in no split."""

    seed: Seed = Field(description="Seed of images, initial weights and order")
    size: number(int, ge=32, le=16384) = Field(
        description="Side of an image in pixels; equal to features.crop"
    )
    images: Images = Field(description="Rendered images to learn from")
    held_out: Images = Field(description="Further images, to measure the accuracy on")
    epochs: Epochs = Field(description="Passes over the images")
    batch_size: Pairs = Field(description="Images in a batch")
    learning_rate: Rate = Field(description="Highest rate of the one-cycle schedule, AdamW")
    weight_decay: Weight = Field(description="Weight decay of AdamW")

    @model_validator(mode="after")
    def _batch_fits(self) -> Self:
        if self.batch_size > self.images:
            raise ValueError(f"batch_size is {self.batch_size}, more than the {self.images} images; lower it")
        return self


class Cnn(FixedCnn):
    """The CNN whose features stand for an image."""

    weights: OptionalPath = Field(description="A safetensors file; null: trained here on rendered scenes")
    pretrain: Pretrain = Field(description="How the CNN is trained where `weights` is null")


class Features(Section):
    """Crops before the CNN and data types of its features; or a file of precomputed features."""

    file: OptionalPath = Field(
        description="Precomputed features in place of the CNN's: HDF5, .npz or .npy with names or ids, or a "
        "*_precomp folder; null: the CNN's"
    )
    resize: OptionalPixels = Field(description="Shorter side before the crop, in pixels; null: not resized")
    crops: Literal["center", "ten_crop"] = Field(description="The centre crop, or the mean over ten crops")
    crop: Pixels = Field(description="Side of a crop in pixels; images must not be smaller")
    storage_dtype: Literal["float16", "float32"] = Field(description="Type in which features are stored")
    compute_dtype: Literal["float32", "bfloat16"] = Field(description="Arithmetic of the forward pass")
    batch_size: number(int, ge=1, le=65536) = Field(description="Crops at a time")

    @model_validator(mode="after")
    def _crop_fits(self) -> Self:
        if self.resize is not None and self.resize < self.crop:
            raise ValueError(f"resize is {self.resize}, smaller than crop, {self.crop}; raise it")
        return self
