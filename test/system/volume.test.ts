import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { volumeOf } from "../../src/system/volume.ts";

const { signal } = new AbortController();

void test("on Linux a volume is known by its UUID, else by what is mounted and where", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cbi-volume-"));
  const drive = path.join(folder, "My Drive");
  const scratch = path.join(folder, "scratch");
  const plain = path.join(folder, "plain");
  const uuids = path.join(folder, "by-uuid");
  for (const one of [drive, scratch, plain, uuids]) mkdirSync(one);
  symlinkSync("/dev/null", path.join(uuids, "9c5f-11"));
  const mounts = path.join(folder, "mountinfo");
  const line = (at: string, rest: string): string =>
    `36 35 98:0 / ${at.replaceAll(" ", "\\040")} rw,noatime master:1 - ${rest} rw\n`;
  writeFileSync(
    mounts,
    line("/", "overlay overlay") +
      line(drive, "tmpfs hidden") +
      // Mounted over the one before.
      line(drive, "ext4 /dev/null") +
      line(scratch, "tmpfs scratch") +
      line(plain, "vfat /dev/gone"),
  );
  const world = { environment: {}, signal, platform: "linux" as const };
  const ask = async (target: string) =>
    volumeOf(target, { ...world, mountsFile: mounts, uuidsFolder: uuids });
  assert.deepEqual(await ask(drive), { id: "uuid:9c5f-11", mountPoint: drive });
  assert.deepEqual(await ask(path.join(drive, "not/yet/there")), await ask(drive));
  assert.equal((await ask(scratch))?.id, `tmpfs scratch at ${scratch}`);
  assert.equal((await ask(plain))?.id, `vfat at ${plain}`, "a device's name is not its own");
  assert.equal((await ask(`${scratch} too`))?.id, "overlay overlay at /");
  assert.equal(await volumeOf(drive, { ...world, mountsFile: "/nowhere" }), undefined);
});

void test("on a Mac df says where a path's volume is mounted, and diskutil its UUID", async () => {
  const bin = mkdtempSync(path.join(os.tmpdir(), "cbi-diskutil-"));
  const write = (name: string, text: string): void => {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(path.join(bin, name), 0o755);
  };
  write(
    "df",
    `echo 'Filesystem 512-blocks Used Available Capacity  Mounted on'
    echo '/dev/disk3s5 1942700360 98 12 9%    /Volumes/My Drive'`,
  );
  write(
    "diskutil",
    `[ "$3" = "/Volumes/My Drive" ] || exit 1
    echo '<dict><key>DiskUUID</key><string>00-0</string><key>VolumeUUID</key>'
    echo '	<string>0F1E2D3C-AAAA-BBBB-CCCC-0123456789AB</string></dict>'`,
  );
  const world = {
    environment: { PATH: `${bin}:/usr/bin:/bin` },
    signal,
    platform: "darwin" as const,
  };
  assert.deepEqual(await volumeOf(os.tmpdir(), world), {
    id: "uuid:0F1E2D3C-AAAA-BBBB-CCCC-0123456789AB",
    mountPoint: "/Volumes/My Drive",
  });
  write("diskutil", "exit 1");
  assert.equal((await volumeOf(os.tmpdir(), world))?.id, "at /Volumes/My Drive");
});
