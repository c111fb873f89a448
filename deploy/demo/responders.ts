import { createSocket, type Socket } from 'node:dgram';
import { LanProofError } from '../../shared/errors.ts';
import { packetAt, type Story, seedOf, stretchAt } from './scenario.ts';
import { type DemoDevice, type DemoSite, ECHO_PORT } from './sites.ts';

/** A question of the engine `udp-echo`: LPE1 and a number. */
const QUESTION = /^LPE1 ([0-9]{1,20})$/;
/** A question is far shorter; the rest is none. */
const QUESTION_BYTES_MAX = 64;

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
      if (device.address === null) continue;
      const socket = createSocket('udp4');
      await bind(socket, device.address, ECHO_PORT);
      sockets.push(socket);
      answerOn(socket, story, site, device, clock);
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
): void {
  const seed = seedOf(`${site.code}/${device.code}`);
  socket.on('message', (bytes, from) => {
    if (bytes.length > QUESTION_BYTES_MAX) return;
    const token = QUESTION.exec(bytes.toString('latin1').trimEnd())?.[1];
    const at_ms = clock();
    const { reply } = stretchAt(story, site, device, at_ms);
    if (token === undefined || reply === 'n') return;
    if (reply === 'r' && packetAt(device, seed, at_ms) === 'lost') return;
    socket.send(`LPE1 ${token} ${reply}\n`, from.port, from.address);
  });
}

function bind(socket: Socket, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (cause) => {
      reject(
        new LanProofError('DEMO_ADDRESS', `the address cannot be used: ${cause.message}`, {
          hint: 'does another demo run on this machine? stop it, or give this one --net 11',
          place: `${address}:${port}`,
          cause,
        }),
      );
    });
    socket.bind(port, address, () => {
      socket.removeAllListeners('error');
      // A client that is gone answers with an ICMP error; that is no concern of a device.
      socket.on('error', () => undefined);
      resolve();
    });
  });
}
