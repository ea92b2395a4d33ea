"""AWS Bedrock: CloudWatch, the control plane and STS, with their signatures."""
