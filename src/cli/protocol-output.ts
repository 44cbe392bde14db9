/** Standard output for a protocol alone. */
import { Writable } from 'node:stream';

/**
 * Takes standard output for a protocol: what anybody else in this process writes to it (a project's configuration, a task,
 * a library) goes to standard error from now on. One stray line would be a broken message, and end the connection.
 */
export function claimStandardOutput(): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => void write(chunk, done),
  });
}
