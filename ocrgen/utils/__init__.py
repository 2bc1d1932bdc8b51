"""What every room uses: files, locks, settings, device, statistics, errors."""
