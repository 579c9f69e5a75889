"""Networks that run: ONNX files, what they say of themselves, and the weights that are shipped."""
