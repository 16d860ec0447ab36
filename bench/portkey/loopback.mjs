/**
 * Loaded before Portkey's gateway, which listens on every interface: whatever it opens listens on 127.0.0.1 only. Tells
 * its parent the port, and ends when its parent does.
 */
import { Server } from 'node:net';

const { listen } = Server.prototype;

Server.prototype.listen = function (...args) {
  const [where] = args;
  const done = args.find((arg) => typeof arg === 'function');
  const options = typeof where === 'object' ? where : { port: where };
  this.once('listening', () => process.send?.({ port: this.address().port }));
  return listen.call(this, { ...options, host: '127.0.0.1' }, done);
};

process.on('disconnect', () => process.exit(0));
// Ctrl-C reaches the whole process group; it is for our parent to end us.
process.on('SIGINT', () => undefined);
