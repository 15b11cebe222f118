"""Networks: what commands may reach, enforced by the kernel's packet filter."""
