#!/bin/bash
# boot.sh FOLDER REPOSITORY NODE: makes a root of its own for an imitated Mac, and becomes its first process. The
# root is an overlay of this machine's on a tmpfs, so nothing that is written reaches the machine; FOLDER/seed is what the
# Mac has besides. It ends when its standard input does. Runs in namespaces of mounts and processes of its own.
set -eu
folder=$1 repository=$2 node=$3
seed=$folder/seed
mkdir -p "$folder/mac"
folder=$folder/mac
mount -t tmpfs -o mode=755 cbi-mac "$folder"
upper=$folder/upper root=$folder/root
mkdir "$upper" "$folder/work" "$root"
chmod 755 "$upper"
umask 022
cp -r --no-preserve=ownership,timestamps "$seed/." "$upper/"
mkdir -p "$upper"/{Library/LaunchDaemons,"Library/Application Support",Library/Preferences/SystemConfiguration} \
  "$upper"/{Users/you/Library/{Logs,"Application Support"},var/root,opt/mac/{bin,repo,upper,state},tmp,proc,dev,sys,usr/bin,usr/libexec,node_modules}
touch "$upper/opt/mac/bin/real-node"
mkdir -p "$upper/var/db"
chmod 700 "$upper/var/root" "$upper/opt/mac/state"
chmod 1777 "$upper/tmp"
chown -R 501:20 "$upper/Users/you"
mount -t overlay overlay -o "lowerdir=/,upperdir=$upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount --bind "$repository" "$root/opt/mac/repo"
mount -o remount,bind,ro "$root/opt/mac/repo"
mount --bind "$repository/node_modules" "$root/node_modules"
mount --bind "$node" "$root/opt/mac/bin/real-node"
mount --bind "$upper" "$root/opt/mac/upper"
cd "$root"
# Without exec: the first process takes in whoever has lost its parent.
chroot . /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin LC_ALL=C /opt/mac/bin/real-node --disable-warning=ExperimentalWarning \
  /opt/mac/repo/test/rig/mac/brain.ts
exit
