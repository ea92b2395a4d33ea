"""Whether providers, credentials and stores are as reading and building need them."""
