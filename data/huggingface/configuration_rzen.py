"""Configuration of an RzenLab encoder, for Hugging Face transformers."""

from transformers import PretrainedConfig


class RzenConfig(PretrainedConfig):
    """`encoder` is RzenLab's EncoderConfig; `head` the sizes of a head on the embedding, or None."""

    model_type = "rzen"

    def __init__(self, encoder=None, head=None, **kwargs):
        self.encoder = encoder
        self.head = head
        super().__init__(**kwargs)
