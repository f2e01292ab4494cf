"""The ranking objective from pixels: a CNN that learns, its statistics and rate, the gradient's way."""

import pytest
import torch
from oracle import order_scores, recalls
from painted import image_split
from small import configuration
from tiny import TINY

from gxn.configuration.stage_settings import FinetuneSettings
from gxn.configuration.stages import finetune
from gxn.features.cnn import MEAN, STD
from gxn.losses.ranking.hinge import Parameters, loss
from gxn.models.encoders import Encoders, EncoderSizes
from gxn.training.distributed import Processes
from gxn.training.finetuning import Finetuning, Frozen, Retrieval

CPU = torch.device("cpu")
OWN = {
    "features": {"resize": None, "crops": "center", "crop": 12, "batch_size": 4},
    "finetune": {"lr_cnn": 1e-3, "learning_rate": 0.01, "lr_decay_epoch": 1, "max_grad_norm": 2.0},
}


class Net(torch.nn.Module):
    """A small CNN with batch norm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Conv2d(3, 6, 3, stride=2), torch.nn.BatchNorm2d(6), torch.nn.ReLU(),
            torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Dropout(),
        )  # fmt: skip

    def forward(self, images):
        return self.layers(images)


def chosen(*changes: dict) -> FinetuneSettings:
    return finetune(configuration(TINY, OWN, *changes), "plain")


def tuning(*changes: dict) -> Finetuning:
    torch.manual_seed(0)
    config = configuration(TINY, OWN, *changes)
    sizes = EncoderSizes(feature_dim=6, vocab_size=9, embed_dim=8, text_hidden=12, joint_dim=10)
    encoders = Encoders(config.encoder("two_space"), sizes)
    return Finetuning(Net(), encoders, finetune(config, "plain"), Processes(1, 0, CPU))


class TestFrozen:
    def test_it_stays_in_evaluation_mode(self):
        assert not any(module.training for module in Frozen(Net()).train().modules())

    @pytest.mark.parametrize("half", [False, True])
    def test_it_gives_float32(self, half):
        pixels = torch.zeros((2, 3, 12, 12), dtype=torch.uint8)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            assert Frozen(Net())(pixels).dtype == torch.float32

    def test_its_pixels_are_normalised(self):
        net, pixels = Net().eval(), torch.randint(0, 256, (2, 3, 12, 12), dtype=torch.uint8)
        expected = net((pixels / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1))
        torch.testing.assert_close(Frozen(net)(pixels), expected)


def test_one_network_gives_images_then_captions():
    tuned, batch = tuning(), next(image_split().batches(8, 0, 0))
    found = Retrieval(tuned.cnn, tuned.encoders)(batch.features, batch.tokens, batch.lengths)
    expected = tuned.encoders.images(tuned.cnn(batch.features))
    expected += tuned.encoders.texts(batch.tokens, batch.lengths)
    assert all(torch.equal(one, two) for one, two in zip(found, expected, strict=True))


def test_the_cnn_learns_but_its_statistics_stay():
    tuned = tuning()
    before = {name: value.clone() for name, value in tuned.cnn.state_dict().items()}
    tuned.start_epoch(0)
    for module in tuned.modules.values():
        module.train()
    for batch in image_split().batches(8, 0, 0):
        tuned.step(batch)
    after = tuned.cnn.state_dict()
    changed = {name.rsplit(".", 1)[1] for name in after if not torch.equal(after[name], before[name])}
    assert changed == {"weight", "bias"}


def test_the_encoders_change_their_mode_and_the_cnn_does_not():
    tuned = tuning()
    for module in tuned.modules.values():
        module.train()
    assert tuned.encoders.training and not any(module.training for module in tuned.cnn.modules())


def test_the_cnn_has_a_rate_of_its_own_that_falls_with_the_encoders():
    tuned, found = tuning(), []
    for epoch in (0, 1):
        tuned.start_epoch(epoch)
        found.append([group["lr"] for group in tuned.optimizer.param_groups])
    assert found[0] == pytest.approx([0.01, 1e-3]) and found[1] == pytest.approx([0.001, 1e-4])


def test_every_parameter_is_trained_once():
    tuned = tuning()
    held = [id(each) for group in tuned.optimizer.param_groups for each in group["params"]]
    assert len(set(held)) == len(held) == len([*tuned.encoders.parameters(), *tuned.cnn.parameters()])


def test_a_step_goes_along_the_gradient_of_the_ranking_loss():
    tuned, batch = tuning({"finetune": {"max_grad_norm": 1e6}}), next(image_split().batches(8, 0, 0))
    pixels = (batch.features / 255 - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)
    images = tuned.encoders.images(tuned.cnn.cnn(pixels))
    texts = tuned.encoders.texts(batch.tokens, batch.lengths)
    scores = order_scores(images, texts)
    same = batch.image.unsqueeze(0) == batch.image.unsqueeze(1)
    expected_loss = loss(scores, same, Parameters(margin=0.05))
    expected = torch.autograd.grad(expected_loss, list(tuned.cnn.parameters()))
    assert float(tuned.step(batch)["ranking_loss"]) == pytest.approx(float(expected_loss.detach()) / 8)
    for parameter, gradient in zip(tuned.cnn.parameters(), expected, strict=True):
        assert gradient.abs().max() > 0
        torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-5)


def test_a_step_in_half_precision_goes_the_same_way():
    """By the cosine, since a component that the order similarity mirrors may change sign by rounding."""
    cosine = {"encoders": {"two_space": {"similarity": "cosine", "loss": {"kind": "hinge", "margin": 0.2}}}}
    batch, moved = next(image_split(noisy=True).batches(8, 0, 0)), []
    for half in (False, True):
        tuned = tuning(cosine)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            value = tuned.step(batch)["ranking_loss"]
        groups = tuned.optimizer.param_groups
        moved.append([value, *(torch.cat([p.grad.flatten() for p in each["params"]]) for each in groups)])
    assert moved[0][0] != moved[1][0]
    assert moved[1][0].item() == pytest.approx(moved[0][0].item(), rel=0.01)
    for one, two in zip(moved[0][1:], moved[1][1:], strict=True):
        assert torch.cosine_similarity(one, two, 0) > 0.99


@torch.no_grad()
def test_validation_is_that_of_the_features_that_the_cnn_gives_now():
    tuned, split = tuning(), image_split(noisy=True)
    tuned.encoders.eval()
    pixels = torch.stack([torch.from_numpy(split.source.read(record)) for record in split.records])
    middle = pixels.permute(0, 3, 1, 2)[:, :, 2:14, 4:16]
    images = tuned.encoders.images(tuned.cnn(middle))
    rows = split.sorted(torch.arange(12))
    texts = tuned.encoders.texts(split.tokens[rows], split.lengths[rows])
    expected = recalls(order_scores(images, texts).numpy(), split.caption_image[rows].numpy())
    found = tuned.validate(split)
    assert found["val_rsum"] == pytest.approx(sum(sum(each.values()) for each in expected.values()))


def test_settings_of_the_row_and_of_fine_tuning_are_used():
    tuned, settings = tuning(), chosen()
    assert (tuned.lr_cnn, tuned.settings.max_grad_norm) == (settings.lr_cnn, 2.0)
    assert tuned.settings.loss.margin == 0.05
