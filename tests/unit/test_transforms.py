"""Augmentation, corruption and attack keep what they promise."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from ocrgen.datasets import load_data
from ocrgen.imaging import augmentation as transforms
from ocrgen.imaging.augmentation import affine, augment, elastic
from ocrgen.imaging.corruptions import CORRUPTIONS, EPSILONS, corrupt, fgsm
from ocrgen.utils.errors import UserError

STILL = {"degrees": 0, "scale": 0, "shear": 0, "shift": 0}
RANDOM = {"affine": affine, "elastic": elastic, "augment": augment}


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def digits() -> tuple[torch.Tensor, torch.Tensor]:
    part = load_data("digits").train
    return torch.from_numpy(part.images).unsqueeze(1).float().div(255), torch.from_numpy(part.labels)


@pytest.fixture(scope="module")
def images(digits) -> torch.Tensor:
    return digits[0][:200]


def check_images(found: torch.Tensor, given: torch.Tensor) -> None:
    assert found.shape == given.shape
    assert found.dtype == given.dtype
    assert torch.isfinite(found).all()
    assert found.min() >= 0
    assert found.max() <= 1


@pytest.mark.parametrize("transform", RANDOM.values(), ids=RANDOM)
class TestRandomTransforms:
    def test_images_stay_images(self, transform, images):
        before = images.clone()
        check_images(transform(images), images)
        assert torch.equal(images, before)
        check_images(transform(torch.zeros(3, 1, 28, 28)), torch.zeros(3, 1, 28, 28))
        check_images(transform(images[:, :, :20]), images[:, :, :20])

    def test_seeded(self, transform, images):
        first = transform(images, generator=seeded(1))
        assert torch.equal(first, transform(images, generator=seeded(1)))
        assert not torch.equal(first, transform(images, generator=seeded(2)))

    def test_without_a_generator_the_global_seed_counts(self, transform, images):
        torch.manual_seed(5)
        first = transform(images)
        torch.manual_seed(5)
        assert torch.equal(first, transform(images))

    def test_each_image_its_own(self, transform, images):
        found = transform(images[:1].repeat(8, 1, 1, 1))
        assert len({image.numpy().tobytes() for image in found}) == 8

    def test_most_ink_stays(self, transform, images):
        ink = transform(images, generator=seeded(0)).sum() / images.sum()
        assert 0.85 < ink < 1.15


def test_nothing_to_do_changes_nothing(images):
    for found in (affine(images, **STILL), elastic(images, alpha=0), augment(images, **STILL, alpha=0)):
        assert torch.allclose(found, images, atol=1e-4)


def test_augment_is_affine_and_elastic(images):
    # Affine numbers are drawn first, and elastic ones where nothing was drawn before: alone, each is the part itself.
    assert torch.allclose(augment(images, seeded(0), alpha=0), affine(images, seeded(0)), atol=1e-5)
    own = seeded(0)
    torch.rand(6, len(images), generator=own)
    assert torch.allclose(augment(images, seeded(0), **STILL), elastic(images, 16, generator=own), atol=1e-4)


def test_elastic_displacements():
    alpha, sigma = 30.0, 4.0
    move = transforms.displacement_field(torch.zeros(400, 1, 28, 28), seeded(0), alpha, sigma) * 14  # pixels
    assert move.abs().max() < alpha
    assert move.mean().abs() < 0.05
    # Even noise has variance 1/3, and a Gaussian of sigma averages over 4 pi sigma^2 pixels; edges see less.
    expected = alpha / math.sqrt(3 * 4 * math.pi * sigma**2)
    assert move[:, 12:16, 12:16].std() == pytest.approx(expected, rel=0.1)
    assert (move[:, 1:] - move[:, :-1]).abs().max() < 1.5, "neighbours move together"


def test_smoothing_is_gaussian():
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    found = transforms.gaussian_blur(point, 2.0)[0, 0]
    place = torch.arange(41.0) - 20
    assert found.sum() == pytest.approx(1, abs=1e-5)
    assert (found.sum(0) * place**2).sum() == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize("name", CORRUPTIONS)
class TestCorruptions:
    def test_images_stay_images_and_change_grows_with_strength(self, name, images):
        before, change = images.clone(), [0.0]
        for strength in range(1, 6):
            found = corrupt(images, name, strength)
            check_images(found, images)
            change.append((found - images).abs().mean().item())
        assert all(less < more for less, more in zip(change, change[1:], strict=False)), change
        assert torch.equal(images, before)

    def test_seeded(self, name, images):
        first = corrupt(images, name, 3, seed=1)
        assert torch.equal(first, corrupt(images, name, 3, seed=1))
        steady = name in ("blur", "thinning", "thickening", "contrast")
        assert torch.equal(first, corrupt(images, name, 3, seed=2)) is steady

    def test_global_numbers_are_left_alone(self, name, images):
        state = torch.get_rng_state()
        corrupt(images, name, 2)
        assert torch.equal(torch.get_rng_state(), state)

    def test_blank_and_full_images(self, name):
        for given in (torch.zeros(4, 1, 28, 28), torch.ones(4, 1, 28, 28)):
            check_images(corrupt(given, name, 5), given)

    @pytest.mark.parametrize("strength", [0, 6, -1, 2.5, "3"])
    def test_strengths_are_1_to_5(self, name, strength, images):
        with pytest.raises(UserError, match="1, 2, 3, 4 or 5"):
            corrupt(images, name, strength)

    def test_has_a_title_and_growing_amounts(self, name):
        corruption = CORRUPTIONS[name]
        assert corruption.title
        assert corruption.unit
        assert list(corruption.amounts) == sorted(set(corruption.amounts))


def test_strengths_share_their_random_numbers(images):
    grey, bar = torch.full((40, 1, 28, 28), 0.5), torch.zeros(40, 1, 28, 28)
    bar[:, :, 6:22, 12:16] = 1

    def series(name: str, given: torch.Tensor) -> torch.Tensor:
        return torch.stack([corrupt(given, name, strength) for strength in range(1, 6)])

    noise = series("noise", grey)
    inside = (noise[-1] > 0) & (noise[-1] < 1)
    draws = (noise - 0.5)[:, inside] / torch.tensor(CORRUPTIONS["noise"].amounts)[:, None]
    assert torch.allclose(draws, draws[:1].expand_as(draws), atol=1e-5)
    columns = torch.arange(28.0) - 13.5
    ways = {name: (series(name, bar)[..., :14, :] * columns).sum((2, 3, 4)).sign() for name in ("rotation", "shear")}
    ways["scale"] = (series("scale", bar) - bar).sum((2, 3, 4)).sign()
    for name, way in ways.items():  # the upper half goes left or right; the bar grows or shrinks
        assert (way == way[0]).all() and len(way[0].unique()) == 2, name
    for name in ("salt_pepper", "occlusion"):  # a pixel that has gone stays as it is
        for less, more in itertools.pairwise(series(name, grey)):
            assert (more == less)[less != 0.5].all(), name


def test_unknown_corruption(images):
    with pytest.raises(UserError, match="'rain' is no corruption: choose one of noise, blur, .*salt_pepper"):
        corrupt(images, "rain", 1)


def test_thickening_adds_ink_and_thinning_removes_it(images):
    for strength in range(1, 6):
        thick, thin = corrupt(images, "thickening", strength), corrupt(images, "thinning", strength)
        assert (thick >= images - 1e-6).all()
        assert (thin <= images + 1e-6).all()
        assert (thick.sum((1, 2, 3)) > images.sum((1, 2, 3))).all()
        assert (thin.sum((1, 2, 3)) < images.sum((1, 2, 3))).all()


def test_thickening_by_whole_steps():
    point = torch.zeros(1, 1, 28, 28)
    point[0, 0, 10, 10] = 1
    assert CORRUPTIONS["thickening"].function(point, 1, seeded(0)).sum() == 5
    assert CORRUPTIONS["thickening"].function(point, 2, seeded(0)).sum() == 13
    assert CORRUPTIONS["thickening"].function(point, 1.5, seeded(0)).sum() == 9


def test_occlusion_hides_one_square_that_has_ink(images):
    spots = images * 0.5 + 0.5  # no paper, so that every hidden pixel shows
    for strength, side in enumerate(CORRUPTIONS["occlusion"].amounts, 1):
        hidden = corrupt(spots, "occlusion", strength) == 0
        assert hidden.any(3).sum(2).max() == hidden.any(2).sum(2).max() == side
    assert (corrupt(images, "occlusion", 1).sum((1, 2, 3)) < images.sum((1, 2, 3))).all()


def test_contrast_keeps_the_brightness(images):
    found = corrupt(images, "contrast", 5)
    assert torch.allclose(found.mean((1, 2, 3)), images.mean((1, 2, 3)), atol=1e-5)
    assert torch.allclose(
        found.std((1, 2, 3)), images.std((1, 2, 3)) * (1 - CORRUPTIONS["contrast"].amounts[-1]), atol=1e-5
    )


def test_rotation_turns_by_its_degrees_either_way():
    line = torch.zeros(40, 1, 28, 28)
    line[:, :, 4:24, 13:15] = 1
    y, x = torch.meshgrid(torch.arange(28.0) - 13.5, torch.arange(28.0) - 13.5, indexing="ij")
    found = corrupt(line, "rotation", 3)
    slope = (found * x * y).sum((1, 2, 3)) / (found * y * y).sum((1, 2, 3))
    assert torch.allclose(slope.abs(), torch.tensor(30.0).deg2rad().tan(), atol=0.03)
    assert 5 < (slope > 0).sum() < 35


@pytest.fixture(scope="module")
def reader(digits) -> torch.nn.Module:
    """A linear reader, trained for a moment."""
    images, labels = digits
    weights = torch.zeros(10, 784, requires_grad=True)
    for _ in range(200):
        (slope,) = torch.autograd.grad(F.cross_entropy(images.flatten(1) @ weights.T, labels), weights)
        weights = (weights - 0.2 * slope).detach().requires_grad_()
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10, bias=False))
    net[1].weight = torch.nn.Parameter(weights.detach())
    return net


def test_fgsm_raises_the_loss_within_epsilon(digits, reader):
    images, labels = digits
    found = fgsm(reader, images, labels)
    assert [round(100 * epsilon) for epsilon in EPSILONS] == list(range(11))
    assert len(found) == len(EPSILONS)
    assert torch.equal(found[0], images)
    losses = []
    for attacked, epsilon in zip(found, EPSILONS, strict=True):
        check_images(attacked, images)
        assert not attacked.requires_grad
        assert (attacked - images).abs().max() <= epsilon + 1e-6
        losses.append(F.cross_entropy(reader(attacked), labels).item())
    assert losses == sorted(losses)
    assert losses[-1] > 1.5 * losses[0]
    right = [(reader(x).argmax(1) == labels).float().mean() for x in (found[0], found[-1])]
    assert right[0] > 0.9 > right[1] + 0.1


def test_fgsm_leaves_the_reader_alone(digits, reader):
    images, labels = digits[0][:20], digits[1][:20]
    expected = fgsm(reader, images, labels, [0.1])[0]
    assert all(p.grad is None for p in reader.parameters())
    for quiet in (torch.no_grad, torch.inference_mode):
        with quiet():
            assert torch.equal(fgsm(reader, images * 1, labels * 1, [0.1])[0], expected)
