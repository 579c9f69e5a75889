"""One exposure for many frames: of an animation, or smoothly over a film."""
