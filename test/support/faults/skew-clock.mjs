// Loaded before a worker: its wall clock is CLOCK_SKEW_MS off, until SIGUSR2 mends it. Timers keep their own time, as they
// do on a machine whose clock is set wrong.
const RealDate = Date;
let skewMs = Number(process.env.CLOCK_SKEW_MS);

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + skewMs);
    else super(...given);
  }
  static now() {
    return RealDate.now() + skewMs;
  }
};

process.on('SIGUSR2', () => {
  skewMs = 0;
});
