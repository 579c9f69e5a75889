"""What is particular to file formats: pixels in and out, and what files carry beside them."""
