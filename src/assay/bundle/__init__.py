"""What is served: a folder with an ONNX graph and all that it needs, opened without torch."""
