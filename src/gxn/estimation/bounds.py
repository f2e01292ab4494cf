"""Memory of a configuration's networks, from above, by arithmetic alone: importing torch takes seconds."""

from gxn.configuration.root import Configuration

# of each weight: itself, its gradient, Adam's two moments, the best epoch, the state that is saved
COPIES = 6
WORDS, FEATURES = 10_000, 4096  # of COCO's vocabulary and of VGG19, where the data's own are not known yet
NUMBER = 4  # bytes of a float32
FIXED = 512  # more than any layer is wide whose width is no setting
FEW = 5  # words that a caption has at least, in the mean


def most_bytes(config: Configuration) -> int:
    """Give more bytes than the networks of any row take in training, with what a batch needs."""
    longest = config.vocabulary.max_length + 1
    speaking = config.training.batch_size * longest * WORDS
    batch = 8 * (batch_numbers(config, longest) + speaking)
    return NUMBER * (COPIES * (_matching(config) + _drawing(config)) + batch)


def _matching(config: Configuration) -> int:
    """Weights of the encoders of both spaces and of the caption decoder."""
    model = config.model
    word, text, joint, hidden = model.embed_dim, model.text_hidden, model.joint_dim, model.decoder_hidden
    encoders = 2 * (word * WORDS + 6 * text * (word + text + 2) + (FEATURES + word + 2 * text + 4) * joint)
    decoder = (word + hidden + 1) * WORDS + 3 * hidden * (word + hidden + 2) + (joint + 1) * (word + hidden)
    return encoders + decoder


def _drawing(config: Configuration) -> int:
    """Weights of conditioning, generator and discriminator; a pyramid of layers has most in its widest."""
    model, times = config.model, config.dataset.gan_image_size // 8
    first, last = model.g_channels * times, model.d_channels * times
    generator = 16 * first * (first + model.cond_dim + model.z_dim + FIXED)
    discriminator = 16 * last * (last + model.cond_dim + FIXED)
    return generator + discriminator + (model.joint_dim + FIXED) * (2 * model.cond_dim + 2 * FIXED)


def batch_numbers(config: Configuration, words: int = FEW) -> int:
    """Count numbers that a batch of some stage keeps: states of the readers of captions, or maps of the generator.

    Args:
        config: the configuration.
        words: of a caption.
    """
    model, size = config.model, config.dataset.gan_image_size
    found = [config.training.batch_size * words * model.text_hidden if config.rows else 0]
    if any(row.captioning != "none" for row in config.rows.values()):
        found.append(config.training.batch_size * words * model.decoder_hidden)
    if any(row.drawing for row in config.rows.values()):
        maps = sum(2**step * (size >> step) ** 2 for step in range((size // 8).bit_length()))
        found.append(config.drawing.batch_size * model.g_channels * maps)
    return max(found)
