"""What a served classifier is asked about: tensors or plain JSON become texts, pixels or rows.

A folder of one module a modality. Whatever a client sends is checked here, so that what reaches a
batch, in which other clients' inputs are, can be encoded.
"""
