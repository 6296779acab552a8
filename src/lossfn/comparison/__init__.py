"""One model trained under several losses, and measured by each of them."""
