// Loaded before a worker: SIGUSR2 blocks its event loop for BLOCK_MS, as a synchronous computation does. Its locks are not
// renewed meanwhile, and it does not know.
process.on('SIGUSR2', () => {
  const end = performance.now() + Number(process.env.BLOCK_MS);
  while (performance.now() < end);
  process.stderr.write('event loop blocked\n');
});
