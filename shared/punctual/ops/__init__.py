"""How every service is operated: settings, logs, metrics, traces, the doctor."""
