"""What runs inside the sandbox: these modules, `wire` and the codec are all it is given of ours."""
