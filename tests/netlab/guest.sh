#!/bin/sh
# The boot of one test host. Runs as pid 1 of its new mount, uts, ipc, pid and network namespaces, makes the host's own
# root out of the machine's or another system's (copy on write), and becomes its init: systemd, or a shell that keeps sshd running.
# From the environment: NAME ADDRESS INIT, DATA (files of this host), LOWER (directories of what it begins with), CGROUP (its cgroup, in
# a mount of cgroup2).
set -eu

if [ "${1:-}" != inside ]; then
    # First the move, then the namespace: so the host's own cgroup is the root that it sees.
    echo 0 >"$CGROUP/cgroup.procs"
    exec unshare --cgroup -- sh "$0" inside
fi

root=$DATA/root
mount --make-rprivate /
hostname "$NAME"
ip link set lo up
ip address replace "$ADDRESS/24" dev eth0
ip link set eth0 up

# ---- files: the machine's, with changes that are the host's alone ---------------------------------------------------

mount -t overlay "$NAME" -o "lowerdir=$LOWER,upperdir=$DATA/upper,workdir=$DATA/work" "$root"
for dir in root opt home srv tmp usr/local var/log var/tmp; do # these begin empty
    mkdir -p "$root/$dir"
    mount --bind "$DATA/own/$dir" "$root/$dir"
done
mount --bind "$DATA/../.shared" "$root/mnt" # one directory for all hosts of a lab, as a file server gives
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
mkdir "$root/run/sshd" "$root/run/lock"

# Devices: no disks, no console, no kernel log.
mount -t tmpfs -o mode=755,nosuid,size=1m tmpfs "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,gid=5,mode=620 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"
ln -s fd/1 "$root/dev/stdout"
ln -s fd/2 "$root/dev/stderr"

# A booting systemd writes fs.file-max, fs.nr_open and others, which belong to the machine; net is the namespace's own.
mkdir -p "$DATA/net"
mount --bind "$root/proc/sys/net" "$DATA/net"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount --move "$DATA/net" "$root/proc/sys/net"
mount -o remount,bind,ro "$root/proc/sys"
if [ -e "$root/proc/sysrq-trigger" ]; then
    mount --bind "$root/proc/sysrq-trigger" "$root/proc/sysrq-trigger"
    mount -o remount,bind,ro "$root/proc/sysrq-trigger"
fi

# ---- systemd: nothing of what the machine has enabled, and of what a boot usually pulls in only what works here -----

if [ "$INIT" = systemd ]; then
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount --bind "$DATA/own/etc/systemd/system" "$root/etc/systemd/system"
    units=/lib/systemd/system
    for dir in "$root$units"/*.wants "$root"/lib/systemd/system-generators "$root"/lib/systemd/user-generators; do
        mount -t tmpfs -o mode=755,size=64k tmpfs "$dir"
    done
    pull() { # TARGET UNIT...
        target=$1
        shift
        for unit in "$@"; do ln -s "$units/$unit" "$root$units/$target.wants/$unit"; done
    }
    pull sysinit.target systemd-journald.service systemd-tmpfiles-setup.service
    pull sockets.target systemd-journald.socket systemd-journald-dev-log.socket dbus.socket
    pull multi-user.target dbus.service systemd-logind.service systemd-user-sessions.service
fi

# ---- into it --------------------------------------------------------------------------------------------------------

mkdir -p "$root/.machine"
cd "$root"
pivot_root . .machine
umount -l /.machine
cd /
rmdir /.machine

path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if [ "$INIT" = systemd ]; then
    # `container` tells systemd to leave the clock, the console and kernel modules alone.
    exec env -i PATH=$path container=netlab setpriv --bounding-set=-sys_time,-sys_module,-sys_rawio -- \
        /lib/systemd/systemd --system --unit=multi-user.target --show-status=no --log-target=journal
fi
# The anchor keeps the host running when a test ends its sshd; the loop reaps what is orphaned to pid 1.
exec env -i PATH=$path HOME=/root /bin/sh -c '
    trap "" HUP
    sleep infinity &
    /usr/sbin/sshd -D -E /run/sshd.log &
    while :; do wait; done' netlab-init
