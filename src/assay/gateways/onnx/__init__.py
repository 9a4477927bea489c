"""ONNX: graphs whose bytes are equal wherever they were made, and their int8 forms.

Reads the files that it is told to. Writes nothing.
"""

from assay.gateways.onnx.dynamic import product_weights, quantize_dynamic
from assay.gateways.onnx.embeddings import quantize_embeddings
from assay.gateways.onnx.graph import from_torch, load, serialize, strip
from assay.gateways.onnx.static import quantize_static

__all__ = [
    "from_torch",
    "load",
    "product_weights",
    "quantize_dynamic",
    "quantize_embeddings",
    "quantize_static",
    "serialize",
    "strip",
]
