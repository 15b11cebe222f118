"""The product in containers: needs a container engine, and `make test` leaves it out."""
