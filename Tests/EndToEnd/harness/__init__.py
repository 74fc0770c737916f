"""What scenarios stand on: a real control plane, a real Prometheus, simulated kubelets, the agent as a process."""
