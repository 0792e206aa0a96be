/**
 * Sends one BFD packet, AdminDown and without discriminator of the receiver, and ends: `send-packet.ts FROM TO TTL`.
 */
import { createSocket } from 'node:dgram';

const [from = '', to = '', ttl = ''] = process.argv.slice(2);
/** Version 1, AdminDown, multiplier 3, 24 octets, discriminators 0x99 and 0, a second for each interval, no echo. */
const packet = Buffer.from(`200003180000009900000000${'000f4240'.repeat(2)}00000000`, 'hex');

const socket = createSocket('udp4');
socket.bind(0, from, () => {
  socket.setTTL(Number(ttl));
  socket.send(packet, 3784, to, () => socket.close());
});
