"""Training, presets and export of networks: everything that needs Keras."""
