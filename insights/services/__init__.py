"""What computes and stores insights, and what people say of them."""
