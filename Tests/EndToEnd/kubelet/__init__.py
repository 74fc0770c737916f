"""The parts of kubelets.py."""
