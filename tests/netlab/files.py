"""What a host has that the machine has not: the way to see what a lab left behind."""
import hashlib
import os
import pathlib
import stat


def describe(path):
    about = path.lstat()
    if stat.S_ISLNK(about.st_mode):
        what = "-> " + os.readlink(path)
    elif stat.S_ISREG(about.st_mode):
        what = hashlib.sha256(path.read_bytes()).hexdigest()
    else:
        what = ""
    if stat.S_ISCHR(about.st_mode) and about.st_rdev == 0:
        return "removed"  # overlayfs marks so what the machine has and the host has not any more
    return f"{stat.filemode(about.st_mode)} {about.st_uid}:{about.st_gid} {what}".strip()


def listing(host):
    """{path: what it is} of everything but /proc, /sys, /dev and /run, which end with the host."""
    out = {}
    for top in (host.data / "own", host.data / "upper"):
        for path in top.rglob("*"):
            inside = "/" + str(path.relative_to(top))
            said = describe(path)
            if "/systemd-private-" in inside:
                continue  # made anew by systemd at each start of a service that has PrivateTmp
            # The upper layer holds also what was only touched, or changed back.
            beneath = host.beneath(inside)
            if top.name == "own" or not os.path.lexists(beneath) or describe(beneath) != said:
                out[inside] = said
    return out


def changes(before, after):
    """What was added (+), removed (-) or altered (~), as a sorted list of lines."""
    out = [f"- {p}" for p in before if p not in after]
    out += [f"+ {p}  {after[p]}" for p in after if p not in before]
    out += [f"~ {p}  {before[p]} => {after[p]}" for p in after if p in before and before[p] != after[p]]
    return sorted(out)
