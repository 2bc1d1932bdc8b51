"""A CVAE and a CGAN made comparable in three ways: as published, with equal weights, with the same decoder."""

from dataclasses import dataclass

import torch

from ocrgen.benchmark.counting import fit_width, weights
from ocrgen.datasets.alphabet import DIGITS
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.layers.decoders import make_decoder
from ocrgen.generators.models.cgan import CGAN, AuxiliaryDiscriminator, CGANConfig
from ocrgen.generators.models.cgan import PAPER as PAPER_CGAN
from ocrgen.generators.models.cvae import CVAE, CVAEConfig, Encoder
from ocrgen.generators.models.cvae import PAPER as PAPER_CVAE


@dataclass(frozen=True)
class Pair:
    """The settings of both sides."""

    cvae: CVAEConfig
    cgan: CGANConfig

    def sides(self) -> dict[str, tuple[type[GenerativeModel], ModelConfig]]:
        """The class and settings of each, by title."""
        return {CVAE.title: (CVAE, self.cvae), CGAN.title: (CGAN, self.cgan)}


def pairs(n_classes: int = len(DIGITS)) -> dict[str, Pair]:
    """The pair of each comparison: as published, and with one thing made equal."""
    cvae, cgan = PAPER_CVAE, PAPER_CGAN
    shared = {"latent": cgan.latent, "decoder": cgan.decoder, "decoder_width": cgan.decoder_width}
    return {
        "paper": Pair(cvae, cgan),
        "parameters": match_parameters(cvae, cgan, n_classes),
        "decoder": Pair(cvae.model_copy(update=shared), cgan),
    }


def match_parameters(cvae: CVAEConfig, cgan: CGANConfig, n_classes: int = len(DIGITS)) -> Pair:
    """Widths for which both decoders have as many weights, and so have encoder and discriminator.

    The CGAN is narrowed to match the CVAE, then the CVAE to match the CGAN: its width can be set more finely.
    """
    with torch.device("meta"):  # shapes only: nothing is computed

        def decoder(config: CVAEConfig | CGANConfig, width: int) -> int:
            return weights(make_decoder(config.decoder, config.latent, n_classes, width))

        def encoder(width: int) -> int:
            return weights(Encoder(cvae.latent, n_classes, width, cvae.depth))

        def discriminator(width: int) -> int:
            return weights(AuxiliaryDiscriminator(width, n_classes))

        cgan_decoder = fit_width(lambda w: decoder(cgan, w), decoder(cvae, cvae.decoder_width), 8, 2048)
        cgan_discriminator = fit_width(discriminator, encoder(cvae.width), 8, 512)
        cvae_decoder = fit_width(lambda w: decoder(cvae, w), decoder(cgan, cgan_decoder), 8, 2048)
        cvae_encoder = fit_width(encoder, discriminator(cgan_discriminator), 8, 4096)
    return Pair(
        cvae.model_copy(update={"decoder_width": cvae_decoder, "width": cvae_encoder}),
        cgan.model_copy(update={"decoder_width": cgan_decoder, "discriminator_width": cgan_discriminator}),
    )
