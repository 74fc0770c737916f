"""What the scenarios stand on: a real control plane, a real Prometheus, simulated kubelets, and the agent as a process."""
