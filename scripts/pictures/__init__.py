"""The walks through the product during which the pictures of the README and of the guides are taken."""
