"""Where a lab's records are on its hosts."""


def state_of(deploy, lab="toys"):
    """Root's: its name, and a digest of where the records would be if they were the account's."""
    digest = 1469598103934665603
    for byte in f"{deploy}/.tidelab-{lab}".encode():
        digest = (digest ^ byte) * 1099511628211 % 2**64
    return f"/var/lib/tidelab/{lab}-{(digest ^ (digest >> 48)) % 2**48:012x}"
