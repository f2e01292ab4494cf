"""Sections of the configuration for the training steps, tiny."""

MODEL = {
    "word": 8, "hidden": 12, "joint": 10, "decoder": 9, "decoder_start": "state",
    "condition": 6, "noise": 4, "generator": 4, "generator_kind": "upsampling", "discriminator": 4,
    "discriminator_kind": "projection", "discriminator_norm": "batch", "discriminator_reads": "text",
}  # fmt: skip
TRAINING = {"batch": 8, "precision": "float32", "select_images": None}
ENCODER = {
    "spaces": ["abstract", "grounded"], "similarity": "order", "margin": 0.05, "abstract_weight": 0.5,
    "normalise": True, "absolute": True, "abstract_state": "mean", "grounded_state": "last", "words": "shared",
    "same_image_negatives": False,
}  # fmt: skip
MATCH = {"negatives": "sum", "learning_rate": 0.01, "decay_epoch": None, "clip": 2.0}
CAPTION = {
    "learning_rate": 0.01, "grounding_rate": 0.0, "decay_epoch": None, "clip": 1.0, "gamma": 0.5,
    "critical_every": 1, "reward_cider_d": 1.0, "reward_bleu_4": 0.0,
    "sampling_increase": 0.1, "sampling_every": 1, "sampling_most": 0.25, "longest": 6, "earlier": 0,
}  # fmt: skip
DRAW = {
    "learning_rate": 0.001, "beta1": 0.5, "ema": 0.9, "grounding_rate": 0.0, "decay_epoch": None,
    "clip": 10.0, "beta_f": 0.5, "beta_w": 0.5, "contrastive_d": 1.0, "contrastive_g": 1.0,
    "beta_s": 2.0, "adversarial": "logistic", "saturating": False,
    "wrong": "next", "discriminator_grounds": False, "batch": 4,
}  # fmt: skip
