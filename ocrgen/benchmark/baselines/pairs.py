"""A CVAE and a CGAN made comparable in three ways: as published, with equal weights, with the same decoder."""

from dataclasses import dataclass

import torch

from ocrgen.benchmark.counting import fit_width, weights
from ocrgen.generators.base import GenerativeModel, ModelConfig
from ocrgen.generators.layers.decoders import make_decoder
from ocrgen.generators.models.cgan import CGAN, AuxiliaryDiscriminator
from ocrgen.generators.models.cvae import CVAE, Encoder


@dataclass(frozen=True)
class Pair:
    """The settings of both sides."""

    cvae: ModelConfig
    cgan: ModelConfig

    def sides(self) -> dict[str, tuple[type[GenerativeModel], ModelConfig]]:
        """By title."""
        return {CVAE.title: (CVAE, self.cvae), CGAN.title: (CGAN, self.cgan)}


def pairs() -> dict[str, Pair]:
    """Each way's pair. All start from the presets `paper`, so that a way differs from the first in one thing."""
    cvae, cgan = CVAE.presets["paper"], CGAN.presets["paper"]
    shared = {"latent": cgan.latent, "decoder": cgan.decoder, "decoder_width": cgan.decoder_width}
    return {
        "paper": Pair(cvae, cgan),
        "parameters": equal(cvae, cgan),
        "decoder": Pair(cvae.model_copy(update=shared), cgan),
    }


def equal(cvae: CVAE.Config, cgan: CGAN.Config) -> Pair:
    """Widths with which the decoders agree in their number of weights, and encoder and discriminator in theirs.

    The CGAN is narrowed to the CVAE, in whole channels; what then is left, the CVAE's units, which are finer, even out.
    """
    with torch.device("meta"):  # shapes without numbers: nothing is computed

        def decoder(config: ModelConfig, width: int) -> int:
            return weights(make_decoder(config.decoder, config.latent, width))

        def encoder(width: int) -> int:
            return weights(Encoder(cvae.latent, width, cvae.depth))

        def discriminator(width: int) -> int:
            return weights(AuxiliaryDiscriminator(width))

        drawn = fit_width(lambda w: decoder(cgan, w), decoder(cvae, cvae.decoder_width), 8, 2048)
        judged = fit_width(discriminator, encoder(cvae.width), 8, 512)
        units = fit_width(lambda w: decoder(cvae, w), decoder(cgan, drawn), 8, 2048)
        width = fit_width(encoder, discriminator(judged), 8, 4096)
    return Pair(
        cvae.model_copy(update={"decoder_width": units, "width": width}),
        cgan.model_copy(update={"decoder_width": drawn, "discriminator_width": judged}),
    )
