import { existsSync, mkdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tryRun } from './shell.ts';
import { until } from './wait.ts';

const IMAGE_BYTES = 48 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/**
 * The agent's own small disk: an ext4 image that only the agent's process has mounted, so that it
 * is gone with the process and can be checked and mounted again, as at a reboot. Its faults are
 * those of a worn card: no space, or `errors=remount-ro` after an error of the file system.
 */
export class AgentDisk {
  readonly image: string;
  readonly mount_point: string;

  constructor(dir: string) {
    this.image = join(dir, 'agent-disk.img');
    this.mount_point = join(dir, 'agent-disk');
    mkdirSync(this.mount_point);
    writeFileSync(this.image, '');
    truncateSync(this.image, IMAGE_BYTES);
    run('mkfs.ext4', ['-q', '-F', '-m', '0', '-J', 'size=4', this.image]);
  }

  /** A shell line that mounts it in the namespace of whoever runs it. */
  get mountLine(): string {
    return `mount -o loop,errors=remount-ro ${this.image} ${this.mount_point}`;
  }

  /** The disk as the process `pid` sees it. */
  seenBy(pid: number): string {
    return `/proc/${pid}/root${this.mount_point}`;
  }

  /** Writes until nothing fits any more; 0 bytes are left to anyone. */
  fill(pid: number): void {
    const filler = join(this.seenBy(pid), 'filler');
    for (let bytes = CHUNK_BYTES; bytes >= 1; bytes = Math.floor(bytes / 4)) {
      // dd ends with an error when the disk is full: that is what it is for.
      tryRun('dd', ['if=/dev/zero', `of=${filler}`, `bs=${bytes}`, 'oflag=append', 'conv=notrunc']);
    }
    if (statfsSync(this.seenBy(pid)).bavail > 0) throw new Error('the disk is not full');
  }

  free(pid: number): void {
    run('rm', ['-f', join(this.seenBy(pid), 'filler')]);
  }

  /** An error inside the file system: the kernel makes it read-only, whoever has files open. */
  failReadOnly(): void {
    writeFileSync(join('/sys/fs/ext4', this.#loop(), 'trigger_fs_error'), '1');
  }

  /** After its process has ended: repairs it as a boot does. */
  async repair(): Promise<void> {
    await until('the disk is unmounted', 5000, () => this.#loops() === '');
    // Exit code 1 says that errors were corrected.
    tryRun('e2fsck', ['-p', this.image]);
    run('e2fsck', ['-n', this.image]);
  }

  #loops(): string {
    return run('losetup', ['-n', '-O', 'NAME', '-j', this.image]).trim();
  }

  #loop(): string {
    const name = this.#loops().replace('/dev/', '');
    if (name === '' || !existsSync(`/sys/fs/ext4/${name}`)) throw new Error('it is not mounted');
    return name;
  }
}
