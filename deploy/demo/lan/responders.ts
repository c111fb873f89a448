import { createSocket, type Socket } from 'node:dgram';
import { LanProofError } from '../../../shared/errors.ts';
import { type DemoDevice, type DemoSite, ECHO_PORT } from '../sites.ts';
import { addressAt } from '../story/leases.ts';
import { packetAt, seedOf, stretchAt } from '../story/scenario.ts';
import type { Story } from '../story/script.ts';

/** A question of the engine `udp-echo`: LPE1 and a number, filled up where it is a large one. */
const QUESTION = /^LPE1 ([0-9]{1,20}) *$/;
/** A longer question is a large echo. */
const SMALL_BYTES_MAX = 64;
/** One Ethernet frame; the rest is none of ours. */
const QUESTION_BYTES_MAX = 1_472;

export interface Responders {
  close(): Promise<void>;
}

/**
 * Opens a UDP socket for every device of a site and answers from the script. Throws LanProofError
 * DEMO_ADDRESS where one of the loopback addresses cannot be used.
 */
export async function startResponders(
  story: Story,
  site: DemoSite,
  clock: () => number,
): Promise<Responders> {
  const sockets: Socket[] = [];
  const close = async () => {
    await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))));
  };
  try {
    for (const device of site.devices) {
      for (const address of [device.address, device.lease ?? null]) {
        if (address === null) continue;
        const socket = createSocket('udp4');
        await bind(socket, address, ECHO_PORT);
        sockets.push(socket);
        const isHere = () => addressAt(story, site, device, clock()).address === address;
        answerOn(socket, story, site, device, clock, isHere);
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function answerOn(
  socket: Socket,
  story: Story,
  site: DemoSite,
  device: DemoDevice,
  clock: () => number,
  isHere: () => boolean,
): void {
  const seed = seedOf(`${site.code}/${device.code}`);
  socket.on('message', (bytes, from) => {
    if (bytes.length > QUESTION_BYTES_MAX) return;
    const token = QUESTION.exec(bytes.toString('latin1').trimEnd())?.[1];
    const at_ms = clock();
    const { reply, lost } = stretchAt(story, site, device, at_ms);
    if (token === undefined || reply === 'n' || !isHere()) return;
    const size = bytes.length > SMALL_BYTES_MAX ? 'large' : 'small';
    if (reply === 'r' && packetAt(device, seed, at_ms, size, lost) === 'lost') return;
    // ARP is asked in the slot of the small echo, never for a large one.
    if (reply === 'a' && size === 'large') return;
    const who = device.mac === undefined ? '' : ` ${device.mac}`;
    socket.send(`LPE1 ${token} ${reply}${who}\n`, from.port, from.address);
  });
}

/** A loopback address that cannot be used, as an error with the way out. */
export function demoAddressError(place: string, cause: Error): LanProofError {
  return new LanProofError('DEMO_ADDRESS', `the address cannot be used: ${cause.message}`, {
    hint: 'does another demo run on this machine? stop it, or give this one --net 11',
    place,
    cause,
  });
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      reject(demoAddressError(`${address}:${port}`, cause));
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners('error');
      // A client that is gone answers with an ICMP error; that is no concern of a device.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}
