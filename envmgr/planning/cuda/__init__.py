"""What this machine has of CUDA: toolkits, the driver, devices."""
