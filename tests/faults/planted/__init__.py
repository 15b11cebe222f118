"""What is imported into a service before the product is: bad surroundings, and broken products."""
