"""The Open Inference Protocol v2 over REST: requests read, answers written; no web framework.

The protocol: https://github.com/kserve/open-inference-protocol. Tensors may follow the JSON as
bytes, as Triton's binary tensor extension has it, which NVIDIA's client uses unless told otherwise.
"""
