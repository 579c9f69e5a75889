import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from scotopic.measures import likeness


def test_psnr_and_ssim_are_those_of_scikit_image():
    rng = np.random.default_rng(1)
    for _ in range(100):
        reference = rng.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        noise = rng.normal(0, rng.uniform(1, 60), reference.shape)
        result = np.clip(reference + noise, 0, 255).astype(np.uint8)
        wanted_psnr = peak_signal_noise_ratio(reference, result)
        assert abs(likeness.psnr(result, reference) - wanted_psnr) < 1e-9
        wanted_ssim = structural_similarity(
            result,
            reference,
            channel_axis=-1,
            data_range=255,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert abs(likeness.ssim(result, reference) - wanted_ssim) < 1e-6


def test_differences_of_8_bit_pictures_do_not_wrap():
    black, white = np.zeros((8, 8, 3), np.uint8), np.full((8, 8, 3), 255, np.uint8)
    assert abs(likeness.psnr(black, white)) < 1e-9


def test_gt_mean_forgives_a_factor():
    coarse = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    reference = np.asarray(Image.fromarray(coarse).resize((64, 48), Image.Resampling.BICUBIC))
    half = (reference / 2).astype(np.uint8)
    assert likeness.gt_mean_psnr(half, reference) > likeness.psnr(half, reference) + 20
