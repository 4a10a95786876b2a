#!/bin/bash
# systemd-boot.sh FOLDER SHOWN...: boots a real systemd as process 1 of namespaces of its own and becomes its
# outer parent. Its root is an overlay of this machine's, so what it writes stays in FOLDER, a tmpfs; its network is
# empty; of this machine it sees the folders SHOWN besides. It may not set the clock, which is the whole machine's.
set -eu
folder=$1; shift
cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/$(basename "$folder")
rights=-sys_time,-sys_module,-sys_rawio,-wake_alarm
mount -t tmpfs -o mode=755 cbi-systemd "$folder"
units=$folder/upper/etc/systemd/system
mkdir -p "$folder"/{upper,work,root} "$units" "$cgroup"
chmod 755 "$folder/upper"
: > "$folder/upper/etc/fstab"
# Nothing of this machine's own services: only what timers, users and their sessions need.
cat > "$units/cbi-test.target" <<UNIT
[Unit]
Requires=basic.target
Wants=dbus.socket systemd-logind.service systemd-user-sessions.service timers.target
After=basic.target
AllowIsolate=yes
UNIT
ln -s cbi-test.target "$units/default.target"
for unit in /lib/systemd/system/{timers,sysinit,sockets}.target.wants/* /etc/systemd/system/*.wants/*; do
  name=$(basename "$unit")
  case $name in *.timer | *udev* | systemd-{modules-load,sysctl,binfmt,random-seed,timesyncd,update-utmp,boot-update}.* | *.mount | modprobe@* | dev-*)
    ln -sfn /dev/null "$units/$name" ;;
  esac
done
echo $$ > "$cgroup/cgroup.procs"
export folder rights SHOWN="$*"
exec unshare --fork --pid --mount --cgroup --uts --ipc --net --propagation private bash -ceu '
  root=$folder/root
  mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
  cd "$root"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs dev
  for name in null zero full random urandom tty; do : > dev/$name; mount --bind /dev/$name dev/$name; done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=1777 tmpfs tmp
  for shown in $SHOWN; do mkdir -p "./$shown"; mount --bind "$shown" "./$shown"; mount -o remount,bind,ro "./$shown"; done
  mkdir run/outside
  pivot_root . run/outside
  umount -l run/outside
  exec setpriv --bounding-set "$rights" env -i container=cbi PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --show-status=false
'
